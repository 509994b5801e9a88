"""The county's fee catalogue: the items of the API document's example as they stand there, and some hundred more."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final

from service.claims.examples import REQUEST_BODY
from service.demo.dice import Dice
from service.demo.items import ITEMS
from service.money import PRICE_PLACES, PRICE_SCALE, Ppm, ppm, scaled
from service.registers.entries import CatalogueTerms
from service.registers.model import Grade
from service.registers.periods import ONE_DAY, Dated
from service.words import HospitalLevel

Catalogue = Mapping[str, tuple[Dated[CatalogueTerms], ...]]

_OPENED: Final = date(2018, 1, 1)
_REVISED: Final = date(2020, 1, 1)
_FIRST_PAY: Final = ("0.05", "0.10", "0.15", "0.20", "0.30")

# What a ceiling is made of, in yuan: the lowest and the highest of a level-2 hospital. Drugs have none.
_CEILINGS: Final = {
    "laboratory": (5, 120),
    "examination": (40, 900),
    "treatment": (10, 400),
    "surgery": (600, 6000),
    "material": (20, 4000),
    "bed": (30, 200),
    "nursing": (8, 60),
}
_PERCENT_OF_LEVEL2: Final = {
    HospitalLevel.TOWNSHIP: 80,
    HospitalLevel.LEVEL2: 100,
    HospitalLevel.LEVEL3_CITY: 120,
    HospitalLevel.LEVEL3_REGION: 140,
}


def catalogue() -> Catalogue:
    """Every item's terms by code, those of 2018 first. All codes but the example's begin with DM-."""
    return _of_the_example() | _of_the_county()


def _of_the_example() -> dict[str, tuple[Dated[CatalogueTerms], ...]]:
    return {line["item_code"]: (Dated(_as_billed(line), _OPENED),) for line in REQUEST_BODY["fee_lines"]}


def _as_billed(line: Mapping[str, Any]) -> CatalogueTerms:
    ceiling = scaled(line["price_ceiling"], PRICE_PLACES) if "price_ceiling" in line else None
    ceilings = {f"ceiling_{level}": ceiling for level in HospitalLevel}
    return CatalogueTerms(
        line["item_name"], line["category"], line["grade"], ppm(line.get("self_pay_ratio", "0")), **ceilings
    )


def _of_the_county() -> dict[str, tuple[Dated[CatalogueTerms], ...]]:
    listed = [(category, grade, name) for (category, grade), names in ITEMS.items() for name in names.split()]
    return {
        f"DM-{number:04}": _dated(number, _terms(Dice("item", name), name, category, grade))
        for number, (category, grade, name) in enumerate(listed, 1)
    }


def _terms(dice: Dice, name: str, category: str, grade: Grade) -> CatalogueTerms:
    first_pay = ppm(dice.one_of(_FIRST_PAY, "first pay")) if grade is Grade.B else Ppm(0)
    if grade is Grade.C or category not in _CEILINGS or dice.in_a_thousand(300, "no ceiling"):
        return CatalogueTerms(name, category, grade, first_pay)
    yuan = dice.between(*_CEILINGS[category], "ceiling")
    ceilings = {
        f"ceiling_{level}": yuan * percent * (PRICE_SCALE // 100) for level, percent in _PERCENT_OF_LEVEL2.items()
    }
    return CatalogueTerms(name, category, grade, first_pay, **ceilings)


def _dated(number: int, terms: CatalogueTerms) -> tuple[Dated[CatalogueTerms], ...]:
    """The catalogue of 2020 revised a few items, dropped a few and took up a few."""
    until = _REVISED - ONE_DAY
    match number % 40:
        case 7 if terms.grade is Grade.B:
            cheaper = replace(terms, grade=Grade.A, self_pay_ratio=Ppm(0))
            return (Dated(terms, _OPENED, until), Dated(cheaper, _REVISED))
        case 17 if terms.ceiling_level2 is not None:
            return (Dated(terms, _OPENED, until), Dated(_raised(terms), _REVISED))
        case 27:
            return (Dated(terms, _OPENED, until),)
        case 37:
            return (Dated(terms, _REVISED),)
        case _:
            return (Dated(terms, _OPENED),)


def _raised(terms: CatalogueTerms) -> CatalogueTerms:
    names = [f"ceiling_{level}" for level in HospitalLevel]
    return replace(terms, **{name: getattr(terms, name) * 110 // 100 for name in names})
