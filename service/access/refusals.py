"""The ways in which access says no."""

from service.errors import InputError, Refusal, Text
from service.wire.refusals import RequestInvalid

_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="onestop"'}
_CHALLENGE_INVALID = {"WWW-Authenticate": 'Bearer realm="onestop", error="invalid_token"'}


class Unauthenticated(Refusal):
    """No access token, or one that is expired, altered, for someone else, or of a client since disabled."""

    status = 401
    code = "access.unauthenticated"
    title = Text("未登录或令牌无效", "No valid access token")

    @classmethod
    def missing(cls) -> "Unauthenticated":
        detail = Text(
            "请在 Authorization 头中以 Bearer 方式携带访问令牌；令牌由 POST /oauth/token 取得。",
            "Send an access token from POST /oauth/token as 'Authorization: Bearer <token>'.",
        )
        return cls(detail, headers=_CHALLENGE)

    @classmethod
    def invalid(cls) -> "Unauthenticated":
        detail = Text(
            "访问令牌无效或已过期，请由 POST /oauth/token 重新取得。",
            "The access token is not valid or has expired: get a new one from POST /oauth/token.",
        )
        return cls(detail, headers=_CHALLENGE_INVALID)


class Forbidden(Refusal):
    """The client's role may not do this."""

    status = 403
    code = "access.forbidden"
    title = Text("无权执行此操作", "Not allowed for this role")


def operator_malformed() -> RequestInvalid:
    """The `X-Operator` header cannot be read."""
    detail = Text(
        "X-Operator 应为 1 至 64 个可见字符：ASCII，或百分号编码的 UTF-8（例如 %E5%BC%A0%E4%B8%89）。",
        "X-Operator must be 1 to 64 printable characters: ASCII, or UTF-8 in percent encoding "
        "(such as %E5%BC%A0%E4%B8%89).",
    )
    return RequestInvalid.at(InputError("/X-Operator", "access.operator_malformed", detail))


class KeyMissing(Refusal):
    """
    The operation needs an `Idempotency-Key` header: 1 to 255 visible ASCII characters, chosen by the caller.
    """

    status = 400
    code = "idempotency.key_missing"
    title = Text("缺少 Idempotency-Key", "Idempotency-Key is missing")


class KeyReused(Refusal):
    """The `Idempotency-Key` already names another request of this client. Nothing was done."""

    status = 422
    code = "idempotency.key_reused"
    title = Text("Idempotency-Key 已用于另一请求", "Idempotency-Key was used for another request")


class InProgress(Refusal):
    """The same request is being worked on by another connection. Ask again for its answer."""

    status = 409
    code = "idempotency.in_progress"
    title = Text("相同请求正在处理中", "The same request is in progress")
