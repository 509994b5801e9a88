"""What a patient is answered. Names and numbers are masked."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field

from service.claims.answer_schemas import AmountsOut, ExplanationOut, SentenceOut
from service.claims.model import Record
from service.claims.query_code import LENGTH
from service.inquiry.accesses import Looked
from service.inquiry.claims import Answer, Claim
from service.inquiry.door import LAST, SHORTEST, plain
from service.inquiry.timeline import Moment
from service.inquiry.year import Distance, Year
from service.money import yuan
from service.objections.schemas import ObjectionOut
from service.text import Text
from service.wire.types import Flag, Spelled, WireModel, YuanOut

QueryCode = Annotated[
    str,
    Spelled(
        rf"[0-9]([ -]?[0-9]){{{LENGTH - 1}}}",
        f"查询码应为 {LENGTH} 位数字，可用空格分组",
        f"must be {LENGTH} digits; spaces between groups do no harm",
        ("482910573316", "4829 1057 3316"),
        plain,
    ),
]
LastSix = Annotated[
    str,
    Spelled(
        rf"[0-9A-Za-z]([ ()（）-]*[0-9A-Za-z]){{{SHORTEST - 1},{LAST - 1}}}[ )）]*",
        "应为证件号码的后六位数字和字母（不足六位的填全部），末位可为 X",
        "must be the last six digits and letters of the identity number, all of a shorter one; the last may be X",
        ("070005", "3456(7)"),
        plain,
    ),
]


def said(text: Text) -> SentenceOut:
    return SentenceOut(zh=text.zh, en=text.en)


class SessionIn(WireModel):
    query_code: QueryCode = Field(description="On every slip, decision letter and cycle statement.")
    id_last6: LastSix = Field(description="Of the patient's identity number; of a guardian's for who has none.")


class SessionOut(WireModel):
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a word of RFC 6750, not a secret
    expires_in: int = Field(description="Seconds.")


class ClaimOut(WireModel):
    """A claim in short. `patient_pays` is the final share; `due_at_discharge` what the cashier asked for."""

    id: UUID
    status: Literal["settled", "on_hold", "reversed", "superseded"]
    version: int
    hospital: str
    visit_type: str
    admitted_on: date | None
    last_day: date
    disease: str | None
    total: YuanOut
    paid_total: YuanOut
    hospital_bears: YuanOut
    patient_pays: YuanOut
    due_at_discharge: YuanOut
    owed_to_patient: YuanOut
    expected_aid: YuanOut

    @classmethod
    def of(cls, claim: Claim) -> Self:
        return cls(**_short(claim))


def _short(claim: Claim) -> dict[str, object]:
    record = claim.record
    split = record.settlement.split
    return {
        "id": claim.id,
        "status": claim.status,
        "version": record.version,
        "hospital": claim.hospital,
        "visit_type": record.visit_type.value,
        "admitted_on": record.admitted_on if claim.is_stay else None,
        "last_day": record.last_day,
        "disease": claim.disease,
        "total": record.settlement.amounts.total,
        "hospital_bears": record.hospital_bears,
        **{
            name: getattr(split, name)
            for name in ("paid_total", "patient_pays", "due_at_discharge", "owed_to_patient", "expected_aid")
        },
    }


class PartOut(WireModel):
    """What one payer pays under one layer. `way`: to the hospital, to the patient's account, or otherwise."""

    layer: str
    name: SentenceOut
    payer: SentenceOut
    paid: YuanOut
    way: Literal["hospital", "patient", "expected", "held", "elsewhere", "credited", "beside"]
    clauses: list[str]


class MomentOut(WireModel):
    """Something that happened to the claim, and where there is something to do, what."""

    on: date
    kind: str
    text: SentenceOut
    amount: str | None = Field(description="Yuan, where the moment has an amount.")
    payer: str | None

    @classmethod
    def of(cls, moment: Moment) -> Self:
        amount = None if moment.amount is None else yuan(moment.amount)
        return cls(on=moment.on, kind=moment.kind, text=said(moment.text), amount=amount, payer=moment.payer)


class VersionOut(WireModel):
    """A version of a claim, and the day on which it was decided."""

    id: UUID
    version: int
    status: Literal["settled", "on_hold", "reversed", "superseded"]
    decided_on: date
    patient_pays: YuanOut

    @classmethod
    def of(cls, record: Record) -> Self:
        assert record.id is not None
        assert record.settled_at is not None
        return cls(
            id=record.id,
            version=record.version,
            status=record.status.value,
            decided_on=record.settled_at.date(),
            patient_pays=record.settlement.split.patient_pays,
        )


class ClaimWholeOut(ClaimOut):
    """
    A claim with what each payer pays, why, what became of it, and the objections to it.

    `versions` are all of the claim, the newest last; `replaced_by` is the newest where this is an earlier one.
    """

    replaced_by: UUID | None
    versions: list[VersionOut]
    amounts: AmountsOut
    layers: list[PartOut]
    explanation: ExplanationOut
    timeline: list[MomentOut]
    objections: list[ObjectionOut]

    @classmethod
    def whole(cls, answer: Answer, today: date) -> Self:
        parts = [
            PartOut(
                layer=part.layer,
                name=said(part.name),
                payer=said(part.payer),
                paid=part.amount,
                way=part.way,
                clauses=list(part.clauses),
            )
            for part in answer.parts
        ]
        return cls(
            **_short(answer.claim),
            replaced_by=answer.replaced_by.id if answer.replaced_by is not None else None,
            versions=[VersionOut.of(each) for each in answer.versions],
            amounts=AmountsOut(**answer.claim.record.settlement.amounts._asdict()),
            layers=parts,
            explanation=ExplanationOut(**answer.explanation),
            timeline=[MomentOut.of(each) for each in answer.moments],
            objections=[ObjectionOut.of(each, today) for each in answer.objections],
        )


class DistanceOut(WireModel):
    """How far it is to a deductible, cap or band: the threshold, what is left to it, and what it means."""

    layer: str
    what: Literal["deductible", "cap", "out_of_pocket", "band"]
    visit_type: str
    threshold: YuanOut
    left: YuanOut
    text: SentenceOut

    @classmethod
    def of(cls, each: Distance) -> Self:
        return cls(**each._asdict() | {"text": said(each.text)})


class YearOut(WireModel):
    """What the year cost and who paid it; `distances` of the running year, at a level-2 hospital in the county."""

    year: int
    name: str
    id_no: str | None
    visits: int
    total: YuanOut
    paid_total: YuanOut
    hospital_bears: YuanOut
    patient_pays: YuanOut
    layers: dict[str, YuanOut]
    distances: list[DistanceOut]

    @classmethod
    def of(cls, found: Year) -> Self:
        return cls(
            year=found.year,
            name=found.name,
            id_no=found.id_no,
            **found.totals._asdict(),
            distances=[DistanceOut.of(each) for each in found.distances],
        )


class AccessOut(WireModel):
    """
    Somebody who looked: a client in a role, what it did, in the trail's word and in plain words.

    `changed`: it did not only read. `purpose`: what it said that it looked for, where it said so.
    """

    at: datetime
    role: str
    client_id: str
    who: SentenceOut
    action: str
    did: SentenceOut
    changed: Flag
    purpose: str | None

    @classmethod
    def of(cls, each: Looked) -> Self:
        return cls(**each._asdict() | {"who": said(each.who), "did": said(each.did)})
