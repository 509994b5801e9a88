"""
A visit decided anew: as the registers and the law have it today for its own days, on the sums at its place in the
order. Gathers and decides, records nothing.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.model import Caller
from service.claims import refusals as no
from service.claims import trace
from service.claims.actions import Desk
from service.claims.changes import store, versions
from service.claims.changes.chain import add, sums_before
from service.claims.changes.kept_order import is_same_bill, kept_order
from service.claims.changes.model import Change, Live
from service.claims.changes.refusals import ForeignVisit, Unchanged
from service.claims.decide import Facts, Making, decide
from service.claims.model import BillLine, Cause, History, Order, Record
from service.claims.prepare import gather
from service.errors import Refusal, Text
from service.settlement.model import Claim, SumKey
from service.settlement.waterfall import settle

_OF_ITS_OWN_FACTS = frozenset({Cause.REFUSAL, Cause.LATE_AID, Cause.AID_REFUSED})
"""Causes that say something about one layer: what else the registers say by now is not silently decided with it."""


@dataclass(frozen=True, slots=True)
class Place:
    """
    A person's live settlements in their order, and the running sums as they stand now.

    `bills`: of settlements that were decided anew in this place and are not written yet.
    """

    current: dict[SumKey, int]
    lives: list[Live]
    bills: Mapping[UUID, tuple[BillLine, ...]] = field(default_factory=dict)

    def before(self, record: Record) -> dict[SumKey, int]:
        """The sums on which the record stands, without it and all that came after."""
        return sums_before(self.current, self.lives, record.order_no)

    def with_version(self, of: UUID, version: Record) -> "Place":
        """As it will be when a new version stands in the place of a live settlement."""
        entries = version.settlement.entries
        lives = [live._replace(entries=entries) if live.settlement_id == of else live for live in self.lives]
        current = dict(self.current)
        add(current, (entry._replace(delta=-entry.delta) for live in self.lives for entry in live.entries))
        add(current, (entry for live in lives for entry in live.entries))
        return Place(current, lives, {**self.bills, of: version.bill})

    def parts_after(self, record: Record) -> list[Live]:
        own = (record.hospital_code, record.visit_no)
        return [live for live in self.lives if live.stay == own and live.order_no > record.order_no]


async def place_of(tx: AsyncConnection, record: Record) -> Place:
    """Where a record stands. The caller holds the person's turn."""
    return await place_of_person(tx, record.county_code, record.person_no)


async def place_of_person(tx: AsyncConnection, county_code: str, person_no: str) -> Place:
    """A person's settlements in their order. The caller holds the person's turn."""
    return Place(await store.sums(tx, county_code, person_no), await store.lives(tx, county_code, person_no))


async def decided_anew(
    tx: AsyncConnection,
    caller: Caller,
    before: Record,
    change: Change,
    desk: Desk,
    place: Place,
    *,
    version_id: UUID,
    now: datetime,
) -> Record:
    """
    What the visit is today, not yet shared out.

    Raises every refusal of `claims.refusals`, settlement.other_visit, and request.invalid.
    """
    if change.cause in _OF_ITS_OWN_FACTS:
        sums, granted = place.before(before), change.approved_aid
        return await on_sums(tx, caller, before, desk, sums, version_id=version_id, now=now, granted=granted)
    order = _order(before, change, desk)
    with pointed(at="/request" if change.order is not None else None):
        facts = await gather(tx, caller, order, desk.law.packs, now, county_code=before.county_code)
        _check_same(before, order, facts)
        _check_corrected(before, order, change, desk)
        await _check_parts(tx, before, change, place)
        history = await _history(tx, before, order, place)
        return decide(caller, order, facts, history, Making(now, version_id))


@contextmanager
def pointed(*, at: str | None) -> Iterator[None]:
    """Let a refusal point into the bill of the request, where it has one and `at` that; a kept bill is nowhere."""
    try:
        yield
    except Refusal as refusal:
        moved = [replace(error, pointer=f"{at}{error.pointer}") for error in refusal.errors]
        refusal.errors = tuple(moved) if at is not None else ()
        raise


