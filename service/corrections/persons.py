"""Joining two entries of one person: only while the one that goes has nothing settled."""

from service.claims.year import has_settlements
from service.registers.desk import Desk
from service.registers.entries import Coverage, Person
from service.registers.persons import join as entries
from service.registers.persons import store
from service.registers.persons.refusals import HasSettlements


async def join(desk: Desk, survivor_no: str, other_no: str, reason: str | None) -> tuple[Person, Coverage]:
    """
    Let the other entry's numbers, identities, insurance, cards and referrals go on under the surviving one.

    Settlements keep their number and the year's sums are the number's, so that an entry with live settlements is not
    joined away: raises `person.has_settlements`.
    """
    await entries.hold_both(desk, survivor_no, other_no)
    if await has_settlements(desk.tx, desk.county_code, other_no):
        raise HasSettlements("/other")
    person = await entries.join(desk, survivor_no, other_no, reason)
    coverage = await store.coverage_of(desk.tx, desk.county_code, [survivor_no])
    return person, coverage[survivor_no]
