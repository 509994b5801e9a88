"""
The shape of a pack file: which keys there are and what may stand in them. Anything else is refused with its key.

Amounts are quoted strings in yuan, ratios quoted strings from 0 to 1: unquoted, YAML would make them floats.
"""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, model_validator
from pydantic_core import PydanticCustomError

from service.money import Fen
from service.policy.clearing import PayerShape
from service.policy.conditions import VisitType
from service.policy.cycle_shape import CycleShape
from service.policy.objections import ObjectionsShape
from service.policy.payouts import ToPatientsShape
from service.policy.terms import Part
from service.policy.values import (
    AgreementsShape,
    Amount,
    AmountCase,
    BaseShape,
    CapCase,
    ConditionShape,
    Day,
    Name,
    NamedConditionShape,
    PointsCase,
    Ratio,
    RatioCase,
    Shape,
    Sourced,
    TextShape,
    When,
)
from service.words import FindingCode, HospitalLevel, IdentityClass


class RepeatShape(Sourced):
    factors: tuple[Ratio, ...] = Field(min_length=1)
    floor: Amount | None = None


class DeductibleShape(Shape):
    per: Literal["stay", "year", "disease_month"]
    amount: tuple[AmountCase, ...] | None = Field(default=None, min_length=1)
    repeat: RepeatShape | None = None

    @model_validator(mode="after")
    def _amount_or_diseases(self) -> "DeductibleShape":
        if (self.per == "disease_month") == (self.amount is not None):
            raise PydanticCustomError("invalid", "give amount, except per disease_month: the diseases have it")
        return self


class CapsShape(Shape):
    visit: tuple[CapCase, ...] | None = Field(default=None, min_length=1)
    year: tuple[CapCase, ...] | None = Field(default=None, min_length=1)
    disease_year: StrictBool = False


class EligibleShape(Sourced):
    when: str | ConditionShape


class TermsShape(Shape):
    """What every layer's terms have: for which visits, from when to when, for whom, and caps."""

    visit_types: tuple[VisitType, ...] = Field(min_length=1)
    valid_from: Day | None = None
    valid_to: Day | None = None
    none: Sourced | None = None
    eligible: EligibleShape | None = None
    pool: Name | None = None
    caps: CapsShape = CapsShape()


class RatioTermsShape(TermsShape):
    base: BaseShape = BaseShape()
    deductible: DeductibleShape | None = None
    entering_ceiling: tuple[CapCase, ...] | None = Field(default=None, min_length=1)
    ratio: tuple[RatioCase, ...] = ()
    points: tuple[PointsCase, ...] = ()


class BandShape(Shape):
    to: Amount | None = None
    ratio: Ratio


class BandsShape(Sourced):
    origin: Literal["absolute", "above_deductible"]
    rows: tuple[BandShape, ...] = Field(min_length=1)


class BandTermsShape(TermsShape):
    base: BaseShape = BaseShape()
    over: Literal["year", "stay"] = "year"
    deductible: tuple[AmountCase, ...] = ()
    bands: BandsShape | None = None
    points: tuple[PointsCase, ...] = ()
    catch_up: StrictBool = False


class AidClassShape(Sourced):
    id: Name
    when: str | ConditionShape
    ratio: Ratio
    annual_cap: Amount | None = None
    deductible: Amount = Fen(0)


class AidTermsShape(TermsShape):
    base: BaseShape = BaseShape()
    classes: tuple[AidClassShape, ...] = ()
    deductible_pool: Name | None = None


class OtherTermsShape(TermsShape):
    pass


class FloorTermsShape(TermsShape):
    denominator: Literal["total", "in_scope"] = "total"
    excluded: tuple[Part, ...] = ()
    over: Literal["stay", "year"] = "stay"
    floor: tuple[RatioCase, ...] = ()


class OutOfPocketTermsShape(TermsShape):
    base: BaseShape = BaseShape()
    cap: tuple[AmountCase, ...] = ()


class PayerShareShape(Shape):
    payer: Name
    share: Ratio


class AdvanceShape(Sourced):
    when: When = None
    agreement: StrictBool = False
    on_application: StrictBool = False


class LayerShape(Shape):
    name: TextShape
    payer: Name | None = None
    payers: tuple[PayerShareShape, ...] = ()
    advance: AdvanceShape


class RatioLayer(LayerShape):
    rule: Literal["ratio"]
    terms: tuple[RatioTermsShape, ...] = Field(min_length=1)


class BandLayer(LayerShape):
    rule: Literal["bands"]
    terms: tuple[BandTermsShape, ...] = Field(min_length=1)


class AidLayer(LayerShape):
    rule: Literal["aid"]
    terms: tuple[AidTermsShape, ...] = Field(min_length=1)


class OtherLayer(LayerShape):
    rule: Literal["other"]
    terms: tuple[OtherTermsShape, ...] = Field(min_length=1)


class FloorLayer(LayerShape):
    rule: Literal["floor"]
    terms: tuple[FloorTermsShape, ...] = Field(min_length=1)


class OutOfPocketLayer(LayerShape):
    rule: Literal["out_of_pocket"]
    terms: tuple[OutOfPocketTermsShape, ...] = Field(min_length=1)


AnyLayer = Annotated[
    RatioLayer | BandLayer | AidLayer | OtherLayer | FloorLayer | OutOfPocketLayer,
    Field(discriminator="rule"),
]


class OrderShape(Sourced):
    layers: tuple[Name, ...] = Field(min_length=1)


class InForceShape(Sourced):
    valid_from: Day = Field(alias="from")
    valid_to: Day | None = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> "InForceShape":
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise PydanticCustomError("invalid", "it ends before it begins")
        return self


class DiseaseShape(Sourced):
    code: str = Field(pattern=r"^CD[0-9]{2}$")
    name: str = Field(min_length=1)
    monthly_deductible: Amount
    annual_limit: Amount


class ChronicShape(Sourced):
    certificate_months: int = Field(ge=1, strict=True)
    certificate_levels: tuple[HospitalLevel, ...] = Field(min_length=1)


class DepositShape(Sourced):
    identities: tuple[IdentityClass, ...] = ()


class FindingsShape(Sourced):
    refused: tuple[FindingCode, ...] = ()


class PackShape(Shape):
    """A whole pack, its files put together."""

    format: Literal[1]
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=80)
    title: TextShape
    county_codes: tuple[Annotated[str, Field(pattern=r"^[0-9]{6}$")], ...] = Field(min_length=1)
    in_force: InForceShape
    rounding: Literal["half_up"]
    identity_on: Literal["discharge"]
    year_of: Literal["discharge"]
    referral_on: Literal["first_admission"]
    payers: dict[Name, PayerShape] = Field(min_length=1)
    conditions: dict[Name, NamedConditionShape] = Field(default={})
    order: OrderShape
    layers: dict[Name, AnyLayer] = Field(min_length=1)
    diseases: tuple[DiseaseShape, ...] = ()
    chronic: ChronicShape
    deposit_waived: DepositShape | None = None
    agreements: AgreementsShape | None = None
    objections: ObjectionsShape | None = None
    to_patients: ToPatientsShape | None = None
    chronic_cycle: CycleShape | None = None
    findings: FindingsShape | None = None
