"""
Query codes: which settlement one leads to, and new ones for those that were lost (api.md, Patients).

A code belongs to the case: the first settlement of a visit, whose later versions it opens as well.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.model import Caller
from service.access.vault import Vault
from service.claims.query_code import query_code, query_code_hash
from service.claims.tables import query_codes

_LED_TO: Final = text("""
    SELECT s.county_code, s.person_no, s.id AS settlement_id, 0 AS serial FROM settlements s
    WHERE s.query_code_hash = :code_hash AND s.case_id = s.id AND NOT EXISTS (
        SELECT FROM query_codes q WHERE q.county_code = s.county_code AND q.settlement_id = s.id)
    UNION ALL
    SELECT s.county_code, s.person_no, s.id, c.serial FROM query_codes c
    JOIN settlements s ON s.county_code = c.county_code AND s.id = c.settlement_id
    WHERE c.code_hash = :code_hash AND c.serial = (
        SELECT max(q.serial) FROM query_codes q WHERE q.county_code = s.county_code AND q.settlement_id = s.id)
    ORDER BY settlement_id DESC
""")
_SERIALS: Final = text("""
    SELECT q.county_code, q.settlement_id, max(q.serial) AS serial
    FROM unnest(CAST(:counties AS text[]), CAST(:ids AS uuid[])) AS g (county_code, settlement_id)
    JOIN query_codes q USING (county_code, settlement_id) GROUP BY 1, 2
""")
_TAKE_TURN: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('query code ' || CAST(:id AS text), 0))")

Serials = dict[tuple[str, UUID], int]
"""How often a code was issued anew, by county and settlement; those not in it have their first one."""


class LedTo(NamedTuple):
    """What a valid code leads to: a settlement, and so its person."""

    county_code: str
    person_no: str
    settlement_id: UUID
    serial: int


async def led_to(tx: AsyncConnection, vault: Vault, code: str) -> list[LedTo]:
    """The settlements that a code opens, newest first: none or one, but among very many two may share a code."""
    found = await tx.execute(_LED_TO, {"code_hash": query_code_hash(vault, code)})
    return [LedTo(row.county_code, row.person_no, UUID(bytes=row.settlement_id.bytes), row.serial) for row in found]


async def serials(tx: AsyncConnection, keys: Sequence[tuple[str, UUID]]) -> Serials:
    """How often the codes of these settlements were issued anew."""
    asked: dict[str, Any] = {"counties": [county for county, _ in keys], "ids": [each for _, each in keys]}
    found = await tx.execute(_SERIALS, asked)
    return {(row.county_code, UUID(bytes=row.settlement_id.bytes)): row.serial for row in found}


async def current(tx: AsyncConnection, vault: Vault, county_code: str, settlement_id: UUID) -> str:
    """The code that opens a settlement today."""
    issued = await serials(tx, [(county_code, settlement_id)])
    return query_code(vault, settlement_id, issued.get((county_code, settlement_id), 0))


async def issue(
    tx: AsyncConnection, caller: Caller, vault: Vault, county_code: str, settlement_id: UUID, *, at: datetime
) -> str:
    """A new code for a settlement; the one before opens nothing any more."""
    await tx.execute(_TAKE_TURN, {"id": str(settlement_id)})
    serial = (await serials(tx, [(county_code, settlement_id)])).get((county_code, settlement_id), 0) + 1
    code = query_code(vault, settlement_id, serial)
    row = {
        "county_code": county_code,
        "settlement_id": settlement_id,
        "serial": serial,
        "code_hash": query_code_hash(vault, code),
        "client_id": caller.client_id,
        "operator": caller.operator,
        "at": at,
    }
    await tx.execute(insert(query_codes).values(row))
    return code
