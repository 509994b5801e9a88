"""What can be done about a batch: make it, release it, withdraw it, take in what the bank says."""

from datetime import date
from typing import Any
from uuid import UUID

from service.claims.query_code import check_digit
from service.claims.year import take_turns
from service.ids import new_id
from service.ledger.model import PERSON
from service.ledger.model import State as Stands
from service.money import yuan
from service.payouts import refusals as no
from service.payouts.batches import store
from service.payouts.batches.answers import answer, as_left_out, as_ordered, tell
from service.payouts.batches.gather import candidates, gather
from service.payouts.batches.layouts import LAYOUTS
from service.payouts.batches.model import TRANSITIONS, Ordered, State, Step, Transfer
from service.payouts.batches.moving import hops, move, outcome_row, step_row
from service.payouts.items.store import not_owed
from service.reconciliation.desk import Desk

Row = dict[str, Any]


async def make(desk: Desk, ordered: Ordered, *, dry_run: bool) -> dict[str, Any]:
    """
    Put what a payer owes to patients into a batch: one transfer a person. `dry_run` shows it and keeps nothing.

    Raises payer.unknown, period.no_calendar, payout.operator_missing, payout.layout_unknown, payout.pay_on and
    payout.nothing.
    """
    desk.clearing(ordered.payer, desk.today)
    if ordered.layout not in LAYOUTS:
        raise no.LayoutUnknown("/layout")
    if ordered.pay_on < desk.today:
        raise no.PayOnPast("/pay_on")
    _named(desk)

    number = await store.take_number(desk.tx, desk.county_code)
    person_nos = await candidates(desk, ordered.payer, ordered.wanted)
    if not dry_run:
        await take_turns(desk.tx, desk.county_code, person_nos)
    transfers, left_out = await gather(desk, ordered.payer, ordered.wanted, person_nos)
    shown: dict[str, Any] = {"left_out": [as_left_out(each) for each in left_out]}
    named = [*(each.person_no for each in transfers), *(each.person_no for each in left_out)]
    if dry_run:
        total = sum(each.amount for each in transfers)
        await desk.note_shown("payout.preview", named, subject=ordered.payer)
        return shown | {"batch": None, "total": yuan(total), "items": [as_ordered(each) for each in transfers]}
    if not transfers:
        raise no.NothingToPay(left_out=shown["left_out"])

    batch_id = await _keep(desk, ordered, number, transfers)
    batch = await find(desk, batch_id)
    await tell(desk, "payout.made", batch)
    await desk.note_shown("payout.make", named, subject=batch_id)
    return shown | {"batch": answer(batch), "total": yuan(batch["total"]), "items": None}


def _named(desk: Desk) -> str:
    if desk.caller.operator is None:
        raise no.OperatorMissing("/X-Operator")
    return desk.caller.operator


async def _keep(desk: Desk, ordered: Ordered, number: int, transfers: list[Transfer]) -> UUID:
    batch_id, step_id = new_id(desk.now), new_id(desk.now)
    wanted = ordered.wanted
    batch = {
        "county_code": desk.county_code,
        "id": batch_id,
        "number": number,
        "payer": ordered.payer,
        "pay_on": ordered.pay_on,
        "layout": ordered.layout,
        "filter": {
            "kinds": None if wanted.kinds is None else sorted(wanted.kinds),
            "township_code": wanted.township_code,
            "person_nos": wanted.person_nos,
        },
        "line_count": len(transfers),
        "total": sum(each.amount for each in transfers),
        **desk.author(),
    }
    items, parts = [], []
    for line_no, each in enumerate(transfers, 1):
        item = _item(desk, batch_id, number, line_no, each)
        items.append(item)
        parts += _parts(item, ordered.payer, each)
    await store.add(desk.tx, batch, items, parts)
    await store.add_step(desk.tx, step_row(desk, step_id, batch_id, Step.MADE))
    await move(desk, step_id, [(item["id"], Stands.UNBILLED, Stands.BILLED) for item in items])
    return batch_id


def _item(desk: Desk, batch_id: UUID, number: int, line_no: int, transfer: Transfer) -> Row:
    item_id, reference = new_id(desk.now), f"{number:07}{line_no:06}"
    return {
        "county_code": desk.county_code,
        "id": item_id,
        "batch_id": batch_id,
        "line_no": line_no,
        "reference": reference + check_digit(reference),
        "person_no": transfer.person_no,
        "relation": transfer.relation,
        "account_enc": store.seal(desk.vault, item_id, transfer.account),
        "account_key": store.account_key(desk.vault, transfer.account),
        "amount": transfer.amount,
        "attempt": transfer.attempt,
    }


