"""All SQL on applications for aid."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.resealing import Sealed
from service.access.vault import Vault
from service.clock import COUNTY_ZONE
from service.payouts.aid.model import Application, Decision, Missing, Outcome
from service.payouts.aid.tables import aid_applications, aid_decisions

SEALED: Final = (Sealed(aid_decisions, {"reason_enc": lambda row: _place(row["application_id"])}),)
"""What this room keeps sealed."""

_OF_TOWNSHIP: Final = """ AND EXISTS (SELECT FROM persons p WHERE p.county_code = a.county_code
    AND p.person_no = a.person_no AND p.township_code = :township_code)"""
_READ: Final = """
    SELECT a.*, d.outcome, d.granted, d.reason_enc, d.version_id, d.client_id AS decided_by, d.operator AS decider,
        d.at AS decided_at
    FROM aid_applications a
    LEFT JOIN aid_decisions d ON d.county_code = a.county_code AND d.application_id = a.id
    WHERE a.county_code = :county_code
"""
_MISSING: Final = """
    SELECT s.id AS settlement_id, s.person_no, p.township_code, s.hospital_code, s.visit_no, s.last_day, s.settled_on,
        s.expected_aid
    FROM live_visits v
    JOIN settlements s ON s.county_code = v.county_code AND s.id = v.settlement_id
    JOIN persons p ON p.county_code = s.county_code AND p.person_no = s.person_no
    WHERE v.county_code = :county_code AND s.expected_aid > 0 AND NOT s.on_hold
        AND NOT EXISTS (SELECT FROM aid_applications a WHERE a.county_code = s.county_code AND a.case_id = s.case_id)
"""


def _place(application_id: UUID) -> str:
    return f"aid_application:{application_id}:decision"


async def add(tx: AsyncConnection, application: Application) -> bool:
    """Keep an application; False where the visit's aid is applied for already."""
    row = {name: value for name, value in asdict(application).items() if name != "decision"}
    added = insert_or(aid_applications).values(row).on_conflict_do_nothing().returning(aid_applications.c.expected)
    return await tx.scalar(added) is not None


async def decide(tx: AsyncConnection, vault: Vault, application: Application, decision: Decision) -> None:
    """Keep what was decided."""
    row = asdict(decision) | {
        "county_code": application.county_code,
        "application_id": application.id,
        "outcome": decision.outcome.value,
        "reason_enc": vault.encrypt(decision.reason, bound_to=_place(application.id)),
    }
    del row["reason"]
    await tx.execute(insert(aid_decisions).values(row))


async def find(
    tx: AsyncConnection,
    vault: Vault,
    county_code: str,
    *,
    township_code: str | None = None,
    application_id: UUID | None = None,
    case_id: UUID | None = None,
) -> Application | None:
    """One application, by its id or its case; of a township's own people only where one is named."""
    found = await _opened(
        tx, vault, county_code, {"id": application_id, "case_id": case_id}, township_code, after=None, rows=1
    )
    return found[0] if found else None


async def listed(
    tx: AsyncConnection,
    vault: Vault,
    county_code: str,
    *,
    township_code: str | None,
    waiting: bool | None,
    after: UUID | None,
    rows: int,
) -> list[Application]:
    """Applications, newest first; with `waiting`, those that are, or are not, to be decided."""
    return await _opened(tx, vault, county_code, {}, township_code, after=after, rows=rows, waiting=waiting)


async def _opened(
    tx: AsyncConnection,
    vault: Vault,
    county_code: str,
    where: Mapping[str, UUID | None],
    township_code: str | None,
    *,
    after: UUID | None,
    rows: int,
    waiting: bool | None = None,
) -> list[Application]:
    asked: dict[str, Any] = {name: value for name, value in where.items() if value is not None}
    query = _READ + "".join(f" AND a.{name} = :{name}" for name in asked)
    if township_code is not None:
        query, asked = query + _OF_TOWNSHIP, asked | {"township_code": township_code}
    if after is not None:
        query, asked = query + " AND a.id < :after", asked | {"after": after}
    if waiting is not None:
        query += f" AND d.outcome IS {'' if waiting else 'NOT '}NULL"
    asked |= {"county_code": county_code, "rows": rows}
    found = await tx.execute(text(f"{query} ORDER BY a.id DESC LIMIT :rows"), asked)
    return [_application(vault, row) for row in found.mappings()]


def _application(vault: Vault, row: Any) -> Application:
    decision = None
    if row["outcome"] is not None:
        decision = Decision(
            Outcome(row["outcome"]),
            row["granted"],
            vault.decrypt(row["reason_enc"], bound_to=_place(row["id"])),
            row["version_id"],
            row["decided_by"],
            row["decider"],
            row["decided_at"].astimezone(COUNTY_ZONE),
        )
    plain = ("county_code", "id", "case_id", "person_no", "expected", "due_on", "client_id", "operator")
    return Application(**{name: row[name] for name in plain}, at=row["at"].astimezone(COUNTY_ZONE), decision=decision)


async def missing(
    tx: AsyncConnection, county_code: str, *, township_code: str | None, after: UUID | None, rows: int
) -> list[Missing]:
    """Live settlements whose expected aid nobody has applied for, the oldest first."""
    query, asked = _MISSING, {"county_code": county_code, "rows": rows}
    if township_code is not None:
        query, asked = query + " AND p.township_code = :township_code", asked | {"township_code": township_code}
    if after is not None:
        query, asked = query + " AND s.id > :after", asked | {"after": after}
    found = await tx.execute(text(f"{query} ORDER BY s.id LIMIT :rows"), asked)
    return [Missing(**row) for row in found.mappings()]
