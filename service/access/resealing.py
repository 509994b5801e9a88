"""
Sealing anew what lies sealed in the database, with the newest key and the cipher of today, while the service works.

Each sealed value says itself what it was sealed with, so nothing needs to be remembered: a job that was stopped finds
what is left when it starts again. A row is replaced only as long as it still is what was read, so whatever is changed
meanwhile is left to whoever changes it.
"""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, RowMapping, Table, and_, bindparam, func, or_, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.idempotency import place_of_answer
from service.access.operators import operator_key_place
from service.access.tables import clients, idempotency_answers, signing_keys
from service.access.tokens import signing_key_place
from service.access.vault import Vault
from service.db import transaction_on

BATCH: Final = 500

Place = Callable[[RowMapping], str]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A table's sealed columns, and what a row's value in each is bound to."""

    table: Table
    places: Mapping[str, Place]


@dataclass(frozen=True, slots=True)
class Done:
    """How far it has come in one table."""

    table: str
    resealed: int
    left: int


SEALED: Final = (
    Sealed(signing_keys, {"private_key_enc": lambda row: signing_key_place(row["kid"])}),
    Sealed(clients, {"operator_key_enc": lambda row: operator_key_place(row["client_id"])}),
    Sealed(idempotency_answers, {"body_enc": lambda row: place_of_answer(row["result_id"])}),
)
"""What this room keeps sealed."""


async def count_by_key(engine: AsyncEngine, everything: Iterable[Sealed]) -> dict[str, int]:
    """How many sealed values there are of each key, as `cipher/key id`."""
    counts: dict[str, int] = {}
    async with transaction_on(engine) as tx:
        for sealed in everything:
            for name in sealed.places:
                value = sealed.table.c[name]
                header = func.substring(value, 1, 2 + func.get_byte(value, 1)).label("header")
                query = select(header, func.count()).where(value.is_not(None)).group_by("header")
                for found, count in await tx.execute(query):
                    kind = Vault.kind_of(bytes(found))
                    counts[kind] = counts.get(kind, 0) + count
    return counts


async def reseal(engine: AsyncEngine, vault: Vault, everything: Iterable[Sealed]) -> AsyncGenerator[Done, None]:
    """Seal everything anew that is not sealed with the newest key; tells after each batch how far it is."""
    for sealed in everything:
        resealed, after = 0, None
        async with transaction_on(engine) as tx:
            left = await tx.scalar(select(func.count()).select_from(sealed.table).where(_stale(sealed, vault))) or 0
        while left > 0:
            replaced, seen, after = await _reseal_batch(engine, vault, sealed, after)
            if seen == 0:
                break
            resealed, left = resealed + replaced, max(0, left - seen)
            yield Done(sealed.table.name, resealed, left)


async def _reseal_batch(
    engine: AsyncEngine, vault: Vault, sealed: Sealed, after: tuple[Any, ...] | None
) -> tuple[int, int, tuple[Any, ...] | None]:
    key = list(sealed.table.primary_key.columns)
    query = select(sealed.table).where(_stale(sealed, vault)).order_by(*key).limit(BATCH)
    if after is not None:
        query = query.where(tuple_(*key) > tuple_(*after))
    async with transaction_on(engine) as tx:
        await tx.execute(text("SET LOCAL onestop.resealing = 'on'"))
        rows = (await tx.execute(query)).mappings().all()
        replaced = 0
        for row in rows:
            replaced += (await tx.execute(_replacing(sealed), _values(sealed, vault, row))).rowcount
    return replaced, len(rows), tuple(rows[-1][column.name] for column in key) if rows else None


def _stale(sealed: Sealed, vault: Vault) -> ColumnElement[bool]:
    newest = vault.newest_header
    values = (sealed.table.c[name] for name in sealed.places)
    return or_(*(func.substring(value, 1, len(newest)) != newest for value in values))


def _replacing(sealed: Sealed) -> Any:
    own = [column == bindparam(f"key_{column.name}") for column in sealed.table.primary_key.columns]
    same = [sealed.table.c[name].is_not_distinct_from(bindparam(f"old_{name}")) for name in sealed.places]
    return (
        update(sealed.table).where(and_(*own, *same)).values({name: bindparam(f"new_{name}") for name in sealed.places})
    )


def _values(sealed: Sealed, vault: Vault, row: RowMapping) -> dict[str, Any]:
    values: dict[str, Any] = {f"key_{column.name}": row[column.name] for column in sealed.table.primary_key.columns}
    for name, place in sealed.places.items():
        kept = row[name]
        values[f"old_{name}"] = kept
        values[f"new_{name}"] = None if kept is None else vault.reseal(kept, bound_to=place(row))
    return values
