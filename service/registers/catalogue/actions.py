"""What can be done about the catalogue: enter an item, read it on a day, change it from a day on."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from service.registers.catalogue.store import ITEMS
from service.registers.checks import refuse_disorder
from service.registers.dated import hold
from service.registers.desk import Desk
from service.registers.entries import CatalogueTerms
from service.registers.periods import ONE_DAY, Dated, amended, before
from service.registers.refusals import CatalogueUnknown


@dataclass(frozen=True, slots=True)
class Change:
    """
    What to change of an item from `as_of` on. `ends` says whether `valid_to` was given: then the item ends there.
    """

    values: dict[str, Any]
    as_of: date | None
    ends: bool
    valid_to: date | None
    reason: str | None


async def enter(desk: Desk, item_code: str, fact: Dated[CatalogueTerms], reason: str | None) -> Dated[CatalogueTerms]:
    """Enter an item's terms for days on which it has none yet."""
    scope = {"county_code": desk.county_code, "item_code": item_code}
    await ITEMS.add(desk.tx, scope, [fact], desk.author(reason))
    await desk.note("catalogue.enter", subject=item_code)
    return fact


async def look_up(desk: Desk, item_code: str, on: date) -> Dated[CatalogueTerms]:
    """An item's terms on a day."""
    known = await ITEMS.current(desk.tx, county_code=desk.county_code, item_code=item_code)
    return _on([each.fact for each in known], on)


async def change(desk: Desk, item_code: str, asked: Change) -> Dated[CatalogueTerms]:
    """Change an item's terms from a day on; the days before stay, and what was believed stays on record."""
    await hold(desk.tx, "catalogue", desk.county_code, item_code)
    scope = {"county_code": desk.county_code, "item_code": item_code}
    known = await ITEMS.current(desk.tx, **scope)
    facts, as_of = [each.fact for each in known], asked.as_of or desk.today
    _on(facts, as_of)

    after = amended(facts, as_of, lambda what: replace(what, **asked.values))
    if asked.ends:
        refuse_disorder(Dated(None, as_of, asked.valid_to))
        after = _ending(after, asked.valid_to)

    await ITEMS.correct(desk.tx, scope, known, after, desk.author(asked.reason))
    await desk.note("catalogue.change", subject=item_code)
    return _on(after, as_of)


def _on(facts: list[Dated[CatalogueTerms]], day: date) -> Dated[CatalogueTerms]:
    for fact in facts:
        if fact.holds_on(day):
            return fact
    raise CatalogueUnknown


def _ending(facts: list[Dated[CatalogueTerms]], valid_to: date | None) -> list[Dated[CatalogueTerms]]:
    """The facts until that day, the last of them lasting until it; None: its end is open."""
    kept = facts if valid_to is None else before(facts, valid_to + ONE_DAY)
    last = max(kept, key=lambda fact: fact.first)
    return [replace(fact, valid_to=valid_to) if fact is last else fact for fact in kept]
