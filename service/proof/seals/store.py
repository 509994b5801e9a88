"""Every statement about seals: what is not sealed yet, the digests of rows, the chain. Never commits."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.ids import first_id
from service.proof.seals.model import BY_NAME, DIGEST, KINDS, NO_ROWS, Kind, Leaf, Seal
from service.proof.seals.tables import seals

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
BEYOND: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""No row is dated from here on: such a one is sealed by nothing, and named as one that is in no seal."""
_BITS_BELOW_TIME: Final = 80
# Ids tell time in milliseconds.
_NEXT: Final = timedelta(milliseconds=1)
_LOCK: Final = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:chain, 0))")
_COLUMNS: Final = text("""
    SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid AND c.relnamespace = 'public'::regnamespace
    WHERE c.relname = ANY (CAST(:tables AS text[])) AND a.attnum > 0 AND NOT a.attisdropped
        AND a.attname NOT LIKE '%\\_enc' GROUP BY c.relname
""")
_UNSEALED: Final = {
    True: """
        SELECT ({key})::text AS key, t.at FROM {table} t
        WHERE t.county_code = :county_code AND {only} AND t.at >= :since AND t.at < :beyond
            AND (t.at, {key}) > (:after_at, {after})
        ORDER BY t.at, {key} LIMIT :limit
    """,
    False: """
        SELECT ({key})::text AS key, NULL AS at FROM {table} t
        WHERE t.county_code = :county_code AND {only} AND {key} >= CAST(:since AS uuid)
            AND {key} < CAST(:beyond AS uuid) AND {key} > {after}
        ORDER BY {key} LIMIT :limit
    """,
}
# A row may be dated in the future, and then only says when its seal was made: no later row waits for that day.
_SEALED_UNTIL: Final = text("""
    WITH told AS (
        SELECT until FROM seals WHERE county_code = :county_code AND kind = :kind AND until <= made_at
        ORDER BY until DESC LIMIT 1
    )
    SELECT greatest((SELECT until FROM told), (SELECT max(made_at) FROM seals
        WHERE county_code = :county_code AND kind = :kind AND until > made_at
            AND until > coalesce((SELECT until FROM told), '-infinity')))
""")
_SEALED_AMONG: Final = text("""
    SELECT unnest(keys) FROM seals
    WHERE county_code = :county_code AND kind = :kind AND until >= :first AND since <= :last
""")
_DIGESTS: Final = """
    SELECT key, substring(sha256(convert_to(string_agg(said, E'\\n' ORDER BY said COLLATE "C"), 'UTF8')) FOR {size})
    FROM (SELECT ({key})::text AS key, jsonb_build_array({columns})::text AS said FROM {table} t
        WHERE t.county_code = :county_code AND {only} AND {among}) rows GROUP BY key
"""
_FORGED: Final = """
    SELECT {key} AS key FROM {table} t
    WHERE t.county_code = :county_code AND {only} AND {before} AND NOT EXISTS (
        SELECT FROM sealed WHERE sealed.key = ({key})::text) ORDER BY 1
"""
_WITH_SEALED: Final = (
    "WITH sealed AS MATERIALIZED (SELECT unnest(keys) AS key FROM seals"
    " WHERE county_code = :county_code AND kind = :kind) "
)


class Unsealed(NamedTuple):
    """A row by its key, and the time it is dated."""

    key: str
    at: datetime


class Link(NamedTuple):
    """A link of the chain, as far as the next one needs it."""

    seq: int
    hash: bytes
    made_at: datetime


BEGINNING: Final = Unsealed(str(UUID(int=0)), EPOCH)
"""Before every row."""


async def take_turn(tx: AsyncConnection, county_code: str) -> bool:
    """Whether this transaction may add to the county's chain; another one that does so is not waited for."""
    return bool(await tx.scalar(_LOCK, {"chain": f"seals/{county_code}"}))


async def columns(tx: AsyncConnection) -> dict[str, list[str]]:
    """
    The columns of every table that is sealed, in their order. Those under the vault's keys (`_enc`) are left out:
    they are written anew with each new key, and hold by their own seal; so are those that move on.
    """
    tables = sorted({leaf.table for kind in KINDS for leaf in kind.leaves})
    moving = {leaf.table: leaf.but for kind in KINDS for leaf in kind.leaves}
    found = await tx.execute(_COLUMNS, {"tables": tables})
    return {row[0]: [name for name in row[1] if name not in moving[row[0]]] for row in found}


async def last(tx: AsyncConnection, county_code: str, before: datetime | None = None) -> Link | None:
    """The head of a county's chain; as it stood at an instant, where one is given."""
    query = select(seals.c.seq, seals.c.hash, seals.c.made_at).where(seals.c.county_code == county_code)
    if before is not None:
        query = query.where(seals.c.made_at < before)
    row = (await tx.execute(query.order_by(seals.c.seq.desc()).limit(1))).one_or_none()
    return Link(*row) if row is not None else None


async def hash_of(tx: AsyncConnection, county_code: str, seq: int) -> bytes | None:
    """The hash of a link; None where there is none of that number."""
    found: bytes | None = await tx.scalar(
        select(seals.c.hash).where(seals.c.county_code == county_code, seals.c.seq == seq)
    )
    return found


