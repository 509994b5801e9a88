"""What goes wrong before a page is reached, or without its knowing: a page as well, and no problem document."""

from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.text import Text
from service.web.page import ROOT, render
from service.wire.refusals import Internal, PathUnknown, RequestTooLarge, ServiceUnavailable

_PROBLEM: Final = "application/problem+json"
_WRONG: Final = (
    Text("无法读取提交的内容", "What was sent cannot be read"),
    Text("请返回页面重新填写后提交。", "Go back to the page, and fill it in again."),
)
_SAYS: Final = {
    PathUnknown.status: (
        Text("没有这个页面", "There is no such page"),
        Text("请从“我的结算”进入。", "Start at my settlements."),
    ),
    RequestTooLarge.status: (
        Text("提交的内容过大", "Too much was sent"),
        Text("附件不得超过 10 MB，请换小一些的文件。", "A paper may have at most 10 MB: choose a smaller file."),
    ),
    429: (
        Text("请求过于频繁", "Too many requests"),
        Text("请过一会儿再试。", "Please try again in a while."),
    ),
    Internal.status: (
        Text("系统出错", "Something failed here"),
        Text(
            "不是您的操作有误。请过一会儿再试，或到经办窗口咨询。",
            "It is not your doing. Try again in a while, or ask at a counter.",
        ),
    ),
    ServiceUnavailable.status: (
        Text("暂时无法查询", "Not available just now"),
        Text("请过一会儿再试；您的结算不受影响。", "Please try again in a while; your settlement is as it was."),
    ),
}


class AsPages:
    """Below `/p`, turns a problem document that is about to be sent into a page with the same status."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not (scope["path"] + "/").startswith(ROOT + "/"):
            await self.app(scope, receive, send)
            return
        failed = False

        async def send_page(message: Message) -> None:
            nonlocal failed
            if message["type"] == "http.response.start":
                headers = Headers(raw=message["headers"])
                failed = headers.get("content-type", "").startswith(_PROBLEM)
                if failed:
                    await _send_instead(scope, receive, send, message["status"], headers)
            if not failed:
                await send(message)

        await self.app(scope, receive, send_page)


async def _send_instead(scope: Scope, receive: Receive, send: Send, status: int, headers: Headers) -> None:
    title, detail = _SAYS.get(status, _WRONG)
    page = render(Request(scope), "problem.html", status=status, title=title, details=[detail])
    page.headers.update({name: headers[name] for name in ("retry-after", "allow", "connection") if name in headers})
    await page(scope, receive, send)
