"""A change as a whole: the settlement that it is about, and all that rests on it. Gathers and decides."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.model import Caller
from service.claims.actions import Desk
from service.claims.changes import anew, versions
from service.claims.changes.anew import Place
from service.claims.changes.chain import add, check_later, differ, later_than, years_of
from service.claims.changes.model import Change, Live, Made
from service.claims.changes.refusals import Unchanged
from service.claims.changes.reversal import flipped
from service.claims.changes.who_gets import share_out
from service.claims.model import Cause, Record
from service.claims.posting import ways
from service.claims.records import View, find
from service.errors import Text
from service.ids import new_id
from service.ledger import store as ledger
from service.ledger.postings import difference, out_of_reach
from service.settlement.model import Entry, SumKey


async def reversal(
    tx: AsyncConnection,
    caller: Caller,
    before: Record,
    desk: Desk,
    place: Place,
    *,
    reversal_id: UUID,
    now: datetime,
    reason: str,
    chain: bool,
) -> list[Made]:
    """The reversal, and with `chain` a new version of all that rests on it. Raises settlement.has_later."""
    later = later_than(before, place.lives, years_of(before.settlement.entries) | {str(before.last_day.year)})
    check_later(caller, before, later, chain=chain, reversal=True)
    assert before.case_id is not None
    claimed = await ledger.claimed(tx, before.county_code, before.case_id)
    beside = out_of_reach(claimed, ())
    record = flipped(before, caller, reversal_id, now, reason=reason, beside=beside)
    first = Made(record, before, before.settlement.entries, (), difference(claimed, beside))
    return [first, *await _chained(tx, caller, before, desk, place, later, (), now)]


async def readjudication(
    tx: AsyncConnection,
    caller: Caller,
    before: Record,
    change: Change,
    desk: Desk,
    place: Place,
    *,
    version_id: UUID,
    now: datetime,
    chain: bool,
) -> list[Made]:
    """
    The new version, and with `chain` one of all that rests on it.

    Raises settlement.has_later, settlement.unchanged, and what `anew.decided_anew` raises.
    """
    decided = await anew.decided_anew(tx, caller, before, change, desk, place, version_id=version_id, now=now)
    made = await version_of(tx, before, decided, change)
    _check_changed(made)
    entries = decided.settlement.entries
    if not differ(before.settlement.entries, entries):
        return [without_entries(made)]
    years = years_of([*before.settlement.entries, *entries]) | {str(before.last_day.year)}
    later = later_than(before, place.lives, years)
    check_later(caller, before, later, chain=chain, reversal=False)
    return [made, *await _chained(tx, caller, before, desk, place, later, entries, now)]


async def _chained(
    tx: AsyncConnection,
    caller: Caller,
    before: Record,
    desk: Desk,
    place: Place,
    later: Sequence[Live],
    entries: Sequence[Entry],
    now: datetime,
) -> list[Made]:
    """New versions of what rests on a change, oldest first, each on the sums that the ones before it leave."""
    sums: dict[SumKey, int] = place.before(before)
    add(sums, entries)
    rest = {live.settlement_id for live in later}
    found = []
    for live in place.lives:
        if live.order_no <= before.order_no:
            continue
        if live.settlement_id not in rest:
            add(sums, live.entries)
            continue
        record = await find(tx, live.settlement_id, View(before.county_code))
        assert record is not None
        decided = await anew.on_sums(tx, caller, record, desk, sums, version_id=new_id(now), now=now)
        found.append(await version_of(tx, record, decided, Change(Cause.CHAIN)))
        add(sums, decided.settlement.entries)
    return found


async def version_of(tx: AsyncConnection, before: Record, decided: Record, change: Change) -> Made:
    """What was decided anew as a new version, shared out by who had laid the money out."""
    assert before.case_id is not None
    borne = versions.borne_by(before, change.refused)
    shared = share_out(decided.settlement, anew.claim_of(decided), borne)
    claimed = await ledger.claimed(tx, before.county_code, before.case_id)
    postings, beside = versions.posted_by(shared, borne, claimed, decided)
    record = versions.version(before, decided, change, shared, borne, beside)
    return Made(record, before, before.settlement.entries, decided.settlement.entries, postings)


def without_entries(made: Made) -> Made:
    """A new version that leaves the person's sums as they are."""
    return Made(made.record, made.before, (), (), made.postings)


def _check_changed(made: Made) -> None:
    if is_unchanged(made):
        raise Unchanged(
            Text(
                "按现行登记与政策重新核算，结果与原结算一致，未生成新版本。",
                "By today's registers and law the settlement comes out as it is: no version was made.",
            )
        )


def is_unchanged(made: Made) -> bool:
    """Whether a new version would say nothing new."""
    return _substance(made.before) == _substance(made.record)


def _substance(record: Record) -> tuple[object, ...]:
    settlement, facts = record.settlement, record.trace["facts"]
    return (
        settlement.amounts,
        settlement.split,
        [way for way in ways(record.awards, on_hold=record.on_hold) if way[2]],
        sorted((entry.period, entry.name, entry.delta) for entry in settlement.entries),
        sorted(record.identities),
        record.pack_hash,
        record.bill,
        record.hospital_bears,
        record.on_hold,
        record.admitted_on,
        record.last_day,
        record.referral_no,
        record.disease_code,
        record.invoice_no,
        [tuple(one) for one in facts["diagnoses"]],
        facts["injury_note"],
    )
