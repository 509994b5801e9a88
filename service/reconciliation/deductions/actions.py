"""What settles a statement beside payment: deduct, release a retention, hold a line back."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from service.claims.changes import refusing
from service.errors import Text
from service.ids import new_id
from service.ledger.model import Cause, State, hospital
from service.money import yuan
from service.reconciliation import clearing
from service.reconciliation.deductions import recoveries, store
from service.reconciliation.deductions.refusals import DocumentUsed, LineUnknown
from service.reconciliation.deductions.store import Row
from service.reconciliation.desk import Desk
from service.reconciliation.payments import differing
from service.reconciliation.refusals import (
    DeductionTooLarge,
    DeductionUnknown,
    NoPrepayment,
    NotReleasable,
    StatementClosed,
)
from service.reconciliation.statements import actions as statements
from service.reconciliation.statements import netted
from service.reconciliation.statements.netted import Standing


@dataclass(frozen=True, slots=True)
class Asked:
    """A deduction as it is asked for; the amount in fen, `lines` empty for the statement as a whole."""

    kind: str
    amount: int
    lines: tuple[int, ...]
    document_no: str | None
    reason: str


async def deduct(desk: Desk, statement_id: UUID, asked: Asked) -> dict[str, Any]:
    """
    Settle part of a statement without money: a retention, the offset of a prepayment, a refusal after review, a
    recovery after inspection.

    The hospital bears it, never the patient. A refusal writes a version of each settlement of which it takes a part;
    nothing else changes one. What a recovery cannot take of this statement, even all of it, is taken of later ones.
    Raises statement.unknown, statement.closed, deduction.line_unknown,
    deduction.too_large, deduction.no_prepayment and deduction.document_used.
    """
    also = await differing.statements_of(desk, statement_id) if asked.kind == "prepayment_offset" else []
    statement, *others = await statements.locked(desk, [statement_id, *also])
    if asked.kind == "recovery":
        return await _recover(desk, statement, asked)
    row = await take(desk, statement, asked)
    await differing.close_settled(desk, [statement, *others], note=asked.reason)
    return answer(row)


async def _check_lines(desk: Desk, statement: Row, asked: Asked) -> None:
    """Raises deduction.line_unknown."""
    known = await store.line_numbers(desk.tx, statement, asked.lines)
    unknown = [one for one in asked.lines if one not in known]
    if unknown:
        named = ", ".join(map(str, unknown[:10]))
        raise LineUnknown(
            "/lines", detail=Text(f"结算单中没有这些行号：{named}。", f"The statement has no lines {named}.")
        )


async def _standing(desk: Desk, statement: Row, asked: Asked) -> dict[UUID, Standing]:
    """The cases of the lines named, as they stand."""
    names = ("county_code", "payer", "hospital_code")
    key = {name: statement[name] for name in names}
    key |= {"statement_id": statement["id"], "payee": hospital(statement["hospital_code"])}
    return await netted.standing_of(desk.tx, key, asked.lines, desk.today)


async def _recover(desk: Desk, statement: Row, asked: Asked) -> dict[str, Any]:
    """Keep a recovery, and take what this statement can give."""
    await _check_lines(desk, statement, asked)
    cases = await _standing(desk, statement, asked)
    limit = sum(one.left for one in cases.values()) if asked.lines else await store.recoverable(desk.tx, statement)
    if asked.amount > limit:
        raise DeductionTooLarge("/amount", detail=_recoverable(limit))
    row = {
        "county_code": statement["county_code"],
        "id": new_id(desk.now),
        "statement_id": statement["id"],
        "payer": statement["payer"],
        "hospital_code": statement["hospital_code"],
        "document_no": asked.document_no,
        "amount": asked.amount,
        "lines": list(asked.lines),
        "reason": asked.reason,
        **desk.author(),
    }
    if not await recoveries.keep(desk.tx, row, _shared(cases, asked.amount)):
        raise DocumentUsed("/document_no")

    line_nos = list(asked.lines)
    closed = statement["carried_into"] is not None or statement["status"] == "closed"
    opened = await clearing.open_of(desk, statement, line_nos) if line_nos else statement["outstanding"]
    now = 0 if closed else max(0, min(asked.amount, opened, statement["outstanding"]))
    if now:
        await recoveries.take(desk, statement, row, now, line_nos)
        await statements.tell(desk, "statement.deducted", statement, amount=now, deduction="recovery")
        await differing.close_settled(desk, [statement], note=asked.reason)
    await desk.note("statement.deduct", subject=str(statement["id"]))
    return answer(row | {"kind": "recovery", "released": False, "taken": now, "left": asked.amount - now})


def _shared(cases: dict[UUID, Standing], amount: int) -> dict[UUID, int]:
    """What of a recovery is for which case: as much as each still has, in the cases' order."""
    shared: dict[UUID, int] = {}
    for case_id, standing in sorted(cases.items()):
        shared[case_id] = min(amount, standing.left)
        amount -= shared[case_id]
    return {case_id: part for case_id, part in shared.items() if part}


def _recoverable(limit: int) -> Text:
    most = yuan(limit)
    return Text(
        f"扣除已拒付、已追回和已冲正的部分后，最多可追回 {most} 元。",
        f"Less what was refused, recovered or reversed before, at most {most} yuan can be recovered.",
    )


