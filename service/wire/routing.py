"""
The router that every package uses: `router = Router(prefix="/v1/persons", tags=["Persons"])`.

It authenticates before it reads a body, reads the body once and strictly (`strict_json`), and refuses bodies
of another kind. Routers carry their whole prefix themselves, so that logs and metrics see the whole route.
"""

from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, Final

from fastapi import APIRouter, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute
from pydantic_core import PydanticUndefined as Undefined
from starlette.requests import Request
from starlette.responses import Response

from service.errors import InputError, Text
from service.wire import strict_json
from service.wire.limits import MULTIPART
from service.wire.plan import plan_of
from service.wire.refusals import MediaTypeUnsupported, RequestInvalid

_NOT_JSON: Final = Text(
    "请以 Content-Type: application/json 提交 JSON。", "Send JSON with 'Content-Type: application/json'."
)


def _unknown(name: str) -> InputError:
    detail = Text("不认识的参数，请检查拼写。", "There is no such parameter: check the spelling.")
    return InputError(f"/{name}", "request.unknown_field", detail)


def _is_json(content_type: str | None) -> bool:
    kind = (content_type or "").split(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


class WireRequest(Request):
    """A request whose JSON is read strictly, once."""

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = strict_json.parse(await self.body())
        return self._json


class WireRoute(APIRoute):
    """
    A route that asks its guard first, then reads the body, then lets FastAPI do the rest.

    `everywhere`: parameters that every address of its kind takes, whatever else it asks for.
    """

    everywhere: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, *positional: Any, **named: Any) -> None:
        super().__init__(*positional, **named)
        for each in self.dependant.dependencies:
            self.openapi_extra = (self.openapi_extra or {}) | getattr(each.call, "openapi", {})

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        asked_first = (getattr(each.call, "before_body", None) for each in self.dependant.dependencies)
        guards = [before_body for before_body in asked_first if before_body is not None]
        flat = get_flat_params(self.dependant)
        asked = {each.alias for each in flat if isinstance(each.field_info, params.Query)}
        known = asked | self.everywhere
        is_form = self.body_field is not None and isinstance(self.body_field.field_info, params.Form)
        takes_json = self.body_field is not None and not is_form
        plan = None if is_form else plan_of(self.dependant)

        async def handle_strictly(request: Request) -> Response:
            request = WireRequest(request.scope, request.receive)
            for before_body in guards:
                await before_body(request)
            if takes_json and (request.headers.get("content-type") or "").lower().startswith(MULTIPART):
                raise MediaTypeUnsupported(_NOT_JSON)
            if asked and (unknown := [name for name in request.query_params if name not in known]):
                raise RequestInvalid.at(*(_unknown(name) for name in unknown))
            body = await request.body() if self.body_field is not None else b""
            said: Any = Undefined
            if takes_json and body:
                if not _is_json(request.headers.get("content-type")):
                    raise MediaTypeUnsupported(_NOT_JSON)
                said = await request.json()
            return await (handle(request) if plan is None else plan.answer(request, said))

        return handle_strictly


def _operation_id(route: APIRoute) -> str:
    return route.name


class Router(APIRouter):
    """An APIRouter whose routes are `WireRoute`s, each with its function's name as operation id."""

    def __init__(self, **options: Any) -> None:
        own: dict[str, Any] = {"route_class": WireRoute, "generate_unique_id_function": _operation_id}
        super().__init__(**own | options)
