"""Recognition on the wire."""

from datetime import date
from typing import Literal, Self
from uuid import UUID

from pydantic import Field

from service.registers.persons.schemas import IdentityOut
from service.registers.recognition.actions import Recognised
from service.registers.schemas import PeriodOut, ReasonedPeriodOut
from service.settlement.remaining import Remaining
from service.wire.types import WireModel, YuanOut


class RecognisedCardOut(WireModel):
    id: UUID
    disease_code: str
    valid_from: date | None
    valid_to: date | None


class RemainingOut(WireModel):
    """
    What is left of a deductible or cap. Of a deductible per stay, `left` is what the next stay of the year would use,
    where repeated stays use less; `entering` is what may still enter a layer's ratio this year.
    """

    layer: str
    what: Literal["deductible", "cap", "entering", "out_of_pocket"]
    per: Literal["year", "stay", "disease_year", "disease_month"]
    visit_type: str
    disease_code: str | None
    limit: YuanOut
    left: YuanOut

    @classmethod
    def of(cls, found: Remaining) -> Self:
        return cls(disease_code=found.disease, **{k: v for k, v in found._asdict().items() if k != "disease"})


class RecognisedOut(WireModel):
    """A person on a day. Names and numbers are masked."""

    person_no: str
    county_code: str
    name: str
    id_no: str | None
    born_on: date | None
    died_on: date | None
    on: date = Field(description="The day of which all this is said.")
    insured: bool
    insured_period: PeriodOut | None
    barred: ReasonedPeriodOut | None = Field(description="The bar in force, with its reason.")
    identities: list[IdentityOut] = Field(description="Those held on the day.")
    chronic_cards: list[RecognisedCardOut] = Field(description="Approved and valid on the day.")
    remaining: list[RemainingOut] | None = Field(
        description="Of this year's deductibles and caps, before today's visit; null where no policy is in force."
    )
    deposit_waived: bool = Field(description="Treated first, paid for afterwards (先诊疗后付费): take no deposit.")

    @classmethod
    def of(cls, found: Recognised, remaining: list[Remaining] | None) -> Self:
        person, insured, bar = found.person, found.insured, found.bar
        return cls(
            person_no=person.person_no,
            county_code=person.county_code,
            name=person.name,
            id_no=person.id_no,
            born_on=person.born_on,
            died_on=person.died_on,
            on=found.on,
            insured=insured is not None,
            insured_period=insured and PeriodOut(from_=insured.valid_from, to=insured.valid_to),
            barred=bar and ReasonedPeriodOut(from_=bar.valid_from, to=bar.valid_to, reason=bar.what.cause),
            identities=[IdentityOut.of(each) for each in found.identities],
            chronic_cards=[
                RecognisedCardOut(
                    id=number,
                    disease_code=card.what.disease_code,
                    valid_from=card.valid_from,
                    valid_to=card.valid_to,
                )
                for number, card in found.cards
            ],
            remaining=None if remaining is None else [RemainingOut.of(each) for each in remaining],
            deposit_waived=found.deposit_waived,
        )