async def sealed_until(tx: AsyncConnection, county_code: str, kind: Kind) -> datetime | None:
    """Up to when the rows of a kind are sealed."""
    found: datetime | None = await tx.scalar(_SEALED_UNTIL, {"county_code": county_code, "kind": kind.name})
    return found


async def unsealed_for(tx: AsyncConnection, county_code: str) -> datetime | None:
    """
    The time of the oldest settlement, entry or look at a person that is newer than the newest sealed one of its kind;
    None where there is none. What was dated earlier and committed later is not looked for here.
    """
    found = []
    for name in ("settlement", "entry", "audit"):
        until = await sealed_until(tx, county_code, BY_NAME[name])
        since = EPOCH if until is None else until + _NEXT
        found += await rows_since(tx, county_code, BY_NAME[name], since, BEGINNING, 1)
    return min((row.at for row in found), default=None)


async def sealed_among(tx: AsyncConnection, county_code: str, kind: Kind, rows: Sequence[Unsealed]) -> set[str]:
    """The keys of the seals that may name one of these rows, which stand in the order of their time."""
    if not rows:
        return set()
    asked = {"county_code": county_code, "kind": kind.name, "first": rows[0].at, "last": rows[-1].at}
    return set(await tx.scalars(_SEALED_AMONG, asked))


async def rows_since(
    tx: AsyncConnection, county_code: str, kind: Kind, since: datetime, after: Unsealed, limit: int
) -> list[Unsealed]:
    """Rows of a kind from an instant on, oldest first, sealed or not, after one of them."""
    last = "CAST(:after AS uuid)" if " " not in kind.key else ":after"
    query = _UNSEALED[kind.dated].format(key=kind.key, table=kind.table, only=kind.only, after=last)
    values: dict[str, Any] = {"county_code": county_code, "limit": limit, "after": after.key}
    if kind.dated:
        values |= {"since": since, "after_at": after.at, "beyond": BEYOND}
    else:
        values |= {"since": str(first_id(since)), "beyond": str(first_id(BEYOND))}
    rows = await tx.execute(text(query), values)
    return [Unsealed(key, at if kind.dated else _time_of(UUID(key))) for key, at in rows]


async def digests(
    tx: AsyncConnection, county_code: str, leaf: Leaf, names: Sequence[str], keys: Sequence[str], span: Sequence[Any]
) -> dict[str, bytes]:
    """
    The digest of the rows of a table that belong to each key; a key without rows is left out.

    `names`: the columns in their order. `span`: from when to when the rows are dated.
    """
    by_id = ", ".join(f"t.{name}" for name in names)
    first = leaf.key.split(" ", 1)[0]
    among = f"{first} = ANY (CAST(:ids AS uuid[]))"
    if leaf.table == "audit_log":
        # Its key begins with the time, and so does its index.
        among += " AND t.at BETWEEN :since AND :until"
    query = _DIGESTS.format(key=leaf.key, columns=by_id, table=leaf.table, only=leaf.only, among=among, size=DIGEST)
    values: dict[str, Any] = {"county_code": county_code, "ids": sorted({key.split("/", 1)[0] for key in keys})}
    if leaf.table == "audit_log":
        values |= {"since": span[0], "until": span[1]}
    return {row[0]: row[1] for row in await tx.execute(text(query), values)}


async def digests_of(
    tx: AsyncConnection, county_code: str, kind: Kind, columns: Mapping[str, Sequence[str]], seal: Seal
) -> list[list[bytes]]:
    """For each table of a kind, the digest of each key of a seal in their order; NO_ROWS where there are none."""
    found = []
    for leaf in kind.leaves:
        span = (seal.since, seal.until)
        have = await digests(tx, county_code, leaf, columns[leaf.table], seal.keys, span)
        found.append([have.get(key, NO_ROWS) for key in seal.keys])
    return found


async def add(tx: AsyncConnection, seal: Seal) -> None:
    await tx.execute(insert(seals).values(seal._asdict()))


async def chain(tx: AsyncConnection, county_code: str, first: int, end: int) -> list[Seal]:
    """The links of a county's chain from a number on, up to and without `end`."""
    query = select(seals).where(seals.c.county_code == county_code, seals.c.seq >= first, seals.c.seq < end)
    return [Seal(*row) for row in await tx.execute(query.order_by(seals.c.seq))]


async def unsealed_before(tx: AsyncConnection, county_code: str, kind: Kind, before: datetime) -> list[str]:
    """Rows of a kind that are older than an instant, or dated as no row can be, and in no seal."""
    where = "(t.at < :before OR t.at >= :beyond)"
    values: dict[str, Any] = {"kind": kind.name, "before": before, "beyond": BEYOND}
    if not kind.dated:
        where = f"({kind.key} < CAST(:before AS uuid) OR {kind.key} >= CAST(:beyond AS uuid))"
        values |= {"before": str(first_id(before)), "beyond": str(first_id(BEYOND))}
    query = _WITH_SEALED + _FORGED.format(key=kind.key, table=kind.table, only=kind.only, before=where)
    return [str(key) for key in await tx.scalars(text(query), {"county_code": county_code, **values})]


def _time_of(id_: UUID) -> datetime:
    """When a UUID of version 7 was made: it begins with the milliseconds."""
    return EPOCH + timedelta(milliseconds=id_.int >> _BITS_BELOW_TIME)
