"""Years of visits settled one after another under the reference packs."""

from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from hypothesis import settings

from service.policy.load import shipped_packs
from service.policy.model import Pack
from service.settlement.model import Claim, Settlement
from service.settlement.waterfall import settle
from tests.cases.claims import Person
from tests.settlement.strategies import Bill, Step

COUNTY = "459901"

moderate = settings(max_examples=60, deadline=None)


class Settled(NamedTuple):
    visit: dict[str, Any]
    claim: Claim
    pack: Pack
    settlement: Settlement


def pack_on(day: date) -> Pack:
    pack = shipped_packs().on(COUNTY, day)
    assert pack is not None
    return pack


def settled(year: list[Step]) -> list[Settled]:
    """The visits of a year settled one after another."""
    person, done = Person(), []
    for visit, bill in year:
        claim = person.claim(visit, bill)
        pack = pack_on(claim.day)
        done.append(Settled(visit, claim, pack, person.settle(claim, pack)))
    return done


def with_lines(one: Settled, bill: Bill) -> Settlement:
    """The same visit at the same place in the year with another bill."""
    return settle(replace(one.claim, lines=Person().claim(one.visit, bill).lines), one.pack)


def paid(settlement: Settlement) -> dict[str, int]:
    return {award.layer: award.paid for award in settlement.awards}
