"""
The shape of a pack file: which keys there are and what may stand in them. Anything else is refused with its key.

Amounts are quoted strings in yuan, ratios quoted strings from 0 to 1: unquoted, YAML would make them floats.
"""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from service.money import WHOLE, Fen, Ppm, fen, ppm
from service.policy.model import Level, Location, Part, VisitType


def _number(value: Any, read: Any, what: str) -> Any:
    if isinstance(value, float):
        raise PydanticCustomError("float", "{value} is not quoted, so YAML reads it as a float", {"value": value})
    if not isinstance(value, str):
        raise PydanticCustomError("unquoted", "write the {what} as a quoted string", {"what": what})
    try:
        return read(value)
    except ValueError as error:
        raise PydanticCustomError("not_a_number", "{reason}", {"reason": str(error)}) from error


def _amount(value: Any) -> Fen:
    amount: Fen = _number(value, fen, "amount in yuan")
    if amount < 0:
        raise PydanticCustomError("negative", "an amount is not negative")
    return amount


def _ratio(value: Any) -> Ppm:
    ratio: Ppm = _number(value, ppm, "ratio")
    if not 0 <= ratio <= WHOLE:
        raise PydanticCustomError("ratio_above_one", "a ratio lies between 0 and 1")
    return ratio


def _points(value: Any) -> Ppm:
    points: Ppm = _number(value, ppm, "points")
    if not -WHOLE <= points <= WHOLE:
        raise PydanticCustomError("ratio_above_one", "points lie between -1 and 1")
    return points


Amount = Annotated[Fen, BeforeValidator(_amount)]
Ratio = Annotated[Ppm, BeforeValidator(_ratio)]
Points = Annotated[Ppm, BeforeValidator(_points)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]


class Shape(BaseModel):
    """Strict: an unknown key is a misspelling."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TextShape(Shape):
    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Sourced(Shape):
    """Every value of the law says where it stands, or that it is a demonstration."""

    clauses: tuple[str, ...] = ()
    demonstration: bool = False
    note: str | None = None

    @model_validator(mode="after")
    def _has_source(self) -> "Sourced":
        if not any(clause.strip() for clause in self.clauses) and not self.demonstration:
            raise PydanticCustomError("uncited", "neither clauses nor a demonstration mark")
        return self


class ConditionShape(Shape):
    identities: tuple[str, ...] | None = None
    all_identities: tuple[str, ...] | None = None
    without_identities: tuple[str, ...] | None = None
    locations: tuple[Location, ...] | None = None
    levels: tuple[Level, ...] | None = None
    specialist: bool | None = None
    referred: bool | None = None
    any_of: tuple["str | ConditionShape", ...] = ()
    all_of: tuple["str | ConditionShape", ...] = ()


class NamedConditionShape(ConditionShape, Sourced):
    pass


When = str | ConditionShape | None


class CaseShape(Sourced):
    when: When = None

    @model_validator(mode="after")
    def _one_value(self) -> "CaseShape":
        given = [key for key in ("value", "by_level", "none") if getattr(self, key, None)]
        given += [key for key in ("value",) if getattr(self, key, None) == 0]
        if len(given) != 1:
            raise PydanticCustomError("invalid", "exactly one of value and by_level is needed")
        missing = set(Level) - set(getattr(self, "by_level", None) or Level)
        if missing:
            raise PydanticCustomError(
                "incomplete", "by_level says nothing for {levels}", {"levels": ", ".join(sorted(missing))}
            )
        return self


class AmountCase(CaseShape):
    value: Amount | None = None
    by_level: dict[Level, Amount] | None = None


class CapCase(CaseShape):
    value: Amount | None = None
    by_level: dict[Level, Amount] | None = None
    none: bool = False


class RatioCase(CaseShape):
    value: Ratio | None = None
    by_level: dict[Level, Ratio] | None = None


class PointsCase(CaseShape):
    value: Points | None = None
    by_level: dict[Level, Points] | None = None


class BaseShape(Shape):
    parts: tuple[Part, ...] = Field(default=(Part.IN_SCOPE,), min_length=1)
    less: tuple[Name, ...] = ()


class RepeatShape(Sourced):
    factors: tuple[Ratio, ...] = Field(min_length=1)
    floor: Amount | None = None


class DeductibleShape(Shape):
    per: Literal["stay", "year", "disease_month"]
    amount: tuple[AmountCase, ...] | None = None
    repeat: RepeatShape | None = None

    @model_validator(mode="after")
    def _amount_or_diseases(self) -> "DeductibleShape":
        if (self.per == "disease_month") == (self.amount is not None):
            raise PydanticCustomError(
                "invalid", "give amount, except per disease_month, where the list of diseases has it"
            )
        return self


class CapsShape(Shape):
    visit: tuple[CapCase, ...] | None = None
    year: tuple[CapCase, ...] | None = None
    disease_year: bool = False


class EligibleShape(Sourced):
    when: str | ConditionShape


class TermsShape(Shape):
    """What every layer's terms have: for which visits, from when to when, for whom, and caps."""

    visit_types: tuple[VisitType, ...] = Field(min_length=1)
    valid_from: date | None = None
    valid_to: date | None = None
    none: Sourced | None = None
    eligible: EligibleShape | None = None
    pool: Name | None = None
    caps: CapsShape = CapsShape()


class RatioTermsShape(TermsShape):
    base: BaseShape = BaseShape()
    deductible: DeductibleShape | None = None
    entering_ceiling: tuple[CapCase, ...] | None = None
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
    catch_up: bool = False


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
    agreement: bool = False
    on_application: bool = False


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
    valid_from: date = Field(alias="from")
    valid_to: date | None = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> "InForceShape":
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise PydanticCustomError("invalid", "it ends before it begins")
        return self


class DiseaseShape(Sourced):
    code: str = Field(pattern=r"^CD\d{2}$")
    name: str = Field(min_length=1)
    monthly_deductible: Amount
    annual_limit: Amount


class ChronicShape(Sourced):
    certificate_months: int = Field(ge=1, strict=True)
    certificate_levels: tuple[Level, ...] = Field(min_length=1)


class FindingsShape(Sourced):
    refused: tuple[str, ...] = ()


class DeemedShape(Sourced):
    days: int = Field(ge=1, le=366, strict=True)


class ClearingShape(Sourced):
    """When a payer repays hospitals: its period, and the day of the month after it (domain §5, Clearing)."""

    every: Literal["month", "quarter"]
    due_day: int = Field(ge=1, le=28, strict=True)
    deemed_confirmed: DeemedShape


class PayerShape(TextShape):
    clearing: ClearingShape | None = None


class PackShape(Shape):
    """A whole pack, its files put together."""

    format: Literal[1]
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=80)
    title: TextShape
    county_codes: tuple[Annotated[str, Field(pattern=r"^\d{6}$")], ...] = Field(min_length=1)
    in_force: InForceShape
    rounding: Literal["half_up"]
    identity_on: Literal["discharge"]
    year_of: Literal["discharge"]
    referral_on: Literal["first_admission"]
    payers: dict[Name, PayerShape] = Field(min_length=1)
    conditions: dict[Name, NamedConditionShape] = {}
    order: OrderShape
    layers: dict[Name, AnyLayer] = Field(min_length=1)
    diseases: tuple[DiseaseShape, ...] = ()
    chronic: ChronicShape
    findings: FindingsShape | None = None
