"""All SQL on objections. What people wrote and handed in lies sealed, each bound to its objection and field."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import RowMapping, Select, Text, and_, cast, func, insert, literal, or_, select
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.resealing import Sealed
from service.access.vault import Vault
from service.claims import records
from service.clock import COUNTY_ZONE
from service.objections.model import OPEN, Document, Objection, Outcome, State, Step
from service.objections.tables import objection_documents, objection_steps, objections
from service.paper.handed_in import Paper

_RECEIVED: Final = State.RECEIVED.value


def _place(objection_id: UUID, field: str) -> str:
    return f"objection:{objection_id}:{field}"


SEALED: Final = (
    Sealed(objections, {"reason_enc": lambda row: _place(row["id"], "reason")}),
    Sealed(objections, {"contact_enc": lambda row: _place(row["id"], "contact")}),
    Sealed(objection_steps, {"reason_enc": lambda row: _place(row["objection_id"], "decision")}),
    Sealed(
        objection_documents,
        {
            "name_enc": lambda row: _place(row["objection_id"], f"name:{row['id']}"),
            "content_enc": lambda row: _place(row["objection_id"], f"content:{row['id']}"),
        },
    ),
)
"""What this room keeps sealed."""


@dataclass(frozen=True, slots=True)
class View:
    """Whose objections may be seen: those of a county; or those that a hospital filed; or those about a person."""

    county_code: str
    hospital_code: str | None = None
    person_no: str | None = None

    def condition(self) -> Any:
        o = objections.c
        if self.hospital_code is not None:
            return and_(o.hospital_code == self.hospital_code, o.filed_by == "hospital")
        if self.person_no is not None:
            return and_(o.county_code == self.county_code, o.person_no == self.person_no)
        return o.county_code == self.county_code


@dataclass(frozen=True, slots=True)
class Filters:
    """
    What a list may be narrowed to; `overdue_on`: those that were to be decided before that day and are not.

    `settlement_id`: those about any version of its visit.
    """

    state: State | None = None
    settlement_id: UUID | None = None
    overdue_on: date | None = None


async def add(tx: AsyncConnection, vault: Vault, objection: Objection) -> None:
    """Keep a new objection."""
    o = objection
    contact = None if o.contact is None else vault.encrypt(o.contact, bound_to=_place(o.id, "contact"))
    await tx.execute(
        insert(objections).values(
            county_code=o.county_code,
            id=o.id,
            settlement_id=o.settlement_id,
            person_no=o.person_no,
            hospital_code=o.hospital_code,
            filed_by=o.filed_by,
            reason_enc=vault.encrypt(o.reason, bound_to=_place(o.id, "reason")),
            contact_enc=contact,
            due_on=o.due_on,
            client_id=o.client_id,
            operator=o.operator,
            at=o.at,
        )
    )


async def add_step(tx: AsyncConnection, vault: Vault, objection: Objection, step: Step) -> None:
    """Enter the next state."""
    reason = None if step.reason is None else vault.encrypt(step.reason, bound_to=_place(objection.id, "decision"))
    await tx.execute(
        insert(objection_steps).values(
            county_code=objection.county_code,
            objection_id=objection.id,
            state=step.state.value,
            outcome=step.outcome,
            reason_enc=reason,
            version_id=step.version_id,
            client_id=step.client_id,
            operator=step.operator,
            at=step.at,
        )
    )


def _state() -> Any:
    s, o = objection_steps.c, objections.c
    last = (
        select(s.state)
        .where(s.county_code == o.county_code, s.objection_id == o.id)
        .order_by(s.at.desc())
        .limit(1)
        .correlate(objections)
        .scalar_subquery()
    )
    return func.coalesce(last, cast(literal(_RECEIVED), Text))


async def find(tx: AsyncConnection, vault: Vault, objection_id: UUID, view: View) -> Objection | None:
    """One objection; None where there is none or it is not the caller's to see."""
    query = select(objections).where(objections.c.id == objection_id, view.condition())
    found = await _opened(tx, vault, query)
    return found[0] if found else None


async def listed(
    tx: AsyncConnection, vault: Vault, view: View, filters: Filters, *, after: UUID | None, rows: int
) -> list[Objection]:
    """Objections, newest first, after the last one of the page before."""
    o = objections.c
    query = select(objections).where(view.condition()).order_by(o.id.desc()).limit(rows)
    if filters.state is not None:
        query = query.where(_state() == filters.state.value)
    if filters.settlement_id is not None:
        # Whichever of its versions they were filed about: an objection is to the visit.
        settlements = records.View(view.county_code, view.hospital_code)
        query = query.where(o.settlement_id.in_(await records.ids_of_case(tx, filters.settlement_id, settlements)))
    if filters.overdue_on is not None:
        query = query.where(o.due_on < filters.overdue_on, or_(*(_state() == state.value for state in OPEN)))
    if after is not None:
        query = query.where(o.id < after)
    return await _opened(tx, vault, query)


