"""The words of a proof: what was found wrong, in which row."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import orjson

_LONGEST: Final = 500
_NOWHERE: Final = object()


class Wrong(NamedTuple):
    """
    A row that is not what it must be: its table and key, the column, what is kept there and what was computed.

    `column` is None where the row as a whole is missing, is too many, or is not the one that was sealed.
    """

    table: str
    key: str
    column: str | None
    kept: str | None
    computed: str | None


def wrong(table: str, key: Any, column: str | None, kept: Any, computed: Any) -> Wrong:
    """A wrong row, its values written as they are shown: short, as JSON unless they are text already."""
    return Wrong(table, str(key), column, _shown(kept), _shown(computed))


def differing(table: str, key: Any, kept: Mapping[str, Any], computed: Mapping[str, Any]) -> Iterator[Wrong]:
    """The columns of a row that are not as computed; only those that were computed are looked at."""
    for column, value in computed.items():
        if kept.get(column) != value:
            yield wrong(table, key, column, kept.get(column), value)


def first_difference(kept: Any, computed: Any, path: str) -> tuple[str, Any, Any] | None:
    """Where two JSON values part: the path, what is kept there, what was computed. None where they are the same."""
    if isinstance(kept, dict) and isinstance(computed, dict):
        for name in [*computed, *(name for name in kept if name not in computed)]:
            found = first_difference(kept.get(name, _NOWHERE), computed.get(name, _NOWHERE), f"{path}.{name}")
            if found is not None:
                return found
        return None
    if isinstance(kept, list) and isinstance(computed, list) and len(kept) == len(computed):
        for index, (one, other) in enumerate(zip(kept, computed, strict=True)):
            found = first_difference(one, other, f"{path}[{index}]")
            if found is not None:
                return found
        return None
    # True equals 1 for Python, and is not the same for a reader.
    return None if type(kept) is type(computed) and kept == computed else (path, kept, computed)


def plain(value: Any) -> Any:
    """A value as it comes back from the database's JSON."""
    return orjson.loads(orjson.dumps(value, default=_plain))


def _plain(value: Any) -> Any:
    # Named tuples: orjson writes tuples, but not their subclasses.
    if isinstance(value, tuple):
        return list(value)
    raise TypeError(type(value).__name__)


def _shown(value: Any) -> str | None:
    if value is None or value is _NOWHERE:
        return None
    said = value if isinstance(value, str) else orjson.dumps(value, default=str).decode()
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}..."
