"""What became of a claim, moment by moment. Composed of sources: each tells what its room knows."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from service.claims import records
from service.claims.model import Record
from service.claims.records import View
from service.clock import COUNTY_ZONE
from service.inquiry.guard import Inquirer
from service.inquiry.timeline_words import OBJECTED, OUTCOMES, SAYS
from service.ledger.model import Cause, hospital, person
from service.ledger.model import State as Stands
from service.ledger.store import Move, moves
from service.objections import store as objections
from service.objections.model import Objection, State
from service.objections.store import Filters
from service.text import Text

_MANY: Final = 200


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened to a claim: on which day, of which kind, how much (fen), by which payer, in words."""

    on: date
    kind: str
    text: Text
    amount: int | None = None
    payer: str | None = None


Source = Callable[[Inquirer, Record], Awaitable[list[Moment]]]


async def timeline(patient: Inquirer, record: Record) -> list[Moment]:
    """The moments of a claim in order; on one day in the order of the sources."""
    told = [moment for source in SOURCES for moment in await source(patient, record)]
    return sorted(told, key=lambda moment: moment.on)


async def _settled(patient: Inquirer, record: Record) -> list[Moment]:
    assert record.settled_at is not None
    day, split = record.settled_at.date(), record.settlement.split
    found = [Moment(day, "settled", SAYS["settled"], split.due_at_discharge)]
    if record.on_hold:
        found.append(Moment(day, "on_hold", SAYS["on_hold"], split.held))
    if split.expected_aid and record.reversed_by is None:
        found.append(Moment(day, "aid_expected", SAYS["aid_expected"], split.expected_aid))
    if record.reversed_by is not None:
        reversal = await records.find(patient.tx, record.reversed_by, View(patient.county_code))
        assert reversal is not None
        assert reversal.settled_at is not None
        found.append(Moment(reversal.settled_at.date(), "reversed", SAYS["reversed"]))
    return found


async def versions_of(patient: Inquirer, record: Record) -> list[UUID]:
    """The versions of a claim's visit and its reversal, in their order."""
    assert record.case_id is not None
    found = await records.of_case(patient.tx, patient.county_code, record.case_id)
    return [each.id for each in found if each.id is not None]


async def _moved(patient: Inquirer, record: Record) -> list[Moment]:
    """What payers did about it: towards the hospital, and towards the patient's own account."""
    origins = await versions_of(patient, record)
    summed: dict[tuple[date, str, str], int] = {}
    for move in await moves(patient.tx, patient.county_code, origins):
        kind = _kind(move, record)
        if kind is not None:
            key = (move.at.astimezone(COUNTY_ZONE).date(), kind, move.payer)
            summed[key] = summed.get(key, 0) + move.amount
    return [
        Moment(day, kind, await _by(patient, record, payer, kind), amount, payer)
        for (day, kind, payer), amount in summed.items()
    ]


def _kind(move: Move, record: Record) -> str | None:
    side = {hospital(record.hospital_code): "hospital", person(record.person_no): "patient"}.get(move.payee)
    if side == "hospital":
        return {
            (Cause.STATEMENT, Stands.BILLED): "sent",
            (Cause.PAYMENT, Stands.PAID): "hospital_repaid",
        }.get((move.cause, move.target))
    if side == "patient":
        owed = {Stands.UNBILLED: "owed_to_you"} if move.source == Stands.FUND else {}
        return (owed | {Stands.PAID: "paid_to_you", Stands.RETURNED: "returned_to_you"}).get(move.target)
    return None


async def _by(patient: Inquirer, record: Record, payer: str, kind: str) -> Text:
    pack = await patient.law.by_hash(patient.tx, record.pack_hash)
    name = pack.payers[payer].name if payer in pack.payers else Text(payer, payer)
    says = SAYS[kind]
    return Text(says.zh.format(payer=name.zh), says.en.format(payer=name.en))


async def _objected(patient: Inquirer, record: Record) -> list[Moment]:
    found = []
    filed = [each for version in await versions_of(patient, record) for each in await _objections_to(patient, version)]
    for each in filed:
        found.append(Moment(each.at.date(), "objection_received", OBJECTED[State.RECEIVED]))
        for step in each.steps:
            says = OBJECTED[step.state] if step.outcome is None else OUTCOMES[step.outcome]
            found.append(Moment(step.at.date(), f"objection_{step.state}", says))
    return found


async def _objections_to(patient: Inquirer, settlement_id: UUID) -> list[Objection]:
    desk = patient.objections
    return await objections.listed(
        desk.tx, desk.vault, desk.view, Filters(settlement_id=settlement_id), after=None, rows=_MANY
    )


SOURCES: Final[tuple[Source, ...]] = (_settled, _moved, _objected)
"""Whoever has something to tell of a claim stands here."""