def _parts(item: Row, payer: str, transfer: Transfer) -> list[Row]:
    own = {"county_code": item["county_code"], "item_id": item["id"], "payer": payer, "live": True}
    return [
        own | {"position": position, "origin": part.origin, "layer": part.layer, "amount": part.amount}
        for position, part in enumerate(transfer.parts)
    ]


async def release(desk: Desk, batch_id: UUID) -> dict[str, Any]:
    """
    A second person lets the batch go to the bank.

    Raises payout.unknown, .state, .operator_missing, .same_person, and .changed where a claim in it owes less by now.
    """
    _named(desk)
    batch = await held(desk, batch_id, Step.RELEASED)
    if not desk.caller.is_another_than(batch["client_id"], batch["operator"]):
        raise no.SamePerson("/X-Operator")
    await take_turns(desk.tx, desk.county_code, await store.payees_of(desk.tx, desk.county_code, batch_id))
    changed = await _owing_less(desk, batch)
    if changed:
        raise no.BatchChanged(person_nos=changed)
    await store.add_step(desk.tx, step_row(desk, new_id(desk.now), batch_id, Step.RELEASED))
    return await _done(desk, "payout.released", batch_id)


async def _owing_less(desk: Desk, batch: Row) -> list[str]:
    """Of whom a claim in the batch owes less by now than is ordered of it."""
    parts = await store.claims_of(desk.tx, desk.county_code, batch["id"])
    found = await not_owed(desk.tx, desk.county_code, {case_id for case_id, _ in parts})
    ours = [each for each in found if each.payer == batch["payer"] and (each.case_id, each.layer) in parts]
    return sorted({each.payee.removeprefix(PERSON) for each in ours if each.too_much})


async def withdraw(desk: Desk, batch_id: UUID, reason: str) -> dict[str, Any]:
    """Give up a batch that nobody has released: what is in it is open again. Raises payout.unknown and .state."""
    await held(desk, batch_id, Step.WITHDRAWN)
    items = await store.items_of(desk, batch_id=batch_id, limit=None)
    await take_turns(desk.tx, desk.county_code, await store.payees_of(desk.tx, desk.county_code, batch_id))
    step_id = new_id(desk.now)
    await store.add_step(desk.tx, step_row(desk, step_id, batch_id, Step.WITHDRAWN, reason=reason))
    await move(desk, step_id, [(item["id"], Stands.BILLED, Stands.UNBILLED) for item in items])
    await store.end(desk.tx, desk.county_code, [item["id"] for item in items])
    return await _done(desk, "payout.withdrawn", batch_id)


async def conclude(desk: Desk, batch_id: UUID, content_hash: bytes, said: dict[UUID, str | None], on_day: date) -> None:
    """The bank has answered: for each transfer why it came back, or None where it was paid. The caller holds it."""
    await take_turns(desk.tx, desk.county_code, await store.payees_of(desk.tx, desk.county_code, batch_id))
    step_id = new_id(desk.now)
    await store.add_step(desk.tx, step_row(desk, step_id, batch_id, Step.ANSWERED, content_hash=content_hash))
    await store.add_outcomes(
        desk.tx, [outcome_row(desk, step_id, item_id, on_day, reason) for item_id, reason in said.items()]
    )
    await move(desk, step_id, [hop for item_id, why in said.items() for hop in hops(item_id, Stands.BILLED, why)])
    await store.end(desk.tx, desk.county_code, list(said))


async def find(desk: Desk, batch_id: UUID) -> Row:
    """A batch that the caller may see. Raises payout.unknown."""
    found = await store.batches_of(desk, batch_id=batch_id, limit=1)
    if not found:
        raise no.BatchUnknown("/batch_id")
    return found[0]


async def held(desk: Desk, batch_id: UUID, step: Step) -> Row:
    """The batch, with nobody else changing it, where this step may follow. Raises payout.unknown and payout.state."""
    await find(desk, batch_id)
    await store.hold(desk.tx, desk.county_code, batch_id)
    batch = await find(desk, batch_id)
    if (State(batch["status"]), step) not in TRANSITIONS:
        raise no.WrongState(state=batch["status"])
    return batch


async def _done(desk: Desk, kind: str, batch_id: UUID) -> dict[str, Any]:
    batch = await find(desk, batch_id)
    await tell(desk, kind, batch)
    await desk.note(kind, subject=str(batch_id))
    return answer(batch)