async def open_ones(tx: AsyncConnection, view: View, *, rows: int) -> list[tuple[UUID, date, str]]:
    """Objections that wait for a decision and have a day for it, the earliest day first: id, day, hospital."""
    o = objections.c
    query = (
        select(o.id, o.due_on, o.hospital_code)
        .where(view.condition(), o.due_on.is_not(None), or_(*(_state() == state.value for state in OPEN)))
        .order_by(o.due_on, o.id)
        .limit(rows)
    )
    return [(row.id, row.due_on, row.hospital_code) for row in await tx.execute(query)]


async def _opened(tx: AsyncConnection, vault: Vault, query: Select[Any]) -> list[Objection]:
    rows = (await tx.execute(query)).mappings().all()
    ids, counties = [row["id"] for row in rows], {row["county_code"] for row in rows}
    steps: dict[UUID, list[Step]] = {each: [] for each in ids}
    papers: dict[UUID, list[Document]] = {each: [] for each in ids}
    s, d = objection_steps.c, objection_documents.c
    taken = select(objection_steps).where(s.county_code.in_(counties), s.objection_id.in_(ids)).order_by(s.at)
    for row in (await tx.execute(taken)).mappings() if ids else ():
        steps[row["objection_id"]].append(_step(vault, row))
    without_content = [column for column in d if column.name != "content_enc"]
    held = select(*without_content).where(d.county_code.in_(counties), d.objection_id.in_(ids)).order_by(d.id)
    for row in (await tx.execute(held)).mappings() if ids else ():
        papers[row["objection_id"]].append(_document(vault, row))
    return [_objection(vault, row, steps[row["id"]], papers[row["id"]]) for row in rows]


def _objection(vault: Vault, row: RowMapping, steps: Sequence[Step], documents: Sequence[Document]) -> Objection:
    plain = ("county_code", "settlement_id", "person_no", "hospital_code", "filed_by", "due_on", "client_id")
    contact = row["contact_enc"]
    return Objection(
        **{name: row[name] for name in plain},
        id=row["id"],
        reason=vault.decrypt(row["reason_enc"], bound_to=_place(row["id"], "reason")),
        contact=None if contact is None else vault.decrypt(contact, bound_to=_place(row["id"], "contact")),
        operator=row["operator"],
        at=row["at"].astimezone(COUNTY_ZONE),
        steps=tuple(steps),
        documents=tuple(documents),
    )


def _step(vault: Vault, row: RowMapping) -> Step:
    reason, place = row["reason_enc"], _place(row["objection_id"], "decision")
    return Step(
        State(row["state"]),
        row["at"].astimezone(COUNTY_ZONE),
        row["client_id"],
        row["operator"],
        Outcome(row["outcome"]) if row["outcome"] else None,
        None if reason is None else vault.decrypt(reason, bound_to=place),
        row["version_id"],
    )


def _document(vault: Vault, row: RowMapping) -> Document:
    name = vault.decrypt(row["name_enc"], bound_to=_place(row["objection_id"], f"name:{row['id']}"))
    return Document(row["id"], name, row["media_type"], row["size"], row["at"].astimezone(COUNTY_ZONE))


async def add_document(
    tx: AsyncConnection,
    vault: Vault,
    objection: Objection,
    paper: Paper,
    *,
    document_id: UUID,
    name: str,
    by: tuple[str, str | None],
    at: datetime,
) -> None:
    """Keep a paper with its objection; one that is there already is not kept twice."""
    place, content = _place(objection.id, f"content:{document_id}"), base64.b64encode(paper.content).decode()
    row = {
        "county_code": objection.county_code,
        "objection_id": objection.id,
        "id": document_id,
        "name_enc": vault.encrypt(name, bound_to=_place(objection.id, f"name:{document_id}")),
        "media_type": paper.media_type,
        "size": len(paper.content),
        "content_hash": vault.fingerprint_bytes("objection_document", paper.content),
        "content_enc": vault.encrypt(content, bound_to=place),
        "client_id": by[0],
        "operator": by[1],
        "at": at,
    }
    await tx.execute(insert_or(objection_documents).values(row).on_conflict_do_nothing())


async def content(tx: AsyncConnection, vault: Vault, objection: Objection, document_id: UUID) -> bytes:
    """The bytes of a paper that the objection has."""
    d = objection_documents.c
    own = (d.county_code == objection.county_code, d.objection_id == objection.id, d.id == document_id)
    sealed: bytes = (await tx.execute(select(d.content_enc).where(*own))).scalar_one()
    return base64.b64decode(vault.decrypt(sealed, bound_to=_place(objection.id, f"content:{document_id}")))
