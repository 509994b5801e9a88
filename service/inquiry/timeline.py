"""What became of a claim, moment by moment. Composed of sources: each tells what its room knows."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from service.claims.model import Record, Status
from service.clock import COUNTY_ZONE
from service.inquiry.guard import Inquirer
from service.inquiry.timeline_words import OBJECTED, OUTCOMES, SAYS, replaced_by
from service.ledger.model import Cause, hospital, person
from service.ledger.model import State as Stands
from service.ledger.store import Move, moves
from service.objections.model import Objection, State
from service.text import Text


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened to a claim: when, of which kind, how much (fen), by which payer, in words."""

    at: datetime
    kind: str
    text: Text
    amount: int | None = None
    payer: str | None = None

    @property
    def on(self) -> date:
        """The day in the county."""
        return self.at.astimezone(COUNTY_ZONE).date()


@dataclass(frozen=True, slots=True)
class Told:
    """A version of a claim, all records of its case in order, its reversal too, and the objections to any of them."""

    record: Record
    case: Sequence[Record]
    objections: Sequence[Objection]


Source = Callable[[Inquirer, Told], Awaitable[list[Moment]]]


async def timeline(patient: Inquirer, told: Told) -> list[Moment]:
    """The moments of a claim in order; at one instant in the order of the sources."""
    moments = [moment for source in SOURCES for moment in await source(patient, told)]
    return sorted(moments, key=lambda moment: moment.at)


async def _settled(_patient: Inquirer, told: Told) -> list[Moment]:
    """How the case was decided, version after version; what is to be done only where this version holds."""
    record, found = told.record, []
    for each in told.case:
        found += [_decided(each)]
        if each.id == record.id and each.on_hold:
            found.append(Moment(_when(each), "on_hold", SAYS["on_hold"], each.settlement.split.held))
    if record.settlement.split.expected_aid and record.status in (Status.SETTLED, Status.ON_HOLD):
        aid = record.settlement.split.expected_aid
        found.append(Moment(_when(record), "aid_expected", SAYS["aid_expected"], aid))
    return found


def _decided(record: Record) -> Moment:
    split = record.settlement.split
    if record.reversal_of is not None:
        return Moment(_when(record), "reversed", SAYS["reversed"])
    if record.replaces is None:
        return Moment(_when(record), "settled", SAYS["settled"], split.due_at_discharge)
    return Moment(_when(record), "replaced", replaced_by(record.version), split.patient_pays)


def _when(record: Record) -> datetime:
    assert record.settled_at is not None
    return record.settled_at


async def _moved(patient: Inquirer, told: Told) -> list[Moment]:
    """What payers did about it, a day of each in one: towards the hospital, and towards the patient's own account."""
    record = told.record
    origins = [each.id for each in told.case if each.id is not None]
    summed: dict[tuple[date, str, str], tuple[datetime, int]] = {}
    for move in await moves(patient.tx, patient.county_code, origins):
        kind = _kind(move, record)
        if kind is not None:
            key = (move.at.astimezone(COUNTY_ZONE).date(), kind, move.payer)
            first, amount = summed.get(key, (move.at, 0))
            summed[key] = (min(first, move.at), amount + move.amount)
    return [
        Moment(at, kind, await _by(patient, record, payer, kind), amount, payer)
        for (_, kind, payer), (at, amount) in summed.items()
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


async def _objected(_patient: Inquirer, told: Told) -> list[Moment]:
    found = []
    for each in told.objections:
        found.append(Moment(each.at, "objection_received", OBJECTED[State.RECEIVED]))
        for step in each.steps:
            says = OBJECTED[step.state] if step.outcome is None else OUTCOMES[step.outcome]
            found.append(Moment(step.at, f"objection_{step.state}", says))
    return found


SOURCES: Final[tuple[Source, ...]] = (_settled, _moved, _objected)
"""Whoever has something to tell of a claim stands here."""
