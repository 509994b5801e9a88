"""
What is left of a person's deductibles and caps, before any visit. Pure.

Read from the terms of the pack and the person's running sums, with the same keys as the rules use.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from service.policy.conditions import Situation, VisitType
from service.policy.model import Pack
from service.policy.terms import AidTerms, BandTerms, OutOfPocketTerms, RatioTerms, Terms
from service.settlement.model import SumKey
from service.settlement.rules.ratio import of_repeated_stay


class Remaining(NamedTuple):
    """A limit of a layer and what is left of it (fen). `per`: `year`, `stay`, `disease_year` or `disease_month`."""

    layer: str
    what: str
    per: str
    visit_type: str
    disease: str | None
    limit: int
    left: int


class Person(NamedTuple):
    """Who asks, where and when: the situation of a stay at the hospital, and the diseases of the person's cards."""

    situation: Situation
    day: date
    sums: Mapping[SumKey, int]
    diseases: tuple[str, ...] = ()

    def used(self, name: str) -> int:
        return self.sums.get((str(self.day.year), name), 0)


def remaining(pack: Pack, person: Person) -> list[Remaining]:
    """Every deductible and cap of the benefit year that a visit of this person could meet, in the pack's order."""
    found: list[Remaining] = []
    types = [VisitType.INPATIENT] + ([VisitType.CHRONIC_OUTPATIENT] if person.diseases else [])
    for layer in pack.layers:
        for visit_type in types:
            terms = layer.on(visit_type, person.day)
            asking = person._replace(situation=person.situation._replace(visit_type=visit_type))
            if not terms.none and terms.eligible.holds(asking.situation):
                found += (each._replace(layer=layer.id) for each in _of(terms, asking))
    return list(dict.fromkeys(found))


def _of(terms: Terms, person: Person) -> Iterable[Remaining]:
    match terms.rule:
        case RatioTerms():
            yield from _ratio(terms.rule, terms.pool, person)
        case BandTerms():
            deductible = terms.rule.deductible.read(person.situation)
            if deductible is not None and terms.rule.over == "stay":
                yield Remaining("", "deductible", "stay", _type(person), None, deductible.value, deductible.value)
            elif deductible is not None:
                yield _left("deductible", person, deductible.value, f"{terms.pool}.base")
        case AidTerms():
            yield from _aid(terms.rule, terms.pool, person)
        case OutOfPocketTerms():
            cap = terms.rule.cap.read(person.situation)
            if cap is not None:
                borne = person.used(f"{terms.pool}.base") - person.used(f"{terms.pool}.paid")
                yield Remaining("", "out_of_pocket", "year", _type(person), None, cap.value, max(0, cap.value - borne))
        case _:
            pass
    yield from _caps(terms, person)


def _ratio(rule: RatioTerms, pool: str, person: Person) -> Iterable[Remaining]:
    entering = rule.entering_ceiling.read(person.situation) if rule.entering_ceiling is not None else None
    if entering is not None and entering.value is not None:
        yield _left("entering", person, entering.value, f"{pool}.entered")
    deductible = rule.deductible
    if deductible is None:
        return
    for disease in person.diseases if deductible.by_disease is not None else ():
        limit = (deductible.by_disease or {}).get(disease)
        if limit is not None:
            used = person.sums.get((f"{person.day:%Y-%m}", f"{pool}.deductible.{disease}"), 0)
            left = max(0, limit.value - used)
            yield Remaining("", "deductible", "disease_month", _type(person), disease, limit.value, left)
    stated = deductible.amount.read(person.situation) if deductible.amount is not None else None
    if stated is None:
        return
    if deductible.per == "year":
        yield _left("deductible", person, stated.value, f"{pool}.deductible")
        return
    due = stated.value
    if deductible.repeat_factors:
        due, _ = of_repeated_stay(deductible, due, person.used("stays") + 1)
    yield Remaining("", "deductible", "stay", _type(person), None, stated.value, due)


def _aid(rule: AidTerms, pool: str, person: Person) -> Iterable[Remaining]:
    """Of several classes the one that pays most counts at each visit; here the largest cap stands for it."""
    classes = [one for one in rule.classes if one.when.holds(person.situation)]
    if not classes:
        return
    deductible = max(one.deductible for one in classes)
    if deductible and rule.deductible_pool is not None:
        yield _left("deductible", person, deductible, f"{rule.deductible_pool}.used")
    caps = [one.annual_cap for one in classes]
    if None not in caps:
        yield _left("cap", person, max(cap for cap in caps if cap is not None), f"{pool}.paid")


def _caps(terms: Terms, person: Person) -> Iterable[Remaining]:
    year = terms.caps.year.read(person.situation) if terms.caps.year is not None else None
    if year is not None and year.value is not None:
        yield _left("cap", person, year.value, f"{terms.pool}.paid")
    for disease in person.diseases if terms.caps.disease_year is not None else ():
        limit = (terms.caps.disease_year or {}).get(disease)
        if limit is not None:
            used = person.used(f"{terms.pool}.fund.{disease}")
            yield Remaining("", "cap", "disease_year", _type(person), disease, limit.value, max(0, limit.value - used))


def _left(what: str, person: Person, limit: int, name: str) -> Remaining:
    return Remaining("", what, "year", _type(person), None, limit, max(0, limit - person.used(name)))


def _type(person: Person) -> str:
    return person.situation.visit_type.value
