"""The ways in which HTTP itself says no, whatever was asked for."""

from service.errors import InputError, Refusal, Text


class RequestInvalid(Refusal):
    """Something in the request is missing, misspelt or out of range; `errors` lists every place."""

    status = 422
    code = "request.invalid"
    title = Text("请求内容有误", "The request is not valid")

    @classmethod
    def at(cls, *errors: InputError) -> "RequestInvalid":
        """A refusal of these inputs, in the same shape as every other validation error."""
        return cls(INVALID_DETAIL, errors=errors)


INVALID_DETAIL = Text(
    "请按 errors 中列出的各项更正后重新提交。",
    "Correct what is listed under errors and send the request again.",
)


class RequestMalformed(Refusal):
    """
    The request cannot be read: not JSON, or JSON with duplicate keys, NaN, huge numbers or NUL characters.
    """

    status = 400
    code = "request.malformed"
    title = Text("请求无法解析", "The request cannot be read")


class RequestTooLarge(Refusal):
    """The body is larger than this service accepts."""

    status = 413
    code = "request.too_large"
    title = Text("请求内容过大", "The request is too large")


class RequestTooSlow(Refusal):
    """The body did not come in time. Nothing was done."""

    status = 408
    code = "request.too_slow"
    title = Text("请求发送超时", "The request came too slowly")


class MediaTypeUnsupported(Refusal):
    """The body is of a kind that this operation does not read."""

    status = 415
    code = "request.media_type"
    title = Text("不支持的内容类型", "The content type is not supported")


class PathUnknown(Refusal):
    """There is nothing at this address."""

    status = 404
    code = "request.not_found"
    title = Text("地址不存在", "There is nothing at this address")


class MethodUnknown(Refusal):
    """This address exists, but not for this method; the `Allow` header names those it has."""

    status = 405
    code = "request.method_not_allowed"
    title = Text("不支持的请求方法", "This method is not allowed here")


class ServiceBusy(Refusal):
    """
    Another request holds what this one needs, such as the same person's year. Nothing was done; try again.
    """

    status = 503
    code = "service.busy"
    title = Text("服务繁忙，请稍后重试", "Busy: please try again")


class ServiceOverloaded(Refusal):
    """More requests than this process can serve. Nothing was done; try again."""

    status = 503
    code = "service.overloaded"
    title = Text("服务过载，请稍后重试", "Overloaded: please try again")


class ServiceUnavailable(Refusal):
    """The database cannot be reached. Try again; with the same Idempotency-Key nothing is done twice."""

    status = 503
    code = "service.unavailable"
    title = Text("服务暂不可用，请稍后重试", "Unavailable: please try again")


class Internal(Refusal):
    """A fault of the service. The answer says nothing of the inside; report the `request_id`."""

    status = 500
    code = "internal"
    title = Text("服务内部错误", "A fault of the service")
