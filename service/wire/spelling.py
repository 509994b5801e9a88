"""How a text of one spelling is read and written by the validator (`wire.types` says which spellings there are)."""

import re
from collections.abc import Callable
from typing import Any

from pydantic_core import CoreSchema, core_schema

from service import money

Reader = Callable[[str], Any]
Writer = Callable[[Any], str]


def as_text(write: Writer) -> core_schema.SerSchema:
    return core_schema.plain_serializer_function_ser_schema(write, return_schema=core_schema.str_schema())


def matched_here(
    pattern: str, read: Reader, write: Writer, no: Callable[[], Exception], by_path: type | None
) -> CoreSchema:
    """A reader of texts whose pattern Python matches; `by_path`: the type that a path convertor has made already."""
    matches = re.compile(pattern).fullmatch

    def validate(value: object) -> Any:
        if by_path is not None and isinstance(value, by_path):
            return value
        try:
            if isinstance(value, str) and matches(value):
                return read(value)
        except ValueError as error:
            raise no() from error
        raise no()

    return core_schema.no_info_plain_validator_function(validate, serialization=as_text(write))


def matched_by_validator(
    pattern: str, read: Reader, write: Writer, error: str, context: dict[str, str | int | float]
) -> CoreSchema:
    """The same reader in the validator's own terms: a bill of 20 lines is read through some 150 of these."""
    found: CoreSchema = core_schema.str_schema(strict=True, pattern=rf"\A(?:{pattern})\z")
    if read is not str:
        found = core_schema.no_info_after_validator_function(read, found)
    return core_schema.custom_error_schema(
        found,
        error,
        custom_error_message="{en}",
        custom_error_context=context,
        serialization=as_text(write),
    )


def fen_of(text: str) -> int:
    """An amount whose pattern has seen to it that there are two decimals, no more and no less."""
    return int(text[:-3] + text[-2:])


def scaled_to(places: int) -> Reader:
    return lambda text: money.scaled(text, places)


def unscaled_from(places: int) -> Writer:
    return lambda value: money.unscaled(value, places)
