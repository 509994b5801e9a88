"""Each request begins seeing nobody's rows (`service.db`): its guard says whose it may see."""

from starlette.types import ASGIApp, Receive, Scope, Send

from service.db import seeing


class SeesNothing:
    """What one request may see ends with it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        with seeing(None):
            await self.app(scope, receive, send)
