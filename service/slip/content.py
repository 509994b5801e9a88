"""What a slip says, gathered once: the bill, who pays what of it, what is due today, and how to ask later."""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access import audit
from service.access.model import Caller
from service.access.vault import Vault, mask_id_no, mask_name
from service.claims import codes, records
from service.claims.actions import Desk, find
from service.claims.model import Record, Status
from service.claims.posting import ways
from service.explanation.render import renderer_of
from service.policy.conditions import VisitType
from service.policy.model import Pack
from service.registers.hospitals.store import TERMS
from service.registers.persons import store as persons
from service.slip import words
from service.slip.refusals import SlipOfReversal
from service.text import Text

PAGE: Final = "/p"
_GROUP: Final = 4


@dataclass(frozen=True, slots=True)
class Part:
    """What one payer pays under one layer (fen), which way, and where that stands in the law."""

    layer: str
    name: Text
    payer: Text
    amount: int
    way: str
    clauses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Slip:
    """
    A settlement for its patient; name and number masked. `code` opens the patient's own view at `address`.

    `replaced_by` is the number of the version that holds in its place; None where this one does, or nothing.
    """

    record: Record
    replaced_by: int | None
    hospital: str
    name: str
    id_no: str | None
    disease: str | None
    parts: tuple[Part, ...]
    explanation: dict[str, list[str]]
    code: str
    address: str

    @property
    def is_stay(self) -> bool:
        return self.record.visit_type == VisitType.INPATIENT

    @property
    def no_longer(self) -> Text | None:
        """What ended these amounts, where something did: nobody is to act on them."""
        if self.replaced_by is not None:
            return words.replaced_by(self.replaced_by)
        return words.REVERSED if self.record.status == Status.REVERSED else None

    @property
    def grouped_code(self) -> str:
        """As people read it out: in groups of four."""
        return " ".join(self.code[start : start + _GROUP] for start in range(0, len(self.code), _GROUP))

    @property
    def link(self) -> str:
        """Where the QR code leads: the page, with the code filled in and the other half to be given."""
        return f"{self.address}?code={self.code}"


def address_of(request: Request) -> str:
    """The patient's page, as patients reach it."""
    public = request.app.state.settings.public_url or str(request.base_url)
    return public.rstrip("/") + PAGE


async def gather(
    tx: AsyncConnection, caller: Caller, settlement_id: UUID, desk: Desk, *, address: str, action: str
) -> Slip:
    """A slip's content. Raises settlement.unknown where it is not the caller's to see, and slip.reversal."""
    record = await find(tx, caller, settlement_id)
    if record.reversal_of is not None:
        raise SlipOfReversal.plainly()
    pack = await desk.law.by_hash(tx, record.pack_hash)
    name, id_no = await _person(tx, desk.vault, record)
    code = await codes.current(tx, desk.vault, record.county_code, record.case_id or settlement_id)

    await audit.record(
        tx,
        caller,
        action,
        at=desk.clock.now(),
        person_no=record.person_no,
        county_code=record.county_code,
        subject=str(settlement_id),
    )
    return Slip(
        record,
        await _replaced_by(tx, record),
        await hospital_of(tx, record),
        name,
        id_no,
        pack.diseases[record.disease_code].name if record.disease_code is not None else None,
        parts_of(record, pack),
        renderer_of(pack).whole(record.settlement, held=record.on_hold, bears=record.hospital_bears),
        code,
        address,
    )


def parts_of(record: Record, pack: Pack) -> tuple[Part, ...]:
    """What each payer pays, in the order of the pack, with the clauses of the steps that counted."""
    names = {layer.id: layer.name for layer in pack.layers}
    clauses = {
        award.layer: tuple(dict.fromkeys(clause for step in award.steps if step.applied for clause in step.clauses))
        for award in record.awards
    }
    return tuple(
        Part(
            layer,
            names.get(layer, Text(layer, layer)),
            pack.payers[payer].name if payer in pack.payers else Text(payer, payer),
            amount,
            way,
            clauses[layer],
        )
        for layer, payer, amount, way in ways(record.awards, on_hold=record.on_hold)
    )


async def _replaced_by(tx: AsyncConnection, record: Record) -> int | None:
    if record.replaced_by is None:
        return None
    assert record.case_id is not None
    return max(each.version for each in await records.of_case(tx, record.county_code, record.case_id))


async def _person(tx: AsyncConnection, vault: Vault, record: Record) -> tuple[str, str | None]:
    person = await persons.person(tx, vault, record.county_code, record.person_no)
    assert person is not None, "a settlement of nobody"
    return mask_name(person.name), mask_id_no(person.id_no) if person.id_no is not None else None


async def hospital_of(tx: AsyncConnection, record: Record) -> str:
    """What the hospital was called on the visit's last day."""
    return await hospital_named(tx, record.hospital_code, record.last_day)


async def hospital_named(tx: AsyncConnection, hospital_code: str, day: date) -> str:
    """What a hospital was called on a day; its code where the register does not say."""
    known = [each.fact for each in await TERMS.current(tx, hospital_code=hospital_code)]
    of_day = [fact for fact in known if fact.holds_on(day)] or known[-1:]
    return of_day[-1].what.name if of_day else hospital_code
