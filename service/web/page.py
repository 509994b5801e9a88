"""How a page is made: templates that escape everything, both languages beside each other, and strict headers."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from fastapi.exceptions import RequestValidationError
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from service.access.refusals import Unauthenticated
from service.errors import Refusal
from service.inquiry import session
from service.inquiry.refusals import ClaimUnknown
from service.money import yuan
from service.text import Text
from service.web.words import WORDS
from service.wire.refusals import RequestInvalid
from service.wire.routing import WireRoute
from service.wire.validation import input_errors

ROOT: Final = "/p"
COOKIE: Final = "onestop_patient"
LANGUAGE: Final = "lang"
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    # With no referrer at all browsers say of a form only that it comes from "null".
    "Referrer-Policy": "same-origin",
}
_LANGUAGES: Final = ("zh", "en")
_TAGS: Final = {"zh": "zh-CN", "en": "en"}
_templates: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters["yuan"] = yuan


def language_of(request: Request) -> str:
    """The language that stands first on the page: Chinese unless asked otherwise (`?lang=en`)."""
    asked = request.query_params.get(LANGUAGE)
    return asked if asked in _LANGUAGES else _LANGUAGES[0]


def address(request: Request, path: str = "", **query: str | int) -> str:
    """An address of ours that keeps the language."""
    asked = query | ({LANGUAGE: "en"} if language_of(request) == "en" else {})
    return ROOT + path + (f"?{urlencode(asked)}" if asked else "")


def render(request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
    """A page. In it, `t` writes a sentence in both languages, `w` holds the words, `to` makes addresses."""
    language = language_of(request)
    other = "en" if language == "zh" else "zh"

    def both(text: Text) -> Markup:
        return Markup('<span lang="{}">{}</span> <span class="beside" lang="{}">{}</span>').format(
            _TAGS[language], text.in_language(language), _TAGS[other], text.in_language(other)
        )

    def to(path: str = "", **query: str | int) -> str:
        return address(request, path, **query)

    page = _templates.get_template(template).render(
        t=both,
        one=lambda text: text.in_language(language),
        w=WORDS,
        to=to,
        lang=_TAGS[language],
        language=language,
        other=_TAGS[other],
        turned=_turned(request),
        **values,
    )
    return HTMLResponse(page, status, headers=HEADERS | {"Content-Language": "zh-CN, en"})


def _turned(request: Request) -> str:
    """The same page with the other language first: what else stands in its address stays, such as a slip's code."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != LANGUAGE]
    return "?" + urlencode(kept if language_of(request) == "en" else [*kept, (LANGUAGE, "en")])


def redirect(to: str) -> RedirectResponse:
    """To another page, after something was done."""
    return RedirectResponse(to, 303, headers=HEADERS)


def came_from_us(request: Request) -> bool:
    """Whether a form was sent from a page of ours, as far as the browser tells: old ones tell nothing."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin, public = request.headers.get("origin"), request.app.state.settings.public_url or ""
    ours = {request.headers.get("host"), urlsplit(public).netloc} - {None, ""}
    return origin is None or urlsplit(origin).netloc in ours


def with_session(request: Request, response: Response, token: str) -> Response:
    """Give the browser its session, which no script reads and no other site sends."""
    public = request.app.state.settings.public_url or str(request.base_url)
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(session.LIFETIME.total_seconds()),
        path=ROOT,
        secure=public.startswith("https:"),
        httponly=True,
        samesite="strict",
    )
    return response


class PageRoute(WireRoute):
    """A route whose refusals are pages: to the entrance without a session, else what went wrong and the way back."""

    everywhere = frozenset({LANGUAGE})

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_as_page(request: Request) -> Response:
            refusal: Refusal
            try:
                return await handle(request)
            except Unauthenticated:
                return redirect(address(request, expired="1"))
            except RequestValidationError as invalid:
                refusal = _refusal_of(invalid)
            except Refusal as refused:
                refusal = refused
            request.state.problem = refusal.code
            return problem(request, refusal)

        return handle_as_page


def _refusal_of(invalid: RequestValidationError) -> Refusal:
    errors = invalid.errors()
    if any(each["loc"][0] == "path" for each in errors):
        return ClaimUnknown.plainly()
    return RequestInvalid.at(*input_errors(errors, None))


def problem(request: Request, refusal: Refusal) -> Response:
    """What went wrong, in both languages."""
    details = [each.detail for each in refusal.errors] if isinstance(refusal, RequestInvalid) else [refusal.detail]
    response = render(request, "problem.html", status=refusal.status, title=refusal.title, details=details)
    response.headers.update(refusal.headers)
    return response
