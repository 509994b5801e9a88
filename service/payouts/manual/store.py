"""All SQL on manual claims. The visit, reasons and papers lie sealed, each bound to its claim and field."""

import base64
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import RowMapping, Select, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.resealing import Sealed
from service.access.vault import Vault
from service.clock import COUNTY_ZONE
from service.paper.handed_in import Paper as Taken
from service.payouts.items.model import Standing
from service.payouts.items.store import standing
from service.payouts.manual.model import (
    AFTER_APPROVAL,
    OPEN,
    Encounter,
    ManualClaim,
    Paper,
    RouteReason,
    State,
    Step,
)
from service.payouts.manual.tables import manual_claim_documents, manual_claim_steps, manual_claims
from service.words import ClaimDocument

_OF_TOWNSHIP: Final = text("""
    EXISTS (SELECT FROM persons p WHERE p.county_code = manual_claims.county_code
        AND p.person_no = manual_claims.person_no AND p.township_code = :township)
""")


def _place(claim_id: UUID, field: str) -> str:
    return f"manual_claim:{claim_id}:{field}"


SEALED: Final = (
    Sealed(manual_claims, {"body_enc": lambda row: _place(row["id"], "body")}),
    Sealed(manual_claim_steps, {"reason_enc": lambda row: _place(row["claim_id"], f"step:{row['serial']}")}),
    Sealed(
        manual_claim_documents,
        {
            "name_enc": lambda row: _place(row["claim_id"], f"name:{row['id']}"),
            "content_enc": lambda row: _place(row["claim_id"], f"content:{row['id']}"),
        },
    ),
)
"""What this room keeps sealed."""


@dataclass(frozen=True, slots=True)
class View:
    """Whose claims may be seen: a county's, or those of one township's people."""

    county_code: str
    township_code: str | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list may be narrowed to; `overdue_on`: those that were to be decided before that day and are not."""

    state: State | None = None
    person_no: str | None = None
    overdue_on: date | None = None


async def add(tx: AsyncConnection, vault: Vault, claim: ManualClaim) -> bool:
    """Keep a new claim; False where one of the same visit, visit number or invoice is open."""
    row = {
        "county_code": claim.county_code,
        "id": claim.id,
        **asdict(claim.encounter),
        "reason": claim.reason.value,
        "body_enc": vault.encrypt(claim.body, bound_to=_place(claim.id, "body")),
        "state": claim.state.value,
        "due_on": claim.due_on,
        "needed": [kind.value for kind in claim.needed],
        "client_id": claim.client_id,
        "operator": claim.operator,
        "at": claim.at,
    }
    added = await tx.scalar(
        insert_or(manual_claims).values(row).on_conflict_do_nothing().returning(manual_claims.c.state)
    )
    return added is not None


async def enter(
    tx: AsyncConnection,
    vault: Vault,
    claim: ManualClaim,
    step: Step,
    *,
    due_on: date,
    settlement_id: UUID | None = None,
) -> None:
    """Let the claim stand somewhere else, and say who let it, when and why."""
    c, serial = manual_claims.c, len(claim.steps) + 1
    values = {"state": step.state.value, "due_on": due_on, "settlement_id": settlement_id}
    await tx.execute(update(manual_claims).where(c.county_code == claim.county_code, c.id == claim.id).values(values))
    place = _place(claim.id, f"step:{serial}")
    await tx.execute(
        insert(manual_claim_steps).values(
            county_code=claim.county_code,
            claim_id=claim.id,
            serial=serial,
            state=step.state.value,
            reason_enc=None if step.reason is None else vault.encrypt(step.reason, bound_to=place),
            client_id=step.client_id,
            operator=step.operator,
            at=step.at,
        )
    )


async def find(tx: AsyncConnection, vault: Vault, claim_id: UUID, view: View) -> ManualClaim | None:
    """One claim; None where there is none or it is not the caller's to see."""
    found = await _opened(tx, vault, _seen(view).where(manual_claims.c.id == claim_id))
    return found[0] if found else None


async def listed(
    tx: AsyncConnection, vault: Vault, view: View, filters: Filters, *, after: UUID | None, rows: int
) -> list[ManualClaim]:
    """Claims, newest first, after the last one of the page before."""
    c = manual_claims.c
    query = _seen(view).order_by(c.id.desc()).limit(rows)
    if filters.state is not None:
        query = query.where(c.state == filters.state.value)
    if filters.person_no is not None:
        query = query.where(c.person_no == filters.person_no)
    if filters.overdue_on is not None:
        query = query.where(c.due_on < filters.overdue_on, c.state.in_(OPEN))
    if after is not None:
        query = query.where(c.id < after)
    return await _opened(tx, vault, query)