async def take(desk: Desk, statement: Row, asked: Asked) -> Row:
    """The deduction itself, on a statement whose lock the caller holds."""
    county_code, payer, hospital_code = statement["county_code"], statement["payer"], statement["hospital_code"]
    if statement["carried_into"] is not None or statement["status"] == "closed":
        raise StatementClosed("/statement_id")
    line_nos = list(asked.lines) or None
    await _check_lines(desk, statement, asked)
    opened = await clearing.open_of(desk, statement, line_nos) if line_nos else statement["outstanding"]
    if asked.amount > min(opened, statement["outstanding"]):
        raise DeductionTooLarge("/amount")
    offset = asked.kind == "prepayment_offset"
    if offset and await clearing.prepaid(desk, county_code, payer, hospital_code) < asked.amount:
        raise NoPrepayment("/amount")

    row = {
        "county_code": county_code,
        "id": new_id(desk.now),
        "statement_id": statement["id"],
        "kind": asked.kind,
        "amount": asked.amount,
        "lines": list(asked.lines),
        "document_no": asked.document_no,
        "reason": asked.reason,
        **desk.author(),
    }
    await store.add(desk.tx, row)
    await clearing.enter(desk, county_code, row["id"], Cause.DEDUCTION)
    moved = await clearing.move(desk, statement, row["id"], asked.amount, State.DEDUCTED, line_nos=line_nos)
    assert moved == asked.amount, "what was open of the lines is not what was open of the statement"
    if offset:
        await clearing.post_prepaid(desk, county_code, payer, hospital_code, row["id"], -asked.amount)
    if asked.kind == "refusal":
        await _refuse(desk, statement, asked, row["id"])
    await statements.tell(desk, "statement.deducted", statement, amount=asked.amount, deduction=asked.kind)
    await desk.note("statement.deduct", subject=str(statement["id"]))
    return row | {"released": False, "taken": asked.amount, "left": 0}


async def _refuse(desk: Desk, statement: Row, asked: Asked, deduction_id: UUID) -> None:
    """The versions that a refusal writes, of the cases of which its money was taken. Raises deduction.too_large."""
    county_code, payer = statement["county_code"], statement["payer"]
    refused = await store.taken(desk.tx, county_code, deduction_id)
    await refusing.take_turns(desk.tx, county_code, refused)
    if asked.lines:
        cases = await _standing(desk, statement, asked)
        # What was reversed, refused or lowered since is not owed any more: nothing of it is left to refuse.
        if any(one.taken > max(0, one.claimed) for case_id, one in cases.items() if case_id in refused):
            raise DeductionTooLarge("/amount")
    await refusing.refuse(desk.tx, desk.caller, county_code, payer, refused, desk.claims, reason=asked.reason)


async def release(desk: Desk, statement_id: UUID, deduction_id: UUID, reason: str) -> dict[str, Any]:
    """
    Owe a retention again. Raises statement.unknown, deduction.unknown and deduction.not_releasable.
    """
    statement = (await statements.locked(desk, [statement_id]))[0]
    deduction = await store.find(desk.tx, statement["county_code"], statement_id, deduction_id)
    if deduction is None:
        raise DeductionUnknown("/deduction_id")

    row = {
        "county_code": statement["county_code"],
        "id": new_id(desk.now),
        "deduction_id": deduction_id,
        "reason": reason,
        **desk.author(),
    }
    if deduction["kind"] != "retention" or not await store.release(desk.tx, row):
        raise NotReleasable("/deduction_id")
    await clearing.enter(desk, statement["county_code"], row["id"], Cause.RELEASE)
    await clearing.undo(
        desk.tx,
        statement["county_code"],
        deduction_id,
        row["id"],
        state=State.DEDUCTED,
        opened=State.BILLED,
        on_day=desk.today,
        statement_id=statement_id,
    )
    await statements.tell(desk, "statement.released", statement, amount=deduction["amount"])
    await desk.note("statement.release", subject=str(statement_id))
    return answer(deduction | {"released": True})


async def hold_back(desk: Desk, statement: Row, line: Row) -> None:
    """
    Take a line off a statement whose lock the caller holds; it is billed again with the next one.

    Raises statement.closed and deduction.too_large where nothing of the line is open.
    """
    if statement["carried_into"] is not None or statement["status"] == "closed":
        raise StatementClosed("/statement_id")
    if await clearing.open_of(desk, statement, [line["line_no"]]) == 0:
        raise DeductionTooLarge("/line_no")
    hold_id = new_id(desk.now)
    amount = await clearing.roll(desk, statement, line, hold_id)
    key = {"county_code": statement["county_code"], "statement_id": statement["id"], "line_no": line["line_no"]}
    await store.hold(desk.tx, key | {"id": hold_id, "amount": amount} | desk.author())
    await statements.tell(desk, "statement.line_held", statement, line_no=line["line_no"], amount=amount)


def answer(row: Row) -> dict[str, Any]:
    """A deduction as it is answered."""
    return {
        "id": str(row["id"]),
        "statement_id": str(row["statement_id"]),
        "kind": row["kind"],
        "amount": yuan(row["amount"]),
        "lines": row["lines"],
        "document_no": row["document_no"],
        "reason": row["reason"],
        "released": row["released"],
        "taken": yuan(row["taken"]),
        "left": yuan(row["left"]),
        "at": row["at"],
    }
