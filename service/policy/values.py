"""The values that stand in a pack: amounts, ratios, conditions, cases; each with its source, each checked."""

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, model_validator
from pydantic_core import PydanticCustomError

from service.money import WHOLE, Fen, Ppm, fen, ppm
from service.policy.terms import Part, Source
from service.words import HospitalLevel, IdentityClass, Location

LARGEST_AMOUNT = fen("999999999999.99")
"""No amount on the wire is larger."""


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
    if not 0 <= amount <= LARGEST_AMOUNT:
        raise PydanticCustomError("out_of_range", "an amount lies between 0 and 999 999 999 999.99 yuan")
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


def _day(value: Any) -> Any:
    if isinstance(value, date | str):
        return value
    raise PydanticCustomError("not_a_day", "write the day as 2018-01-01")


Amount = Annotated[Fen, BeforeValidator(_amount)]
Ratio = Annotated[Ppm, BeforeValidator(_ratio)]
Points = Annotated[Ppm, BeforeValidator(_points)]
Day = Annotated[date, BeforeValidator(_day)]
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
    demonstration: StrictBool = False
    note: str | None = None

    @model_validator(mode="after")
    def _has_source(self) -> "Sourced":
        if not any(clause.strip() for clause in self.clauses) and not self.demonstration:
            raise PydanticCustomError("uncited", "neither clauses nor a demonstration mark")
        return self


def source_of(sourced: Sourced | None) -> Source:
    """Where a value comes from, as the model has it."""
    if sourced is None:
        return Source()
    return Source(sourced.clauses, sourced.demonstration, sourced.note)


class ConditionShape(Shape):
    identities: tuple[IdentityClass, ...] | None = None
    all_identities: tuple[IdentityClass, ...] | None = None
    without_identities: tuple[IdentityClass, ...] | None = None
    locations: tuple[Location, ...] | None = None
    levels: tuple[HospitalLevel, ...] | None = None
    specialist: StrictBool | None = None
    referred: StrictBool | None = None
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
        missing = set(HospitalLevel) - set(getattr(self, "by_level", None) or HospitalLevel)
        if missing:
            raise PydanticCustomError(
                "incomplete", "by_level says nothing for {levels}", {"levels": ", ".join(sorted(missing))}
            )
        return self


class AmountCase(CaseShape):
    value: Amount | None = None
    by_level: dict[HospitalLevel, Amount] | None = None


class CapCase(CaseShape):
    value: Amount | None = None
    by_level: dict[HospitalLevel, Amount] | None = None
    none: StrictBool = False


class RatioCase(CaseShape):
    value: Ratio | None = None
    by_level: dict[HospitalLevel, Ratio] | None = None


class PointsCase(CaseShape):
    value: Points | None = None
    by_level: dict[HospitalLevel, Points] | None = None


class BaseShape(Shape):
    parts: tuple[Part, ...] = Field(default=(Part.IN_SCOPE,), min_length=1)
    less: tuple[Name, ...] = ()


class AgreementsShape(Sourced):
    """What the county does about agreements; `warn_days`: how long before its end one is warned of."""

    warn_days: int = Field(ge=1, strict=True)
