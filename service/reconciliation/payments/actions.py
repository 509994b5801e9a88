"""What can be done about transfers: enter one, confirm that it arrived, enter that the bank sent it back."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from service.ids import new_id
from service.ledger.model import Cause, State
from service.money import yuan
from service.reconciliation import clearing
from service.reconciliation.deductions import offsets
from service.reconciliation.desk import Desk
from service.reconciliation.matching import differences
from service.reconciliation.payments import differing, store
from service.reconciliation.payments.store import Row
from service.reconciliation.refusals import (
    AllocationsTooLarge,
    PaidTooFarAhead,
    PaymentSettled,
    PaymentUnknown,
    ReferenceUsed,
    StatementUnknown,
)
from service.reconciliation.statements import actions as statements
from service.registers.refusals import HospitalUnknown

AHEAD: Final = timedelta(days=31)
"""How far ahead a transfer may be dated: an order given today for a coming due day, and no slip of the year."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """A bank transfer as it is entered; amounts in fen, allocations by statement."""

    payer: str
    hospital_code: str
    bank_reference: str
    paid_on: date
    amount: int
    allocations: tuple[tuple[UUID, int], ...]


async def pay(desk: Desk, transfer: Transfer) -> dict[str, Any]:
    """
    Enter a transfer and clear with it, line by line, what it pays of each statement.

    The ledger books it on the day it is entered, so that what stood on an account at the end of a day that is over
    never changes; the bank's day is kept with it. A statement that nobody has confirmed yet can be paid: money that
    the bank has moved is a fact, and paying and receiving in full agree to it by deed.
    What a statement cannot take is kept as the payer's prepayment. More or less than was open is a difference, not
    an error. Raises payer.unknown, hospital.unknown, payment.day, payment.allocations, payment.reference_used and
    statement.unknown.
    """
    desk.clearing(transfer.payer, desk.today)
    if transfer.paid_on > desk.today + AHEAD:
        raise PaidTooFarAhead("/paid_on")
    asked = dict(transfer.allocations)
    if len(asked) != len(transfer.allocations) or sum(asked.values()) > transfer.amount:
        raise AllocationsTooLarge("/allocations")
    owed = await statements.locked(desk, sorted(asked))
    if any((one["payer"], one["hospital_code"]) != (transfer.payer, transfer.hospital_code) for one in owed):
        raise StatementUnknown("/allocations")
    if not owed and not await store.is_hospital(desk.tx, desk.county_code, transfer.hospital_code):
        raise HospitalUnknown("/hospital_code")

    taken = {one["id"]: min(asked[one["id"]], _payable(one)) for one in owed}
    prepaid = transfer.amount - sum(taken.values())

    payment_id = new_id(desk.now)
    await _keep(desk, payment_id, transfer, taken)
    await clearing.enter(desk, desk.county_code, payment_id, Cause.PAYMENT)
    for one in owed:
        if taken[one["id"]]:
            moved = await clearing.move(desk, one, payment_id, taken[one["id"]], State.PAID, whole=True)
            assert moved == taken[one["id"]], "what was open of the lines is not what was open of the statement"
    if prepaid:
        await clearing.post_prepaid(desk, desk.county_code, transfer.payer, transfer.hospital_code, payment_id, prepaid)
    await _compare(desk, payment_id, transfer, owed, taken)
    await _tell(desk, "payment.entered", await find(desk, payment_id))
    await desk.note("payment.enter", subject=str(payment_id))
    return answer(await find(desk, payment_id))


def _payable(statement: Row) -> int:
    return 0 if statement["carried_into"] is not None else max(0, statement["outstanding"])


async def _keep(desk: Desk, payment_id: UUID, transfer: Transfer, taken: dict[UUID, int]) -> None:
    key = {"county_code": desk.county_code, "payment_id": payment_id}
    payment = {
        "county_code": desk.county_code,
        "id": payment_id,
        "payer": transfer.payer,
        "hospital_code": transfer.hospital_code,
        "bank_reference": transfer.bank_reference,
        "paid_on": transfer.paid_on,
        "amount": transfer.amount,
        **desk.author(),
    }
    allocations = [
        key | {"statement_id": statement_id, "asked": asked, "amount": taken[statement_id]}
        for statement_id, asked in transfer.allocations
    ]
    if not await store.add(desk.tx, payment, allocations):
        raise ReferenceUsed("/bank_reference")


async def _compare(desk: Desk, payment_id: UUID, transfer: Transfer, owed: list[Row], taken: dict[UUID, int]) -> None:
    """What a statement got beside what it was open for: too much or too little becomes a difference with an owner."""
    await differing.close_settled(desk, owed, note=f"payment {transfer.bank_reference}", payment_id=payment_id)
    asked = dict(transfer.allocations)
    spare = transfer.amount - sum(asked.values())
    for one in owed:
        given, opened = asked[one["id"]] + spare, _payable(one)
        spare = 0
        if given != opened:
            kind = "overpaid" if given > opened else "underpaid"
            found = {"kind": kind, "reference": transfer.bank_reference, "ours": opened, "theirs": given}
            await differences.open_many(desk, one, [found], payment_id=payment_id)
        if taken[one["id"]] and taken[one["id"]] == one["outstanding"]:
            await statements.tell(desk, "statement.paid", one)


async def receive(desk: Desk, payment_id: UUID) -> dict[str, Any]:
    """The hospital has the money. Raises payment.unknown and payment.already_settled."""
    return await _settle(desk, payment_id, "received", desk.today, "")


async def send_back(desk: Desk, payment_id: UUID, returned_on: date, reason: str) -> dict[str, Any]:
    """
    The bank sent the transfer back: what it had paid is open again, also what was offset with its surplus.

    Raises payment.unknown, payment.already_settled, and deduction.offset_carried.
    """
    return await _settle(desk, payment_id, "returned", returned_on, reason)


async def _settle(desk: Desk, payment_id: UUID, outcome: str, on_day: date, reason: str) -> dict[str, Any]:
    payment = await find(desk, payment_id)
    concerned = {UUID(one[0]) for one in payment["allocations"]}
    if outcome == "returned" and payment["prepaid"]:
        concerned |= {UUID(int=one["statement_id"].int) for one in await offsets.standing(desk, payment)}
    held = await statements.locked(desk, sorted(concerned))

    row = {
        "county_code": payment["county_code"],
        "id": new_id(desk.now),
        "payment_id": payment_id,
        "outcome": outcome,
        "on_day": on_day,
        "reason": reason,
        **desk.author(),
    }
    if not await store.settle(desk.tx, row):
        raise PaymentSettled("/payment_id")
    if outcome == "returned":
        await _reopen(desk, payment, row["id"], reason)
        note = f"payment {payment['bank_reference']} returned"
        await differing.close_settled(desk, held, note=note, returned=payment_id)
    await _tell(desk, f"payment.{outcome}", payment)
    await desk.note(f"payment.{outcome}", subject=str(payment_id))
    return answer(await find(desk, payment_id))


async def _reopen(desk: Desk, payment: Row, entry_id: UUID, reason: str) -> None:
    parties = payment["county_code"], payment["payer"], payment["hospital_code"]
    await clearing.enter(desk, parties[0], entry_id, Cause.RETURN)
    await clearing.undo(
        desk.tx,
        parties[0],
        payment["id"],
        entry_id,
        state=State.PAID,
        opened=State.RETURNED,
        on_day=desk.today,
    )
    if payment["prepaid"]:
        short = payment["prepaid"] - await clearing.prepaid(desk, *parties)
        rest = await offsets.give_back(desk, payment, short, reason) if short > 0 else None
        await clearing.post_prepaid(desk, *parties, entry_id, -payment["prepaid"])
        if rest is not None:
            await offsets.offset_anew(desk, *rest, reason)


async def find(desk: Desk, payment_id: UUID) -> Row:
    """A transfer that the caller may see. Raises payment.unknown."""
    found = await store.payments_of(desk, ids=[payment_id], limit=1)
    if not found:
        raise PaymentUnknown("/payment_id")
    return found[0]


async def _tell(desk: Desk, kind: str, payment: Row) -> None:
    await desk.tell(
        kind,
        payment["id"],
        county_code=payment["county_code"],
        hospital_code=payment["hospital_code"],
        payer=payment["payer"],
        amount=payment["amount"],
    )


def answer(row: Row) -> dict[str, Any]:
    """A transfer as it is answered."""
    return {
        "id": str(row["id"]),
        "county_code": row["county_code"],
        "payer": row["payer"],
        "hospital_code": row["hospital_code"],
        "bank_reference": row["bank_reference"],
        "paid_on": row["paid_on"],
        "amount": yuan(row["amount"]),
        "status": row["status"],
        "allocations": [
            {"statement_id": statement, "asked": yuan(asked), "amount": yuan(amount)}
            for statement, asked, amount in row["allocations"]
        ],
        "prepaid": yuan(row["prepaid"]),
        "entered_at": row["at"],
    }
