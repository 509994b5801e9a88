"""What can be done about a single transfer: enter that it came back late, and let a clerk decide."""

from datetime import date
from typing import Any
from uuid import UUID

from service.claims.year import take_turns
from service.ids import new_id
from service.ledger.model import State
from service.payouts import refusals as no
from service.payouts.batches import store
from service.payouts.batches.answers import as_transfer
from service.payouts.batches.moving import hops, move, outcome_row, step_row
from service.reconciliation.desk import Desk

Row = dict[str, Any]


async def come_back(desk: Desk, item_id: UUID, on_day: date, reason: str) -> dict[str, Any]:
    """A transfer that the bank had reported as paid came back. Raises payout.item_unknown and payout.state."""
    item = await find_item(desk, item_id)
    await store.hold(desk.tx, desk.county_code, item["batch_id"])
    payees = await store.payees_of(desk.tx, desk.county_code, item["batch_id"], item_id)
    await take_turns(desk.tx, desk.county_code, payees)
    item = await find_item(desk, item_id)
    if item["status"] != "paid":
        raise no.WrongState(state=item["status"])
    step_id = new_id(desk.now)
    await store.add_step(desk.tx, step_row(desk, step_id, item["batch_id"], "returned", item_id=item_id, reason=reason))
    await store.add_outcomes(desk.tx, [outcome_row(desk, step_id, item_id, on_day, reason)])
    await move(desk, step_id, hops(item_id, State.PAID, reason))
    await desk.note("payout.returned", subject=str(item_id), person_no=item["person_no"])
    return as_transfer(desk.vault, await find_item(desk, item_id))


async def clear(desk: Desk, item_id: UUID, reason: str) -> dict[str, Any]:
    """
    A clerk lets what came back be ordered again as it is.

    Raises payout.item_unknown, payout.state, and payout.operator_missing where nobody is named for it.
    """
    if desk.caller.operator is None:
        raise no.OperatorMissing("/X-Operator")
    item = await find_item(desk, item_id)
    await store.hold(desk.tx, desk.county_code, item["batch_id"])
    item = await find_item(desk, item_id)
    if item["status"] != "clerk" and (item["status"] != "returned" or item["cleared"]):
        raise no.WrongState(state=item["status"])
    step = step_row(desk, new_id(desk.now), item["batch_id"], "cleared", item_id=item_id, reason=reason)
    await store.add_step(desk.tx, step)
    await desk.note("payout.cleared", subject=str(item_id), person_no=item["person_no"])
    return as_transfer(desk.vault, await find_item(desk, item_id))


async def find_item(desk: Desk, item_id: UUID) -> Row:
    """A transfer that the caller may see. Raises payout.item_unknown."""
    found = await store.items_of(desk, item_id=item_id, limit=1)
    if not found:
        raise no.ItemUnknown("/item_id")
    return found[0]
