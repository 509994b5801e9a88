"""
The shape of a dated fact: rows on two time axes that only grow.

`valid` says when a fact holds, `recorded_at` and `superseded_at` when we believed it. The database itself
refuses two current rows for the same thing on the same day.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    DateTime,
    Identity,
    PrimaryKeyConstraint,
    Table,
    Text,
    func,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, ExcludeConstraint

from service.db import metadata


def required(name: str, kind: Any = Text) -> Column[Any]:
    return Column(name, kind, nullable=False)


def one_of(column: str, words: Any) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def recorded() -> list[Column[Any]]:
    return [
        required("recorded_at", DateTime(timezone=True)),
        required("recorded_by"),
        Column("reason", Text, nullable=False, server_default=""),
    ]


def superseded() -> list[Any]:
    return [
        Column("superseded_at", DateTime(timezone=True)),
        Column("superseded_by", Text),
        Column("superseded_reason", Text),
    ]


def _by_number(found_by: str, key: tuple[str, ...]) -> list[tuple[Any, str]]:
    # One expression, so that no question that names the columns is answered by reading the whole index.
    text_of_key: ColumnElement[str] = literal_column(f"({' || chr(32) || '.join(key)})")
    return [(func.hashtextextended(literal_column(found_by), 0), "="), (text_of_key, "=")]


def dated(name: str, *parts: Any, key: tuple[str, ...], only: str = "", found_by: str = "") -> Table:
    """
    A table of dated facts: of one `key` at most one current row holds on a day.

    `only` narrows which current rows exclude each other; `found_by` is the column of the key whose hash is compared
    first, where lists enter rows by the hundred thousand: GiST compares numbers much faster than text. Such an index
    is of no use to a question.
    """
    columns = [part for part in parts if isinstance(part, Column)]
    rest = [part for part in parts if not isinstance(part, Column)]
    county = ["county_code"] if columns[0].name == "county_code" else []
    where = "superseded_at IS NULL" + (f" AND {only}" if only else "")
    return Table(
        name,
        metadata,
        *columns[: len(county)],
        Column("id", BigInteger, Identity(always=True), nullable=False),
        *columns[len(county) :],
        required("valid", DATERANGE),
        *recorded(),
        *superseded(),
        PrimaryKeyConstraint(*county, "id"),
        CheckConstraint("NOT isempty(valid)", name="valid_some_day"),
        CheckConstraint(
            "(superseded_at IS NULL) = (superseded_by IS NULL) AND superseded_at >= recorded_at",
            name="superseded_by_someone",
        ),
        ExcludeConstraint(
            *(_by_number(found_by, key) if found_by else [(column, "=") for column in key]),
            ("valid", "&&"),
            where=text(where),
            using="gist",
            name=f"ex_{name}_overlap",
        ),
        *rest,
    )
