"""What can be done about referrals: enter, read, list, change."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from service.registers.checks import refuse_disorder
from service.registers.dated import hold
from service.registers.desk import Desk
from service.registers.entries import Referral
from service.registers.periods import Dated
from service.registers.referrals import store
from service.registers.referrals.store import REFERRALS
from service.registers.refusals import ReferralExists, ReferralUnknown


@dataclass(frozen=True, slots=True)
class Kept:
    """A referral under its number."""

    referral_no: str
    fact: Dated[Referral]


async def enter(desk: Desk, kept: Kept, reason: str | None) -> Kept:
    """Enter a referral; its number is used once in a county."""
    await hold(desk.tx, "referral", desk.county_code, kept.referral_no)
    if await store.referral(desk.tx, desk.county_code, kept.referral_no) is not None:
        raise ReferralExists("/referral_no")

    scope = {"county_code": desk.county_code, "referral_no": kept.referral_no}
    await REFERRALS.add(desk.tx, scope, [kept.fact], desk.author(reason))
    await desk.note("referral.enter", person_no=kept.fact.what.person_no, subject=kept.referral_no)
    return kept


async def look_up(desk: Desk, referral_no: str) -> Kept:
    known = await store.referral(desk.tx, desk.county_code, referral_no)
    if known is None:
        raise ReferralUnknown

    await desk.note("referral.read", person_no=known.fact.what.person_no, subject=referral_no)
    return Kept(referral_no, known.fact)


async def list_referrals(
    desk: Desk,
    *,
    person_no: str | None,
    hospital_code: str | None,
    on: date | None,
    after: tuple[Any, ...] | None,
    rows: int,
) -> list[Kept]:
    found = await store.referrals_of(
        desk.tx,
        desk.county_code,
        person_no=person_no,
        hospital_code=hospital_code,
        on=on,
        after=after,
        rows=rows,
    )
    return [Kept(number, each.fact) for number, each in found]


async def change(
    desk: Desk, referral_no: str, what: dict[str, Any], days: dict[str, date | None], reason: str | None
) -> Kept:
    """Supersede a referral by what is now known of it."""
    await hold(desk.tx, "referral", desk.county_code, referral_no)
    known = await store.referral(desk.tx, desk.county_code, referral_no)
    if known is None:
        raise ReferralUnknown

    after = replace(known.fact, what=replace(known.fact.what, **what), **days)
    refuse_disorder(after)

    scope = {"county_code": desk.county_code, "referral_no": referral_no}
    await REFERRALS.correct(desk.tx, scope, [known], [after], desk.author(reason))
    await desk.note("referral.change", person_no=after.what.person_no, subject=referral_no)
    return Kept(referral_no, after)


async def withdraw(desk: Desk, referral_no: str, reason: str | None) -> None:
    """A referral is believed no more; what was settled under it stays as it was decided."""
    await hold(desk.tx, "referral", desk.county_code, referral_no)
    known = await store.referral(desk.tx, desk.county_code, referral_no)
    if known is None:
        raise ReferralUnknown

    scope = {"county_code": desk.county_code, "referral_no": referral_no}
    await REFERRALS.correct(desk.tx, scope, [known], [], desk.author(reason))
    await desk.note("referral.withdraw", person_no=known.fact.what.person_no, subject=referral_no)
