"""What people send from a page: checked like the same over the API, and only from a page of ours."""

import hmac
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from service.access.oauth import FORM
from service.access.vault import Vault
from service.errors import Refusal, Text
from service.web.page import came_from_us
from service.wire.limits import short_body
from service.wire.refusals import MediaTypeUnsupported, RequestInvalid, RequestMalformed
from service.wire.validation import input_errors

M = TypeVar("M", bound=BaseModel)

_MOST_FIELDS: Final = 10
_NOT_A_FORM: Final = Text("请从本站页面提交。", "Send it from our page.")
_KEY: Final = re.compile(r"[0-9a-f]{32}")
_LONGEST_FIELD: Final = 10_000


class FormForeign(Refusal):
    """The form did not come from a page of this session."""

    status = 403
    code = "form.foreign"
    title = Text("请从本站页面提交", "Not sent from our page")

    @classmethod
    def plainly(cls) -> "FormForeign":
        return cls(Text("请返回页面重新填写后提交。", "Go back to the page, and fill the form in again."))


def mark(vault: Vault, token: str) -> str:
    """What a form of a session carries, and nobody else can know."""
    return vault.fingerprint("patient form", token).hex()


@asynccontextmanager
async def sent(request: Request) -> AsyncIterator[FormData]:
    """The fields of a form, its file gone when the block ends. Raises form.foreign where another site sent it."""
    if not came_from_us(request):
        raise FormForeign.plainly()
    async with request.form(max_files=1, max_fields=_MOST_FIELDS, max_part_size=_LONGEST_FIELD) as form:
        yield form


async def few(request: Request) -> dict[str, str]:
    """
    The fields of a form without a file, from somebody who may have no session: nothing of theirs goes to the disk.

    Raises form.foreign where another site sent it, and request.media_type, request.malformed, request.too_large.
    """
    if not came_from_us(request):
        raise FormForeign.plainly()
    if not (request.headers.get("content-type") or "").lower().startswith(FORM):
        raise MediaTypeUnsupported(_NOT_A_FORM)
    try:
        sent_fields = parse_qsl((await short_body(request)).decode(), max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise RequestMalformed(_NOT_A_FORM) from None
    return {name: value.strip() for name, value in sent_fields}


def of_session(form: FormData, vault: Vault, token: str) -> None:
    """Raises form.foreign unless the form was made for this session."""
    if not hmac.compare_digest(text_of(form, "mark").encode(), mark(vault, token).encode()):
        raise FormForeign.plainly()


def text_of(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


def key_of(form: FormData) -> str:
    """The key that our page gave the form, so that sending it twice acts once. Raises form.foreign for another."""
    key = text_of(form, "key")
    if not _KEY.fullmatch(key):
        raise FormForeign.plainly()
    return key


def file_of(form: FormData, name: str) -> UploadFile | None:
    """The chosen file; browsers send an empty one where none was chosen."""
    value = form.get(name)
    return value if isinstance(value, UploadFile) and value.filename else None


def checked(shape: type[M], fields: dict[str, str]) -> M:
    """The fields as the API would read them. Raises request.invalid."""
    try:
        return shape.model_validate({name: value for name, value in fields.items() if value})
    except ValidationError as error:
        found = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
        raise RequestInvalid.at(*input_errors(found, fields)) from None
