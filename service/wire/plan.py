"""
What a route needs to be called, found out once: FastAPI finds it out anew with every request, which costs a discharge
more than deciding it does.

The order, the values and the refusals are FastAPI's, with one difference: what the request itself says is checked
before anything is opened for it (a database connection). What is rare stays with FastAPI; `plan_of` then gives None.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from inspect import isasyncgenfunction, iscoroutinefunction, isfunction, signature
from typing import Any, Final

from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_body_to_args, request_params_to_args
from fastapi.exceptions import RequestValidationError
from pydantic.fields import FieldInfo
from starlette.requests import Request
from starlette.responses import Response

Values = dict[str, Any]
_NOT_PLANNED: Final = (
    "websocket_param_name",
    "response_param_name",
    "background_tasks_param_name",
    "security_scopes_param_name",
    "cookie_params",
    "concurrency",
)


class _Step:
    """One thing to call: what it takes from the request, and by which names it takes what earlier steps gave."""

    def __init__(self, dependant: Dependant, needs: list[tuple[str, int]]) -> None:
        assert dependant.call is not None
        self.call: Callable[..., Awaitable[Any]] = dependant.call
        self.opens: Callable[..., AbstractAsyncContextManager[Any]] | None = None
        if isasyncgenfunction(dependant.call):
            self.opens = asynccontextmanager(dependant.call)
        self.needs = needs
        self.request_name = dependant.request_param_name or dependant.http_connection_param_name
        self._path, self._query = dependant.path_params, dependant.query_params
        self._plain = [each for each in dependant.header_params if _is_any_text(each.field_info)]
        self._headers = [each for each in dependant.header_params if each not in self._plain]
        self._body = dependant.body_params

    async def asked(self, request: Request, body: Any) -> tuple[Values, list[Any]]:
        """What the request says for this step, and what is wrong with it."""
        said = request.headers
        values: Values = {each.name: said.get(each.alias, each.default) for each in self._plain}
        wrong: list[Any] = []
        for fields, place in ((self._path, "path_params"), (self._query, "query_params"), (self._headers, "headers")):
            if fields:
                found, errors = request_params_to_args(fields, getattr(request, place))
                values |= found
                wrong += errors
        if self._body:
            found, errors = await request_body_to_args(self._body, body, embed_body_fields=False)
            values |= found
            wrong += errors
        return values, wrong

    def with_needs(self, values: Values, request: Request, made: list[Any]) -> Values:
        for name, place in self.needs:
            values[name] = made[place]
        if self.request_name is not None:
            values[self.request_name] = request
        return values


def _is_any_text(field: FieldInfo) -> bool:
    """Whether a header is declared as one that may hold anything, so that there is nothing to check."""
    return field.annotation in (str, str | None) and not field.metadata


class Plan:
    """The steps of a route, the endpoint last."""

    def __init__(self, steps: list[_Step]) -> None:
        *before, self._endpoint = steps
        opening = [place for place, step in enumerate(before) if step.opens is not None]
        first = opening[0] if opening else len(before)
        self._before, self._after = before[:first], before[first:]

    async def answer(self, request: Request, body: Any) -> Response:
        """
        Call the endpoint with all it needs; what was opened for it is closed before the answer leaves.

        Raises RequestValidationError with everything that is wrong with the request.
        """
        made: list[Any] = []
        wrong: list[Any] = []
        for step in self._before:
            values, errors = await step.asked(request, body)
            wrong += errors
            made.append(None if wrong else await step.call(**step.with_needs(values, request, made)))
        own, errors = await self._endpoint.asked(request, body)
        later = [await step.asked(request, body) for step in self._after]
        wrong += [*errors, *(error for _, found in later for error in found)]
        if wrong:
            raise RequestValidationError(wrong, body=body)
        async with AsyncExitStack() as opened:
            for step, (values, _) in zip(self._after, later, strict=True):
                step.with_needs(values, request, made)
                if step.opens is not None:
                    made.append(await opened.enter_async_context(step.opens(**values)))
                else:
                    made.append(await step.call(**values))
            response = await self._endpoint.call(**self._endpoint.with_needs(own, request, made))
        assert isinstance(response, Response)
        return response


def plan_of(dependant: Dependant) -> Plan | None:
    """The plan of a route whose endpoint makes its own Response; None where it needs something that is rare."""
    assert dependant.call is not None
    if signature(dependant.call).return_annotation is not Response or len(dependant.body_params) > 1:
        return None
    steps: list[_Step] = []
    return Plan(steps) if _add(steps, {}, dependant) is not None else None


def _add(steps: list[_Step], known: dict[Any, int], dependant: Dependant) -> int | None:
    """Put a dependant behind all that it needs, each once; gives its place, None where it cannot be planned."""
    call = dependant.call
    if call in known and dependant.use_cache:
        return known[call]
    if any(getattr(dependant, name) for name in _NOT_PLANNED) or not _is_async(call):
        return None
    needs = []
    for each in dependant.dependencies:
        place = _add(steps, known, each)
        if place is None:
            return None
        if each.name is not None:
            needs.append((each.name, place))
    steps.append(_Step(dependant, needs))
    known[call] = len(steps) - 1
    return known[call]


def _is_async(call: Any) -> bool:
    own = call if isfunction(call) else type(call).__call__
    return iscoroutinefunction(own) or isasyncgenfunction(call)