async def on_sums(
    tx: AsyncConnection,
    caller: Caller,
    before: Record,
    desk: Desk,
    sums: dict[SumKey, int],
    *,
    version_id: UUID,
    now: datetime,
    granted: int | None = None,
) -> Record:
    """
    The visit under the facts and the law it was decided on, with other sums before it; not yet shared out.

    `granted`: what the township has now granted of the expected aid (fen).
    """
    claim = trace.claim_of(before.trace["claim"], before.bill)
    if granted is not None:
        claim = replace(claim, approved_aid=granted)
    stay = f"stay:{before.hospital_code}:{before.visit_no}"
    periods = {claim.year, claim.month, stay}
    claim = replace(claim, sums={key: value for key, value in sums.items() if key[0] in periods and value})
    decided = settle(claim, await desk.law.by_hash(tx, before.pack_hash))
    return versions.with_settlement(before, claim, decided, caller, version_id, now)


def claim_of(anew: Record) -> Claim:
    """The kernel's claim of what was decided anew."""
    return trace.claim_of(anew.trace["claim"], anew.bill)


def _order(before: Record, change: Change, desk: Desk) -> Order:
    kept = kept_order(before, desk.vault)
    if change.order is not None:
        invoice_no = change.order.invoice_no or kept.invoice_no
        kept = replace(change.order, advances=kept.advances, approved_aid=kept.approved_aid, invoice_no=invoice_no)
    return replace(kept, third_party=change.third_party) if change.third_party is not None else kept


def _check_same(before: Record, order: Order, facts: Facts) -> None:
    ordered = (order.hospital_code, order.visit_no, order.interim_no, order.visit_type, facts.person.person_no)
    kept = (before.hospital_code, before.visit_no, before.interim_no, before.visit_type, before.person_no)
    if ordered != kept or facts.person.county_code != before.county_code:
        raise ForeignVisit(
            Text(
                "更正账单须为同一医院、就诊号、分段、类别与人员；如不是，请冲正后另行结算。",
                "A corrected bill is of the same hospital, visit, part, type and person: otherwise reverse this"
                " settlement and settle the other visit.",
            ),
            pointer="",
        )


def _check_corrected(before: Record, order: Order, change: Change, desk: Desk) -> None:
    """A hospital corrects its own bill; what others know of the visit by now is the agency's to bring in."""
    if change.cause == Cause.HOSPITAL_CORRECTION and is_same_bill(order, kept_order(before, desk.vault)):
        raise Unchanged(
            Text(
                "更正后的账单与原账单一致，未生成新版本；如因登记信息或政策变化，请由医保经办机构重新核算。",
                "The corrected bill is the one on record: no version was made. Where registers or law have changed,"
                " ask the agency.",
            )
        )


async def _check_parts(tx: AsyncConnection, before: Record, change: Change, place: Place) -> None:
    """Later parts of a stay begin where this one ends, and may return what it charged."""
    later = place.parts_after(before)
    if change.order is None or not later:
        return
    if (change.order.admitted_on, change.order.last_day) != (before.admitted_on, before.last_day):
        raise no.VisitDates(
            Text(
                "其后各段已结算，本段起止日期不能更改；请先冲正后面的各段。",
                "Later parts of this stay are settled, so its days stand: reverse those parts first.",
            ),
            pointer="/discharged_on",
        )
    bills = await store.bills(tx, before.county_code, [live.settlement_id for live in later])
    if any(line.quantity < 0 for line in bills):
        raise no.NetNegative(
            Text(
                "其后各段有退费，可能退的是本段的费用；请先冲正后面的各段。",
                "A later part of this stay returns items that this one may have charged: reverse that part first.",
            ),
            pointer="/fee_lines",
        )


async def _history(tx: AsyncConnection, before: Record, order: Order, place: Place) -> History:
    visits = await store.visits(tx, before)
    earlier = {live.settlement_id for live in place.lives if live.order_no < before.order_no}
    own = (before.hospital_code, before.visit_no)
    parts = tuple(v for v in visits if (v.hospital_code, v.visit_no) == own and v.settlement_id in earlier)
    others = tuple(
        v
        for v in visits
        if (v.hospital_code, v.visit_no) != own and v.admitted_on <= order.last_day and v.last_day >= order.admitted_on
    )
    periods = {str(order.last_day.year), f"{order.last_day:%Y-%m}", order.stay_period}
    sums = {key: value for key, value in place.before(before).items() if key[0] in periods and value}
    lines = tuple(line for part in parts for line in place.bills.get(part.settlement_id, ()))
    kept = [part.settlement_id for part in parts if part.settlement_id not in place.bills]
    if kept:
        lines += await store.bills(tx, before.county_code, kept)
    return History(before.order_no, sums, parts, others, lines)
