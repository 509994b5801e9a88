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


class ScopeInsufficient(Refusal):
    """The client's role may do this, but its token has no scope for it."""

    status = 403
    code = "access.scope"
    title = Text("令牌的授权范围不足", "The token's scope does not cover this")

    @classmethod
    def needs(cls, scope: str) -> "ScopeInsufficient":
        detail = Text(
            f"此操作需要授权范围 {scope}；请以具有该范围的令牌重试。",
            f"This needs the scope {scope}: use a token that has it.",
        )
        return cls(
            detail, headers={"WWW-Authenticate": f'Bearer realm="onestop", error="insufficient_scope", scope="{scope}"'}
        )


class OperatorUnsigned(Refusal):
    """This client must sign for the operator behind a change (`X-Operator-Signature`), and did not."""

    status = 403
    code = "access.operator_unsigned"
    title = Text("缺少经办人签名", "The operator is not signed for")

    @classmethod
    def missing(cls) -> "OperatorUnsigned":
        detail = Text(
            "本客户端的变更操作须在 X-Operator 中写明经办人，并附 X-Operator-Signature 签名。",
            "Changes by this client must name the operator in X-Operator and sign for them in X-Operator-Signature.",
        )
        return cls(detail)


class OperatorSignatureWrong(Refusal):
    """`X-Operator-Signature` is malformed, not of this request, made with another key, or older than five minutes."""

    status = 403
    code = "access.operator_signature"
    title = Text("经办人签名无效", "The operator's signature is not valid")

    @classmethod
    def wrong(cls) -> "OperatorSignatureWrong":
        detail = Text(
            "X-Operator-Signature 与本次请求不符或已过期；请核对密钥、时钟和签名内容。",
            "X-Operator-Signature is not of this request, or too old: check the key, the clock and what is signed.",
        )
        return cls(detail)


class TooManyRequests(Refusal):
    """This client asks faster than it may. Nothing was done; wait as long as `Retry-After` says."""

    status = 429
    code = "access.too_many_requests"
    title = Text("请求过于频繁", "Too many requests")

    @classmethod
    def slow_down(cls, seconds: int) -> "TooManyRequests":
        detail = Text(
            "请求过于频繁；请按 Retry-After 所示等待后以同一 Idempotency-Key 重试。",
            "Too many requests: wait as long as Retry-After says, then send it again with the same Idempotency-Key.",
        )
        return cls(detail, headers={"Retry-After": str(seconds)})


def operator_malformed() -> RequestInvalid:
    """The `X-Operator` header cannot be read."""
    detail = Text(
        "X-Operator 应为 1 至 64 个可见字符：ASCII，或百分号编码的 UTF-8（例如 %E5%BC%A0%E4%B8%89）。",
        "X-Operator must be 1 to 64 printable characters: ASCII, or UTF-8 in percent encoding "
        "(such as %E5%BC%A0%E4%B8%89).",
    )
    return RequestInvalid.at(InputError("/X-Operator", "access.operator_malformed", detail))


def purpose_malformed() -> RequestInvalid:
    """The `X-Purpose` header cannot be read."""
    detail = Text(
        "X-Purpose 应为 1 至 64 个可见字符：ASCII，或百分号编码的 UTF-8。",
        "X-Purpose must be 1 to 64 printable characters: ASCII, or UTF-8 in percent encoding.",
    )
    return RequestInvalid.at(InputError("/X-Purpose", "access.purpose_malformed", detail))


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
