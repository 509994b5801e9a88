"""A patient's own claims: what each cost, who paid it, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from service.access.vault import mask_phone
from service.claims import records
from service.claims.model import Record, Status
from service.claims.records import View
from service.explanation.render import renderer_of
from service.inquiry.guard import Inquirer
from service.inquiry.refusals import ClaimUnknown
from service.inquiry.timeline import Moment, Told, timeline
from service.objections import store as objections
from service.objections.model import Objection
from service.objections.store import Filters
from service.policy.conditions import VisitType
from service.slip.content import Part, hospital_of, parts_of

_ALL: Final = 100


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim as its patient sees it in a list."""

    record: Record
    hospital: str
    disease: str | None

    @property
    def id(self) -> UUID:
        assert self.record.id is not None
        return self.record.id

    @property
    def status(self) -> str:
        return self.record.status.value

    @property
    def is_listed(self) -> bool:
        """A list has each visit once: by its last version, and neither by its reversal."""
        return self.record.reversal_of is None and self.record.replaced_by is None

    @property
    def holds(self) -> bool:
        """Whether its amounts are what is paid: neither reversed nor replaced by a later version."""
        return self.record.status in (Status.SETTLED, Status.ON_HOLD)

    @property
    def is_stay(self) -> bool:
        return self.record.visit_type == VisitType.INPATIENT


@dataclass(frozen=True, slots=True)
class Answer:
    """One claim with everything there is to tell of it; `versions` are all of its case, in order."""

    claim: Claim
    versions: tuple[Record, ...]
    parts: tuple[Part, ...]
    explanation: dict[str, list[str]]
    moments: tuple[Moment, ...]
    objections: tuple[Objection, ...]

    @property
    def replaced_by(self) -> Record | None:
        """The version that holds in the place of this one."""
        return self.versions[-1] if self.claim.record.replaced_by is not None else None


async def listed(patient: Inquirer, *, after: UUID | None, rows: int) -> list[Claim]:
    """The patient's claims, newest first, each in its newest version; what was reversed says so."""
    asked = {"person_no": patient.person_no, "status": "newest"}
    found = await records.listed(patient.tx, View(patient.county_code), asked, after=after, limit=rows)
    await patient.note("patient.claims")
    return [await _claim(patient, each) for each in found]


async def read(patient: Inquirer, claim_id: UUID) -> Answer:
    """One of the patient's own claims. Raises claim.unknown for anybody else's."""
    claim = await find(patient, claim_id)
    record = claim.record
    pack = await patient.law.by_hash(patient.tx, record.pack_hash)
    assert record.case_id is not None
    case = await records.of_case(patient.tx, record.county_code, record.case_id)
    filed = await _objections_to(patient, case)
    moments = await timeline(patient, Told(record, case, filed))

    await patient.note("patient.claim", subject=claim_id)
    return Answer(
        claim,
        tuple(each for each in case if each.reversal_of is None),
        parts_of(record, pack),
        renderer_of(pack).whole(record.settlement, held=record.on_hold, bears=record.hospital_bears),
        tuple(moments),
        tuple(map(masked, filed)),
    )


async def _objections_to(patient: Inquirer, case: Sequence[Record]) -> list[Objection]:
    """What was objected to any version of a case: a decision that upholds makes the next version."""
    desk, asked = patient.objections, Filters(settlement_id=case[0].id)
    return await objections.listed(desk.tx, desk.vault, desk.view, asked, after=None, rows=_ALL)


async def find(patient: Inquirer, claim_id: UUID) -> Claim:
    """One of the patient's own claims, without a row in the trail: for those who go on to do something with it."""
    record = await records.find(patient.tx, claim_id, View(patient.county_code))
    if record is None or record.person_no != patient.person_no or record.reversal_of is not None:
        raise ClaimUnknown.plainly()
    return await _claim(patient, record)


async def _claim(patient: Inquirer, record: Record) -> Claim:
    disease = None
    if record.disease_code is not None:
        pack = await patient.law.by_hash(patient.tx, record.pack_hash)
        disease = pack.diseases[record.disease_code].name
    return Claim(record, await hospital_of(patient.tx, record), disease)


def masked(objection: Objection) -> Objection:
    """An objection as its patient sees it: numbers masked, here too."""
    contact = objection.contact
    return replace(objection, contact=mask_phone(contact) if contact is not None else None)
