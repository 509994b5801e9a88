"""Joins and renewals on the wire."""

from datetime import date
from typing import Self
from uuid import UUID

from pydantic import Field

from service.claims.items import ItemsTouched
from service.claims.touched import Difference
from service.corrections.agreements import Affected, Renewal, Renewed
from service.registers.agreements.schemas import AgreementOut
from service.registers.persons.schemas import PersonNo
from service.registers.schemas import Reason
from service.wire.types import Code, Day, Flag, WireModel, YuanOut


class ItemsTouchedOut(WireModel):
    """A settlement with lines that a catalogue gives other terms."""

    settlement_id: UUID
    person_no: str
    hospital_code: str
    visit_no: str
    last_day: date
    items: list[str] = Field(description="Codes of the items of these lines.")

    @classmethod
    def of(cls, touched: ItemsTouched) -> Self:
        return cls(**touched._asdict())


class JoinIn(WireModel):
    other: PersonNo = Field(description="The entry that goes; its numbers lead to the surviving one.")
    reason: Reason = None


class RenewalIn(WireModel):
    insurer: Code | None = Field(default=None, description="Another insurer; the same one where left out.")
    policy_no: Code = Field(examples=["FP2019-001"])
    valid_from: Day = Field(description="May lie in the past; an agreement that lasts longer ends the day before.")
    valid_to: Day | None = Field(default=None, description="Last day, included; open where left out.")
    reason: Reason = None
    dry_run: Flag = Field(default=False, description="Only list what it would change.")

    def renewal(self) -> Renewal:
        return Renewal(self.policy_no, self.valid_from, self.valid_to, self.insurer, self.reason, self.dry_run)


class DifferenceOut(WireModel):
    """What would have gone another way of one layer."""

    layer: str
    payer: str
    way: str
    before: YuanOut
    after: YuanOut

    @classmethod
    def of(cls, difference: Difference) -> Self:
        return cls(**difference._asdict())


class AffectedOut(WireModel):
    """A settlement made under other agreements than are in force on its day by now."""

    settlement_id: UUID
    person_no: str
    visit_no: str
    last_day: date
    insurers_before: list[str] = Field(description="Whose agreements were in force for it.")
    insurers_after: list[str] = Field(description="Whose agreements are in force on its day by now.")
    expected_difference: list[DifferenceOut] | None = Field(
        description="Null where the policy pack of the settlement is not loaded."
    )

    @classmethod
    def of(cls, affected: Affected) -> Self:
        record, differences = affected.record, affected.differences
        return cls(
            settlement_id=affected.settlement_id,
            person_no=record.person_no,
            visit_no=record.visit_no,
            last_day=record.last_day,
            insurers_before=affected.insurers_before,
            insurers_after=affected.insurers_after,
            expected_difference=None if differences is None else [DifferenceOut.of(each) for each in differences],
        )


class RenewedOut(WireModel):
    agreement: AgreementOut = Field(description="The new one; in a dry run its id is not kept.")
    before: AgreementOut = Field(description="The one that it follows, with its last day.")
    settlements_affected: list[AffectedOut] = Field(
        description="Settlements on the days that change hands: those that gain the advance, those that lose it, and "
        "those whose insurer is another one."
    )

    @classmethod
    def of(cls, renewed: Renewed, county_code: str) -> Self:
        return cls(
            agreement=AgreementOut.of(renewed.agreement, county_code),
            before=AgreementOut.of(renewed.before, county_code),
            settlements_affected=[AffectedOut.of(each) for each in renewed.affected],
        )
