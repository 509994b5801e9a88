"""Lists come in pages: `?limit=&cursor=`, answered as `{items, next_cursor}` (api.md, Conventions)."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Generic, TypeVar
from uuid import UUID

import orjson
from fastapi import Depends, Query
from pydantic import Field

from service.errors import InputError, Text
from service.wire.refusals import RequestInvalid
from service.wire.types import Spelled, WireModel

DEFAULT_LIMIT: Final = 50
LARGEST_LIMIT: Final = 200

T = TypeVar("T")
_READERS: Final[dict[type, Callable[[Any], Any]]] = {
    date: date.fromisoformat,
    # Days at the ends of the calendar have no UTC.
    datetime: lambda value: datetime.fromisoformat(value).astimezone(UTC),
    UUID: UUID,
}
_LARGEST: Final = 2**31 - 1

_CURSOR: Final = Spelled(
    r"[A-Za-z0-9_-]{1,512}",
    "游标无效；请使用上一页的 next_cursor，或从头开始。",
    "is not a cursor: use next_cursor of the page before, or leave it out to start from the beginning",
    ("WyIyMDE4LTA2LTAxIl0",),
    max_length=512,
)


class Page(WireModel, Generic[T]):
    """One page of a list. `next_cursor` is null on the last one."""

    items: list[T]
    next_cursor: str | None = Field(description="Send it as `cursor` to get the next page; null when there is none.")


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page is asked for. Ask the store for `limit + 1` rows after `after(...)`, then `cut` them."""

    limit: int = DEFAULT_LIMIT
    cursor: str | None = None

    def after(self, *kinds: type) -> tuple[Any, ...] | None:
        """
        The sort key of the last row of the page before, of these types (str, int, date, datetime, UUID).

        None on the first page. Raises 422 `request.invalid` at `/cursor` for a cursor that was not made here.
        """
        if self.cursor is None:
            return None
        try:
            values = orjson.loads(base64.urlsafe_b64decode(self.cursor + "=" * (-len(self.cursor) % 4)))
            if not isinstance(values, list) or len(values) != len(kinds):
                raise ValueError
            key = tuple(_value(value, kind) for value, kind in zip(values, kinds, strict=True))
        except (ValueError, TypeError, OverflowError, binascii.Error):
            detail = Text(_CURSOR.zh, _CURSOR.en)
            raise RequestInvalid.at(InputError("/cursor", "request.cursor", detail)) from None
        return key

    def cut(self, rows: Sequence[T], key: Callable[[T], tuple[Any, ...]]) -> tuple[list[T], str | None]:
        """The rows of this page, and the cursor of the next where `limit + 1` rows were found."""
        page = list(rows[: self.limit])
        return page, cursor_after(key(page[-1])) if len(rows) > self.limit else None


def _value(value: Any, kind: type) -> Any:
    if kind in _READERS and isinstance(value, str):
        return _READERS[kind](value)
    if type(value) is not kind or "\x00" in str(value) or (isinstance(value, int) and not 0 <= value <= _LARGEST):
        raise ValueError
    return value


def cursor_after(key: tuple[Any, ...]) -> str:
    """The cursor that continues after a row with this sort key."""
    return base64.urlsafe_b64encode(orjson.dumps(key, default=str)).decode().rstrip("=")


async def _paging(
    limit: Annotated[
        int, Query(ge=1, le=LARGEST_LIMIT, description=f"How many items at most, up to {LARGEST_LIMIT}.")
    ] = DEFAULT_LIMIT,
    cursor: Annotated[
        str | None,
        _CURSOR,
        Query(description="`next_cursor` of the page before; leave out for the first page."),
    ] = None,
) -> Paging:
    return Paging(limit, cursor)


PageAsked = Annotated[Paging, Depends(_paging)]
"""The dependency for a list route: `paging: PageAsked`."""
