"""The fee catalogue on the wire."""

from datetime import date
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from service.money import Ppm
from service.registers.catalogue.actions import Change
from service.registers.entries import CatalogueTerms
from service.registers.model import Grade
from service.registers.periods import Dated
from service.registers.schemas import Reason, in_order
from service.wire.types import Code, Day, Name, RatioOut, RatioText, UnitPrice, UnitPriceOut, WireModel
from service.words import HospitalLevel

Ratio = Annotated[RatioText, Field(description="The share that the patient pays first.", examples=["0.10"])]


class CeilingsIn(WireModel):
    """The highest unit price that counts, in yuan, by hospital level; a level that is left out has none."""

    township: UnitPrice | None = None
    level2: UnitPrice | None = None
    level3_city: UnitPrice | None = None
    level3_region: UnitPrice | None = None

    def columns(self) -> dict[str, int | None]:
        return {f"ceiling_{level}": getattr(self, level) for level in HospitalLevel}


class CeilingsOut(WireModel):
    township: UnitPriceOut | None
    level2: UnitPriceOut | None
    level3_city: UnitPriceOut | None
    level3_region: UnitPriceOut | None


class CatalogueNew(WireModel):
    item_code: Code = Field(examples=["XA01"])
    name: Name
    category: Code = Field(examples=["western_medicine"])
    grade: Grade
    self_pay_ratio: Ratio = Ppm(0)
    price_ceiling: CeilingsIn | None = None
    valid_from: Day
    valid_to: Day | None = Field(default=None, description="Last day, included; open where left out.")
    reason: Reason = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        in_order(self.valid_from, self.valid_to)
        return self

    def fact(self) -> Dated[CatalogueTerms]:
        ceilings = self.price_ceiling.columns() if self.price_ceiling else {}
        terms = CatalogueTerms(self.name, self.category, self.grade, self.self_pay_ratio, **ceilings)
        return Dated(terms, self.valid_from, self.valid_to)


class CatalogueChange(WireModel):
    """What to change of an item from a day on; fields that are left out stay."""

    item_code: Code | None = Field(default=None, examples=["XA01"])
    name: Name | None = None
    category: Code | None = Field(default=None, examples=["western_medicine"])
    grade: Grade | None = None
    self_pay_ratio: Ratio | None = None
    price_ceiling: CeilingsIn | None = Field(default=None, description="All ceilings; null: none at any level.")
    as_of: Day | None = Field(default=None, description="From which day; `valid_from`, else today, where left out.")
    valid_from: Day | None = Field(default=None, description="The same as `as_of`.")
    valid_to: Day | None = Field(default=None, description="The item ends on this day; null opens the end.")
    reason: Reason = None

    def change(self) -> Change:
        names = ("name", "category", "grade", "self_pay_ratio")
        values: dict[str, Any] = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        if "price_ceiling" in self.model_fields_set:
            values |= (self.price_ceiling or CeilingsIn()).columns()
        ends = "valid_to" in self.model_fields_set
        return Change(values, self.as_of or self.valid_from, ends, self.valid_to, self.reason)


class CatalogueOut(WireModel):
    """An item with its terms from `valid_from` to `valid_to`."""

    item_code: str
    name: str
    category: str
    grade: str
    self_pay_ratio: RatioOut
    price_ceiling: CeilingsOut | None
    valid_from: date | None
    valid_to: date | None

    @classmethod
    def of(cls, item_code: str, fact: Dated[CatalogueTerms]) -> Self:
        terms = fact.what
        ceilings = {level.value: getattr(terms, f"ceiling_{level}") for level in HospitalLevel}
        has_any = any(ceiling is not None for ceiling in ceilings.values())
        return cls(
            item_code=item_code,
            name=terms.name,
            category=terms.category,
            grade=terms.grade,
            self_pay_ratio=Ppm(terms.self_pay_ratio),
            price_ceiling=CeilingsOut(**ceilings) if has_any else None,
            valid_from=fact.valid_from,
            valid_to=fact.valid_to,
        )
