"""An uploaded file with what is said of it: a multipart form, read piece by piece onto the disk."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, BinaryIO, Final, Generic, NamedTuple, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.requests import Request

from service.errors import InputError, Text
from service.wire.limits import MULTIPART
from service.wire.refusals import MediaTypeUnsupported, RequestInvalid

M = TypeVar("M", bound=BaseModel)

_MOST_FIELDS: Final = 20
_LONGEST_FIELD: Final = 10_000
_LONGEST_NAME: Final = 200
_NOT_A_FORM: Final = Text("请以 multipart/form-data 提交文件。", "Send the file as 'multipart/form-data'.")
_NO_FILE: Final = InputError("/file", "request.missing", Text("请在 file 中附上文件。", "Attach the file as `file`."))


class Sent(NamedTuple, Generic[M]):
    file: BinaryIO
    filename: str
    said: M


@asynccontextmanager
async def sent(request: Request, shape: type[M]) -> AsyncIterator[Sent[M]]:
    """The form's file and its other fields; the file is gone when the block ends. Raises `request.invalid`."""
    if not (request.headers.get("content-type") or "").lower().startswith(MULTIPART):
        raise MediaTypeUnsupported(_NOT_A_FORM)
    async with request.form(max_files=1, max_fields=_MOST_FIELDS, max_part_size=_LONGEST_FIELD) as form:
        fields = {name: value for name, value in form.multi_items() if isinstance(value, str) and value != ""}
        file = form.get("file")
        said = _checked(shape, fields)
        if not isinstance(file, UploadFile):
            raise RequestInvalid.at(_NO_FILE)
        name = "".join(letter for letter in file.filename or "" if letter.isprintable())
        yield Sent(file.file, name[-_LONGEST_NAME:], said)


def _checked(shape: type[M], fields: dict[str, Any]) -> M:
    try:
        return shape.model_validate(fields)
    except ValidationError as error:
        findings = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
        raise RequestValidationError(findings, body=fields) from None


_TABLE: Final = "CSV (UTF-8 or GBK), XLSX or XLS."


def form_schema(
    shape: type[BaseModel], example: dict[str, Any], file_says: str = "", *, file_is: str = _TABLE
) -> dict[str, Any]:
    """The form in the API document, which a route that reads it by itself does not declare, and what its file says."""
    schema = shape.model_json_schema(by_alias=True, ref_template="#/components/schemas/{model}")
    defs = schema.pop("$defs", {})
    properties = {name: _inlined(value, defs) for name, value in schema["properties"].items()}
    file = {"type": "string", "format": "binary", "description": f"{file_is} {file_says}".strip()}
    form = {"type": "object", "properties": {"file": file, **properties}}
    form["required"] = ["file", *schema.get("required", [])]
    content = {MULTIPART: {"schema": form, "examples": {"example": {"summary": "Example", "value": example}}}}
    return {"requestBody": {"required": True, "content": content}}


def _inlined(value: Any, defs: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        if "$ref" in value:
            return _inlined(defs[value["$ref"].rsplit("/", 1)[-1]], defs)
        return {key: _inlined(item, defs) for key, item in value.items()}
    return [_inlined(item, defs) for item in value] if isinstance(value, list) else value
