"""Columns and keys that every table of the room has."""

from typing import Any

from sqlalchemy import Column, DateTime, ForeignKeyConstraint, Text


def required(name: str, kind: Any = Text) -> Column[Any]:
    return Column(name, kind, nullable=False)


def author() -> list[Column[Any]]:
    """Who did it, and when."""
    return [required("client_id"), Column("operator", Text), required("at", DateTime(timezone=True))]


def of(table: str, column: str, name: str | None = None) -> ForeignKeyConstraint:
    """A key of this county in another table of the room."""
    return ForeignKeyConstraint(["county_code", column], [f"{table}.county_code", f"{table}.id"], name=name)
