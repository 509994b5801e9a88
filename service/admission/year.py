"""What remains of a person's year, at the hospital that asks."""

from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.model import Caller
from service.claims.year import sums_of
from service.policy.conditions import Situation, VisitType
from service.policy.model import Packs
from service.registers.facts import visit_facts
from service.registers.model import FactsAsked, KeyKind
from service.registers.recognition.actions import Recognised
from service.registers.referrals.store import referrals_of
from service.settlement.remaining import Person, Remaining, remaining
from service.words import HospitalLevel, Location


async def of_year(
    tx: AsyncConnection, caller: Caller, packs: Packs, found: Recognised, person_key: bytes
) -> list[Remaining] | None:
    """
    What is left of this year's deductibles and caps; None where no pack is in force today.

    Levels and places are those of the calling hospital, and a stay counts as referred where a referral to it is in
    force today; for the agency, those of a level-2 hospital in the county.
    """
    county_code, day = found.person.county_code, found.on
    pack = packs.on(county_code, day)
    if pack is None:
        return None
    person_no = found.person.person_no
    level, location, specialist, referred = HospitalLevel.LEVEL2, Location.COUNTY, False, False
    if caller.hospital_code is not None:
        key = (KeyKind.PERSON_NO.value, person_key)
        facts = await visit_facts(tx, FactsAsked(key, caller.hospital_code, day, day, day))
        if facts.hospital is not None:
            level, location = HospitalLevel(facts.hospital.level), Location(facts.hospital.location)
            specialist = facts.hospital.specialist
        referrals = await referrals_of(
            tx, county_code, person_no=person_no, hospital_code=caller.hospital_code, on=day, after=None, rows=1
        )
        referred = bool(referrals)
    identities = frozenset(each.what.identity_class for each in found.identities)
    situation = Situation(VisitType.INPATIENT, identities, location, level, specialist, referred)
    sums = await sums_of(tx, county_code, person_no, (str(day.year), f"{day:%Y-%m}"))
    diseases = tuple(sorted({card.what.disease_code for _, card in found.cards}))
    return remaining(pack, Person(situation, day, sums, diseases))