def _seen(view: View) -> Select[Any]:
    c = manual_claims.c
    query = select(manual_claims).where(c.county_code == view.county_code)
    return query if view.township_code is None else query.where(_OF_TOWNSHIP.bindparams(township=view.township_code))


async def _opened(tx: AsyncConnection, vault: Vault, query: Select[Any]) -> list[ManualClaim]:
    rows = (await tx.execute(query)).mappings().all()
    if not rows:
        return []
    county_code, ids = rows[0]["county_code"], [row["id"] for row in rows]
    steps: dict[UUID, list[Step]] = {each: [] for each in ids}
    papers: dict[UUID, list[Paper]] = {each: [] for each in ids}
    s, d = manual_claim_steps.c, manual_claim_documents.c
    taken = select(manual_claim_steps).where(s.county_code == county_code, s.claim_id.in_(ids)).order_by(s.serial)
    for row in (await tx.execute(taken)).mappings():
        steps[row["claim_id"]].append(_step(vault, row))
    without_content = [column for column in d if column.name != "content_enc"]
    held = select(*without_content).where(d.county_code == county_code, d.claim_id.in_(ids)).order_by(d.id)
    for row in (await tx.execute(held)).mappings():
        papers[row["claim_id"]].append(_paper(vault, row))
    money = await standing(tx, county_code, [row["settlement_id"] for row in rows if row["settlement_id"]])
    return [_claim(vault, row, money.get(row["settlement_id"]), steps, papers) for row in rows]


def _claim(
    vault: Vault,
    row: RowMapping,
    money: Standing | None,
    steps: dict[UUID, list[Step]],
    papers: dict[UUID, list[Paper]],
) -> ManualClaim:
    return ManualClaim(
        row["county_code"],
        row["id"],
        Encounter(**{name: row[name] for name in Encounter.__dataclass_fields__}),
        RouteReason(row["reason"]),
        vault.decrypt(row["body_enc"], bound_to=_place(row["id"], "body")),
        State(row["state"]) if money is None else AFTER_APPROVAL[money.stage],
        row["due_on"],
        tuple(ClaimDocument(kind) for kind in row["needed"]),
        row["client_id"],
        row["operator"],
        row["at"].astimezone(COUNTY_ZONE),
        row["settlement_id"],
        tuple(steps[row["id"]]),
        tuple(papers[row["id"]]),
    )


def _step(vault: Vault, row: RowMapping) -> Step:
    reason, place = row["reason_enc"], _place(row["claim_id"], f"step:{row['serial']}")
    return Step(
        State(row["state"]),
        row["at"].astimezone(COUNTY_ZONE),
        row["client_id"],
        row["operator"],
        None if reason is None else vault.decrypt(reason, bound_to=place),
    )


def _paper(vault: Vault, row: RowMapping) -> Paper:
    name = vault.decrypt(row["name_enc"], bound_to=_place(row["claim_id"], f"name:{row['id']}"))
    at = row["at"].astimezone(COUNTY_ZONE)
    return Paper(row["id"], ClaimDocument(row["kind"]), name, row["media_type"], row["size"], at)


async def add_paper(
    tx: AsyncConnection,
    vault: Vault,
    claim: ManualClaim,
    paper: Paper,
    taken: Taken,
    by: Sequence[str | None],
) -> None:
    """Keep a paper with its claim; one of the same kind that is there already is not kept twice."""
    content = base64.b64encode(taken.content).decode()
    row = {
        "county_code": claim.county_code,
        "claim_id": claim.id,
        "id": paper.id,
        "kind": paper.kind.value,
        "name_enc": vault.encrypt(paper.name, bound_to=_place(claim.id, f"name:{paper.id}")),
        "media_type": paper.media_type,
        "size": paper.size,
        "content_hash": vault.fingerprint_bytes("manual_claim_document", taken.content),
        "content_enc": vault.encrypt(content, bound_to=_place(claim.id, f"content:{paper.id}")),
        "client_id": by[0],
        "operator": by[1],
        "at": paper.at,
    }
    await tx.execute(insert_or(manual_claim_documents).values(row).on_conflict_do_nothing())


async def content(tx: AsyncConnection, vault: Vault, claim: ManualClaim, paper_id: UUID) -> bytes:
    """The bytes of a paper that the claim has."""
    d = manual_claim_documents.c
    query = select(d.content_enc).where(d.county_code == claim.county_code, d.claim_id == claim.id, d.id == paper_id)
    sealed: bytes = (await tx.execute(query)).scalar_one()
    return base64.b64decode(vault.decrypt(sealed, bound_to=_place(claim.id, f"content:{paper_id}")))
