"""
All SQL on dated facts, the same for every table of them: read, supersede, add. Nothing here edits or deletes.

A `DatedTable` pairs a table with the frozen dataclass that holds its fact columns by name; `scope` are the columns
that say whose facts they are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Table, cast, func, insert, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import DATERANGE
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Date

from service.registers.constraints import constraints_answered
from service.registers.model import Author
from service.registers.periods import Correction, Dated, Recorded, correction

F = TypeVar("F", bound=Any)

Scope = Mapping[str, Any]


def dates(valid_from: date | None, valid_to: date | None) -> ColumnElement[Any]:
    """A range from the first to the last day, both included."""
    return func.daterange(cast(valid_from, Date), cast(valid_to, Date), "[]", type_=DATERANGE)


async def hold(tx: AsyncConnection, *names: object) -> None:
    """Wait for whoever is changing the same thing; held until this transaction ends."""
    await tx.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": "/".join(map(str, names))}
    )


async def hold_shared(tx: AsyncConnection, *names: object) -> None:
    """As `hold`, beside others who share it: whoever holds it alone waits for all of them, and they for him."""
    await tx.execute(
        text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:name, 0))"), {"name": "/".join(map(str, names))}
    )


@dataclass(frozen=True)
class DatedTable(Generic[F]):
    table: Table
    kind: type[F]
    scope: tuple[str, ...]

    @property
    def first_day(self) -> ColumnElement[Any]:
        return func.lower(self.table.c.valid, type_=Date)

    def holds_on(self, day: date) -> ColumnElement[bool]:
        return func.holds_on(self.table.c.valid, cast(day, Date))

    def ends_between(self, first: date, last: date) -> ColumnElement[bool]:
        """Whether a fact's last day is one of these; one with an open end never is."""
        return (func.upper(self.table.c.valid, type_=Date) - 1).between(cast(first, Date), cast(last, Date))

    def _columns(self) -> list[ColumnElement[Any]]:
        c = self.table.c
        return [
            c.id,
            *(c[name] for name in self.scope),
            *(c[field.name] for field in fields(self.kind)),
            self.first_day.label("valid_from"),
            (func.upper(c.valid) - 1).cast(Date).label("valid_to"),
            c.recorded_at,
            c.recorded_by,
            c.reason,
        ]

    def _recorded(self, row: RowMapping) -> Recorded[F]:
        what = self.kind(**{field.name: row[field.name] for field in fields(self.kind)})
        author = Author(row["recorded_at"], row["recorded_by"], row["reason"])
        return Recorded(row["id"], Dated(what, row["valid_from"], row["valid_to"]), author)

    def _is(self, scope: Scope) -> list[ColumnElement[bool]]:
        assert set(scope) == set(self.scope), "a register is never asked about nobody in particular"
        return [self.table.c[name] == value for name, value in scope.items()]

    async def current(self, tx: AsyncConnection, **scope: Any) -> list[Recorded[F]]:
        """What is believed now, by first day."""
        query = (
            select(*self._columns())
            .where(*self._is(scope), self.table.c.superseded_at.is_(None))
            .order_by(self.first_day.asc().nulls_first(), self.table.c.id)
        )
        return [self._recorded(row) for row in (await tx.execute(query)).mappings()]

    async def as_known(self, tx: AsyncConnection, at: datetime, **scope: Any) -> list[Recorded[F]]:
        """What was believed at an instant."""
        c = self.table.c
        query = (
            select(*self._columns())
            .where(*self._is(scope), c.recorded_at <= at)
            .where(or_(c.superseded_at.is_(None), c.superseded_at > at))
            .order_by(self.first_day.asc().nulls_first(), c.id)
        )
        return [self._recorded(row) for row in (await tx.execute(query)).mappings()]

    async def current_of_many(
        self, tx: AsyncConnection, within: Scope, name: str, values: Sequence[Any]
    ) -> dict[Any, list[Recorded[F]]]:
        """What is believed now of several, by the value of one scope column."""
        c = self.table.c
        query = (
            select(*self._columns())
            .where(*(c[key] == value for key, value in within.items()), c[name].in_(values))
            .where(c.superseded_at.is_(None))
            .order_by(self.first_day.asc().nulls_first(), c.id)
        )
        found: dict[Any, list[Recorded[F]]] = {value: [] for value in values}
        for row in (await tx.execute(query)).mappings():
            found[row[name]].append(self._recorded(row))
        return found

    async def by_row(self, tx: AsyncConnection, within: Scope, rows: Sequence[int]) -> dict[int, Recorded[F]]:
        """What these rows say, believed still or not."""
        c = self.table.c
        query = select(*self._columns()).where(*(c[key] == value for key, value in within.items()), c.id.in_(rows))
        return {row["id"]: self._recorded(row) for row in (await tx.execute(query)).mappings()}

    async def page(
        self,
        tx: AsyncConnection,
        where: Iterable[ColumnElement[bool]],
        *,
        order: Sequence[ColumnElement[Any]],
        after: tuple[Any, ...] | None,
        rows: int,
    ) -> list[tuple[RowMapping, Recorded[F]]]:
        """Current facts in an order, after the last one of the page before, with their scope."""
        query = (
            select(*self._columns()).where(*where, self.table.c.superseded_at.is_(None)).order_by(*order).limit(rows)
        )
        if after is not None:
            query = query.where(tuple_(*order) > tuple_(*after))
        return [(row, self._recorded(row)) for row in (await tx.execute(query)).mappings()]

    async def add(self, tx: AsyncConnection, scope: Scope, facts: Iterable[Dated[F]], author: Author) -> None:
        """Add facts. Overlaps and unknown persons or hospitals become refusals."""
        await self.add_many(tx, [(scope, fact) for fact in facts], author)

    async def add_many(self, tx: AsyncConnection, facts: Iterable[tuple[Scope, Dated[F]]], author: Author) -> None:
        """As `add`, of facts of several scopes at once."""
        rows = [
            {
                **scope,
                **{field.name: getattr(fact.what, field.name) for field in fields(self.kind)},
                "valid": dates(fact.valid_from, fact.valid_to),
                "recorded_at": author.at,
                "recorded_by": author.by,
                "reason": author.reason,
            }
            for scope, fact in facts
        ]
        if rows:
            with constraints_answered():
                await tx.execute(insert(self.table).values(rows))

    async def supersede(self, tx: AsyncConnection, scope: Scope, rows: Sequence[int], author: Author) -> None:
        """Stop believing these rows of the scope; they stay on record."""
        if not rows:
            return
        c = self.table.c
        await tx.execute(
            update(self.table)
            .where(*self._is(scope), c.id.in_(rows), c.superseded_at.is_(None))
            .values(
                # A sandbox clock may have been set back since.
                superseded_at=func.greatest(c.recorded_at, author.at),
                superseded_by=author.by,
                superseded_reason=author.reason,
            )
        )

    async def correct(
        self,
        tx: AsyncConnection,
        scope: Scope,
        known: Iterable[Recorded[F]],
        wanted: Iterable[Dated[F]],
        author: Author,
    ) -> Correction[F]:
        """Make the wanted facts the current ones: supersede what changed, add what is new. `hold` first."""
        change = correction({each.row: each.fact for each in known}, wanted)
        await self.supersede(tx, scope, change.superseded, author)
        await self.add(tx, scope, change.added, author)
        return change
