"""What people send from a page: checked like the same over the API, and only from a page of ours."""

import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from service.access.vault import Vault
from service.errors import Refusal, Text
from service.web.page import came_from_us
from service.wire.refusals import RequestInvalid
from service.wire.validation import input_errors

M = TypeVar("M", bound=BaseModel)

_MOST_FIELDS: Final = 10
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


def of_session(form: FormData, vault: Vault, token: str) -> None:
    """Raises form.foreign unless the form was made for this session."""
    if not hmac.compare_digest(text_of(form, "mark").encode(), mark(vault, token).encode()):
        raise FormForeign.plainly()


def text_of(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


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
