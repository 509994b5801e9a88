"""Renewing an agreement, also with effect in the past, or with another insurer from one day to the next."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from service.claims import touched as claims
from service.claims.model import Record
from service.ids import new_id
from service.policy.model import Packs
from service.registers.agreements import actions, store
from service.registers.agreements.actions import Kept
from service.registers.agreements.store import AGREEMENTS
from service.registers.checks import refuse_disorder
from service.registers.dated import hold
from service.registers.desk import Desk
from service.registers.entries import Agreement
from service.registers.periods import ONE_DAY, Dated, first_overlap
from service.registers.refusals import AgreementOverlap, AgreementUnknown

_MANY: Final = 10_000


@dataclass(frozen=True, slots=True)
class Renewal:
    """What follows an agreement. `insurer` None: the same one."""

    policy_no: str
    valid_from: date
    valid_to: date | None
    insurer: str | None
    reason: str | None
    dry_run: bool


class Affected(NamedTuple):
    """A settlement made under other agreements than are in force now, and what would have gone another way."""

    settlement_id: UUID
    record: Record
    insurers_before: list[str]
    insurers_after: list[str]
    differences: list[claims.Difference] | None


class Renewed(NamedTuple):
    """The new agreement (without an id in a dry run), the one before, and the settlements that it would change."""

    agreement: Kept
    before: Kept
    affected: list[Affected]


async def renew(desk: Desk, packs: Packs, agreement_id: UUID, asked: Renewal) -> Renewed:
    """
    Enter the agreement that follows; the one before ends on the day before where it has not ended yet.

    Settlements stay as they are: those on days on which another insurer's agreement, or none any more, is in force are
    listed, to be re-adjudicated. A dry run lists them and changes nothing. Raises `agreement.unknown` and
    `agreement.overlap`.
    """
    await hold(desk.tx, "agreement", desk.county_code, agreement_id)
    known = await store.agreement(desk.tx, desk.county_code, agreement_id)
    if known is None:
        raise AgreementUnknown
    old = known.fact
    what = Agreement(asked.insurer or old.what.insurer, old.what.hospital_code, asked.policy_no)
    new = Dated(what, asked.valid_from, asked.valid_to)
    ended = replace(old, valid_to=min(old.last, asked.valid_from - ONE_DAY)) if old.last >= asked.valid_from else old
    refuse_disorder(new)
    refuse_disorder(ended, "/valid_from")
    others = await _others(desk, what.hospital_code, agreement_id)
    if first_overlap([*others, new], [each.what.insurer for each in (*others, new)]) is not None:
        raise AgreementOverlap("/valid_from")

    kept = Kept(new_id(desk.now), new)
    if not asked.dry_run:
        scope = {"county_code": desk.county_code, "agreement_id": agreement_id}
        await AGREEMENTS.correct(desk.tx, scope, [known], [ended], desk.author(asked.reason))
        kept = await actions.enter(desk, new, asked.reason)
    last = max(new.last, old.last) if old.last >= new.first else new.last
    affected = await _affected(desk, packs, [*others, ended, new], Dated(what, new.first, last))
    await desk.note("agreement.renew", subject=str(agreement_id))
    return Renewed(kept, Kept(agreement_id, ended), affected)


async def _others(desk: Desk, hospital_code: str, agreement_id: UUID) -> list[Dated[Agreement]]:
    """The hospital's agreements but for one."""
    found = await store.agreements_of(
        desk.tx, desk.county_code, hospital_code=hospital_code, insurer=None, on=None, after=None, rows=_MANY
    )
    return [each.fact for number, each in found if number != agreement_id]


async def _affected(
    desk: Desk, packs: Packs, agreements: Sequence[Dated[Agreement]], days: Dated[Agreement]
) -> list[Affected]:
    """The settlements on these days that were made under other insurers' agreements than these."""
    if days.first > desk.today:
        return []
    hospital_code = days.what.hospital_code
    affected = []
    for each in await claims.made_under(desk.tx, desk.county_code, hospital_code, days.first, days.last):
        after = frozenset(one.what.insurer for one in agreements if one.holds_on(each.last_day))
        if after == each.insurers:
            continue
        record = await claims.kept(desk.tx, desk.county_code, each.settlement_id)
        assert record is not None
        differences = claims.with_agreements(record, after, packs)
        affected.append(Affected(each.settlement_id, record, sorted(each.insurers), sorted(after), differences))
    return affected
