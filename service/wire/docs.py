"""The API document as a page, from this machine alone: closed networks have no CDN."""

from typing import Final

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

OPENAPI_URL: Final = "/openapi.json"
_ASSETS: Final = "/docs/assets"


# Swagger UI starts with a script in its page, and draws with styles and pictures in its own.
_POLICY: Final = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'"
)


async def _page(request: Request) -> Response:
    page = get_swagger_ui_html(
        openapi_url=OPENAPI_URL,
        title=f"{request.app.title}: API",
        swagger_js_url=f"{_ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{_ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{_ASSETS}/favicon.png",
        swagger_ui_parameters={"docExpansion": "list", "defaultModelsExpandDepth": 0},
    )
    page.headers["Content-Security-Policy"] = _POLICY
    return page


def install(app: FastAPI) -> None:
    """Serve `/docs`, with Swagger UI as the package `fastapi-offline` ships it."""
    files = StaticFiles(packages=[("fastapi_offline", "static")])
    app.router.routes += [Route("/docs", _page), Mount(_ASSETS, files)]
