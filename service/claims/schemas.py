"""The visit as a hospital posts it (api.md, Settlement)."""

from datetime import date
from typing import Literal

from pydantic import Field

from service.access.vault import Vault
from service.claims.model import Order, OrderedLine, PlatformTotals, ThirdParty
from service.errors import InputError, Text
from service.policy.conditions import VisitType
from service.registers.keys import person_key
from service.settlement.model import DecidedLayer, OtherCompensation
from service.wire.refusals import RequestInvalid
from service.wire.types import (
    Code,
    Count,
    Day,
    Name,
    Note,
    Quantity,
    RatioText,
    UnitPrice,
    WireModel,
    Yuan,
    YuanNotNegative,
)

MOST_LINES = 20_000


class PersonIn(WireModel):
    """Who the visit is of: exactly one of the three numbers."""

    person_no: Code | None = None
    id_no: Code | None = None
    social_card_no: Code | None = None


class DiagnosisIn(WireModel):
    code: Code
    name: Name | None = None


class InjuryIn(WireModel):
    third_party: ThirdParty = Field(description="Whether somebody else is liable, and has paid (domain: injury).")
    note: Note = ""


class FeeLineIn(WireModel):
    """A line of the bill. A return has a negative quantity and amount."""

    line_no: Count
    item_code: Code
    item_name: Name | None = None
    category: Code | None = None
    grade: Literal["A", "B", "C"] | None = Field(
        default=None, description="Needed, with its terms, where the fee catalogue does not know the item."
    )
    unit_price: UnitPrice
    quantity: Quantity
    amount: Yuan = Field(description="At most one fen away from unit price times quantity.")
    self_pay_ratio: RatioText | None = None
    price_ceiling: UnitPrice | None = None
    charged_on: Day | None = Field(default=None, description="Left out: the last day of the visit.")


class DecidedLayerIn(WireModel):
    """A layer that another platform has settled: taken as given, not owed again."""

    layer: Code
    paid: YuanNotNegative
    settlement_no: Code | None = None
    platform: Name | None = None


class PlatformTotalsIn(WireModel):
    total: YuanNotNegative
    patient_pays: YuanNotNegative


class OtherCompensationIn(WireModel):
    source: Name = Field(description="Who gives it: charity, commercial insurance, the hospital.")
    amount: YuanNotNegative
    paid_to: Literal["hospital", "patient"] = Field(
        default="hospital", description="`hospital`: credited on the bill; `patient`: paid to the patient beside it."
    )


class SettlementIn(WireModel):
    """One visit, or one part of a stay."""

    hospital_code: Code
    visit_no: Code
    interim_no: Count = Field(default=0, description="0 for the only or last part of a stay, 1, 2, ... before it.")
    visit_type: VisitType
    person: PersonIn
    admitted_on: Day | None = None
    discharged_on: Day | None = None
    service_on: Day | None = None
    diagnoses: list[DiagnosisIn] = Field(default=[], max_length=100)
    referral_no: Code | None = None
    disease_code: Code | None = None
    invoice_no: Code | None = None
    injury: InjuryIn | None = None
    fee_lines: list[FeeLineIn] = Field(max_length=MOST_LINES)
    decided_layers: list[DecidedLayerIn] = Field(default=[], max_length=20)
    platform_totals: PlatformTotalsIn | None = None
    other_compensation: list[OtherCompensationIn] = Field(default=[], max_length=100)

    def to_order(self, vault: Vault) -> Order:
        """The order. Raises request.invalid where fields contradict each other."""
        admitted_on, last_day = self._days()
        injury = self.injury or InjuryIn(third_party=ThirdParty.NONE)
        return Order(
            hospital_code=self.hospital_code,
            visit_no=self.visit_no,
            interim_no=self.interim_no,
            visit_type=self.visit_type,
            person_key=self._person_key(vault),
            admitted_on=admitted_on,
            last_day=last_day,
            lines=tuple([_line(line, last_day) for line in self.fee_lines]),
            diagnoses=tuple((one.code, one.name or "") for one in self.diagnoses),
            referral_no=self.referral_no,
            disease_code=self.disease_code,
            invoice_no=self.invoice_no,
            third_party=injury.third_party,
            injury_note=injury.note,
            decided=tuple(
                DecidedLayer(one.layer, one.paid, one.settlement_no or "", one.platform or "")
                for one in self.decided_layers
            ),
            platform_totals=PlatformTotals(self.platform_totals.total, self.platform_totals.patient_pays)
            if self.platform_totals
            else None,
            other=tuple(OtherCompensation(one.source, one.amount, one.paid_to) for one in self.other_compensation),
        )

    def _days(self) -> tuple[date, date]:
        stay = self.visit_type == VisitType.INPATIENT
        needed = ("admitted_on", "discharged_on") if stay else ("service_on", "disease_code")
        not_needed = ("service_on", "disease_code") if stay else ("admitted_on", "discharged_on", "referral_no")
        errors = [_error(name, needed=True) for name in needed if getattr(self, name) is None]
        errors += [_error(name, needed=False) for name in not_needed if getattr(self, name) is not None]
        if not stay and self.interim_no:
            errors.append(_error("interim_no", needed=False))
        if errors:
            raise RequestInvalid.at(*errors)
        first, last = (self.admitted_on, self.discharged_on) if stay else (self.service_on, self.service_on)
        assert first is not None
        assert last is not None
        return first, last

    def _person_key(self, vault: Vault) -> tuple[str, bytes]:
        given = [(kind, number) for kind, number in self.person if number is not None]
        if len(given) != 1:
            detail = Text(
                "请给出 person_no、id_no、social_card_no 三者之一。",
                "Give exactly one of person_no, id_no and social_card_no.",
            )
            raise RequestInvalid.at(InputError("/person", "request.one_of", detail))
        return person_key(vault, *given[0])


def _error(name: str, *, needed: bool) -> InputError:
    if needed:
        detail = Text(f"这类就诊须填写 {name}。", f"Visits of this type need {name}.")
        return InputError(f"/{name}", "request.missing", detail)
    detail = Text(f"这类就诊不应填写 {name}，请删去。", f"Visits of this type have no {name}: leave it out.")
    return InputError(f"/{name}", "request.unexpected", detail)


def _line(line: FeeLineIn, last_day: date) -> OrderedLine:
    return OrderedLine(
        line.line_no,
        line.item_code,
        line.item_name or "",
        line.category or "",
        line.grade,
        line.unit_price,
        line.quantity,
        line.amount,
        line.self_pay_ratio,
        line.price_ceiling,
        line.charged_on or last_day,
    )
