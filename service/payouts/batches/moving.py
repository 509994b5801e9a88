"""What every change of a batch writes: the step, what the bank said, and the postings that move the money."""

from datetime import date
from typing import Any
from uuid import UUID

from service.ledger import store as ledger
from service.ledger.model import Cause, Entry, State
from service.payouts.batches import store
from service.reconciliation.desk import Desk

Row = dict[str, Any]
Hop = tuple[UUID, str, str]


async def move(desk: Desk, step_id: UUID, hops: list[Hop]) -> None:
    """Book the moves of transfers (item, from, to) as the entry of a step."""
    await ledger.enter(desk.tx, Entry(desk.county_code, step_id, Cause.PAYOUT, None, None, desk.now, desk.today))
    await store.move(desk.tx, desk.county_code, step_id, desk.today, hops)


def hops(item_id: UUID, source: State, reason: str | None) -> list[Hop]:
    """The moves of a transfer that was paid, or that came back for a reason."""
    if reason is None:
        return [(item_id, source, State.PAID)]
    # What came back is open again, as if nobody had ordered it: a later version of the claim still reaches it.
    return [(item_id, source, State.RETURNED), (item_id, State.RETURNED, State.UNBILLED)]


def step_row(desk: Desk, step_id: UUID, batch_id: UUID, kind: str, **more: Any) -> Row:
    """A step as it is kept."""
    return {"county_code": desk.county_code, "id": step_id, "batch_id": batch_id, "kind": kind, **more, **desk.author()}


def outcome_row(desk: Desk, step_id: UUID, item_id: UUID, on_day: date, reason: str | None) -> Row:
    """What the bank said of a transfer, as it is kept."""
    return {
        "county_code": desk.county_code,
        "item_id": item_id,
        "outcome": "paid" if reason is None else "returned",
        "step_id": step_id,
        "on_day": on_day,
        "reason": reason,
    }
