"""Every statement about verifications. Values in, values out; never commits."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.proof.model import Wrong
from service.proof.runs.model import Part, PartKind, Verification
from service.proof.runs.tables import verification_parts, verification_wrongs, verifications

COMMAND: Final = "onestop verify"
"""Who asks on the command line, and does the work there."""

_FOUND: Final = """
    SELECT v.id, v.county_code, v.client_id, v.operator, v.at, v.part_count AS parts, p.done AS parts_done,
        p.settlements, p.sealed, p.wrong AS wrong_count,
        CASE WHEN p.done = v.part_count THEN p.last END AS finished_at
    FROM verifications v CROSS JOIN LATERAL (
        SELECT count(done_at) AS done, coalesce(sum(wrong), 0)::bigint AS wrong, max(done_at) AS last,
            coalesce(sum(checked) FILTER (WHERE kind = 'settlements'), 0)::bigint AS settlements,
            coalesce(sum(checked) FILTER (WHERE kind = 'chain'), 0)::bigint AS sealed
        FROM verification_parts p WHERE p.county_code = v.county_code AND p.verification_id = v.id) p
    WHERE v.county_code = :county_code {where} ORDER BY v.id DESC LIMIT :limit
"""
_WRONGS: Final = text("""
    SELECT table_name, row_key, column_name, kept, computed FROM verification_wrongs
    WHERE county_code = :county_code AND verification_id = :id ORDER BY part_no, wrong_no LIMIT :limit
""")
_OPEN_PARTS: Final = text("""
    SELECT part_no, kind, first, "end" FROM verification_parts
    WHERE county_code = :county_code AND verification_id = :id AND done_at IS NULL ORDER BY part_no
""")
_IS_OPEN: Final = text("""
    SELECT done_at IS NULL FROM verification_parts
    WHERE county_code = :county_code AND verification_id = :id AND part_no = :part_no
""")
_LOCK: Final = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
_ASKED: Final = """v.client_id <> :command AND EXISTS (SELECT FROM verification_parts p
        WHERE p.county_code = v.county_code AND p.verification_id = v.id AND p.done_at IS NULL)"""
_RESTS: Final = text(f"""
    SELECT v.county_code, v.id, greatest(v.at, (SELECT max(p.done_at) FROM verification_parts p
        WHERE p.county_code = v.county_code AND p.verification_id = v.id)) AS since
    FROM verifications v WHERE v.county_code = ANY (:county_codes) AND {_ASKED}
""")
_UNFINISHED: Final = text(f"SELECT v.county_code, v.id FROM verifications v WHERE {_ASKED} ORDER BY v.at LIMIT 1")
_UNFINISHED_OF: Final = text(
    f"SELECT v.id FROM verifications v WHERE v.county_code = :county_code AND {_ASKED} ORDER BY v.id DESC LIMIT 1"
)


async def add(tx: AsyncConnection, row: dict[str, Any], parts: Sequence[Part]) -> None:
    """Keep a new verification with its parts, none of them done."""
    await tx.execute(insert(verifications).values(row | {"part_count": len(parts)}))
    key = {"county_code": row["county_code"], "verification_id": row["id"]}
    await tx.execute(insert(verification_parts), [key | part._asdict() for part in parts])


async def listed(
    tx: AsyncConnection, county_code: str, *, ids: Sequence[UUID] = (), after: UUID | None = None, limit: int = 1
) -> list[Verification]:
    """Verifications of a county, newest first, without the rows they found."""
    where, values = "", {"county_code": county_code, "limit": limit}
    if ids:
        where, values["ids"] = "AND v.id = ANY (CAST(:ids AS uuid[]))", list(ids)
    if after is not None:
        where, values["after"] = f"{where} AND v.id < :after", after
    found = await tx.execute(text(_FOUND.format(where=where)), values)
    return [Verification(**row) for row in found.mappings()]


async def wrongs(tx: AsyncConnection, county_code: str, verification_id: UUID, *, limit: int) -> tuple[Wrong, ...]:
    """What a verification found wrong, the first of it."""
    asked = {"county_code": county_code, "id": verification_id, "limit": limit}
    return tuple(Wrong(*row) for row in await tx.execute(_WRONGS, asked))


async def take(tx: AsyncConnection, county_code: str, verification_id: UUID) -> Part | None:
    """
    A part that is not done and that nobody works on, held until the transaction ends; None where there is none.

    The hold is no row lock: a transaction that only looks keeps nobody's events back.
    """
    asked = {"county_code": county_code, "id": verification_id}
    for row in (await tx.execute(_OPEN_PARTS, asked)).all():
        name = f"verification/{county_code}/{verification_id}/{row.part_no}"
        if await tx.scalar(_LOCK, {"name": name}) and await tx.scalar(_IS_OPEN, asked | {"part_no": row.part_no}):
            return Part(row.part_no, PartKind(row.kind), row.first, row.end)
    return None


async def finish(
    tx: AsyncConnection,
    county_code: str,
    verification_id: UUID,
    part: Part,
    *,
    checked: int,
    found: Sequence[Wrong],
    listed: int,
    at: datetime,
) -> None:
    """Keep what a part found, and that it is done."""
    key = {"county_code": county_code, "verification_id": verification_id, "part_no": part.part_no}
    same = [verification_parts.c[name] == value for name, value in key.items()]
    done = {"checked": checked, "wrong": len(found), "done_at": at}
    await tx.execute(update(verification_parts).where(*same).values(done))
    names = ("table_name", "row_key", "column_name", "kept", "computed")
    rows = [
        key | {"wrong_no": number, **dict(zip(names, one, strict=True))} for number, one in enumerate(found[:listed], 1)
    ]
    if rows:
        await tx.execute(insert(verification_wrongs), rows)


async def unfinished(tx: AsyncConnection) -> tuple[str, UUID] | None:
    """The county and id of the oldest verification that somebody asked the server for and that is not finished."""
    row = (await tx.execute(_UNFINISHED, {"command": COMMAND})).one_or_none()
    return (row.county_code, row.id) if row is not None else None


async def asked_of_server(tx: AsyncConnection, county_code: str) -> UUID | None:
    """The verification of a county that the server was asked for and has not finished; not one of the command."""
    found: UUID | None = await tx.scalar(_UNFINISHED_OF, {"command": COMMAND, "county_code": county_code})
    return found


async def resting(tx: AsyncConnection, county_codes: Sequence[str]) -> list[tuple[str, UUID, datetime]]:
    """County and id of each verification that the server was asked for and has not finished, and its last progress."""
    rows = await tx.execute(_RESTS, {"county_codes": list(county_codes), "command": COMMAND})
    return [(row.county_code, row.id, row.since) for row in rows]


async def take_turn(tx: AsyncConnection) -> bool:
    """Whether this transaction is the only one that works on what the server was asked for."""
    return bool(await tx.scalar(_LOCK, {"name": "verifications"}))


async def begin_alone(tx: AsyncConnection, county_code: str) -> None:
    """Until this transaction ends, nobody else begins a verification of the county that way."""
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
    await tx.execute(lock, {"name": f"verifications/{county_code}"})
