"""Settle a difference: with the side that objected where nothing moves, with two persons where money does."""

from typing import Any, Final
from uuid import UUID

from service.access.model import Role
from service.reconciliation.deductions import actions as deductions
from service.reconciliation.deductions.actions import Asked
from service.reconciliation.desk import Desk
from service.reconciliation.matching import differences
from service.reconciliation.refusals import (
    DifferenceSettled,
    DifferenceUnknown,
    ResolutionImpossible,
    SecondPerson,
)
from service.reconciliation.statements import actions as statements
from service.reconciliation.statements import store as statement_store

Row = dict[str, Any]
MOVES_MONEY: Final = ("accept_theirs", "hold_back")


async def resolve(desk: Desk, difference_id: UUID, resolution: str, note: str) -> dict[str, Any]:
    """
    Settle a difference: keep ours, have it corrected by re-adjudication, accept theirs, or hold the line back.

    Ours is kept when the side that objected, or the agency, says so: from the other side it is a proposal. A
    correction settles it as soon as the ledger has it, without being said again; until then it stays open. The last
    two move money: the first call proposes, the same call by another operator does it, and what the other side's file
    says is accepted by the side whose file it is not (or the agency). Raises difference.unknown,
    difference.already_settled, difference.resolution, difference.second_person and those of a deduction.
    """
    difference, statement = await _held(desk, difference_id)
    if difference["status"] in ("resolved", "gone"):
        raise DifferenceSettled("/difference_id")
    if not possible(difference, resolution):
        raise ResolutionImpossible("/resolution")

    if not await _agreed(desk, difference, resolution):
        await differences.step(desk, difference, "proposed", resolution=resolution, note=note)
        kind = "difference.proposed"
    else:
        if resolution in MOVES_MONEY:
            await _move(desk, statement, difference, resolution, note)
        await differences.step(desk, difference, "resolved", resolution=resolution, note=note)
        kind = "difference.resolved"
    await desk.tell(
        kind,
        difference_id,
        county_code=difference["county_code"],
        hospital_code=difference["hospital_code"],
        payer=difference["payer"],
        resolution=resolution,
    )
    await desk.note(kind, subject=str(difference_id))
    after = await differences.find(desk, difference_id)
    assert after is not None
    return differences.answer(after, desk.today)


async def _held(desk: Desk, difference_id: UUID) -> tuple[Row, Row]:
    """A difference and its statement, held against others: the statement first, as matches and payments do."""
    found = await differences.find(desk, difference_id)
    if found is None:
        raise DifferenceUnknown("/difference_id")
    statement = (await statements.locked(desk, [found["statement_id"]]))[0]
    difference = await differences.find(desk, difference_id)
    assert difference is not None
    return difference, statement


def possible(difference: Row, resolution: str) -> bool:
    """Whether a difference can be settled that way: only what we bill too much can be given up here."""
    match resolution:
        case "keep_ours":
            return True
        case "accept_theirs":
            return difference["kind"] in ("amount", "missing_there") and _surplus(difference) > 0
        case _:
            return difference["line_no"] is not None


def _surplus(difference: Row) -> int:
    """
    What the line bills more than they have, where both are on one side of zero (fen). Nothing where the file has only
    what all funds pay together: whose part of it is too much, it does not say.
    """
    ours, theirs = difference["ours"], difference["theirs"] or 0
    if difference["kind"] == "amount" and ours != difference["line_amount"]:
        return 0
    ours = difference["line_amount"] or 0
    return ours - theirs if ours > 0 and theirs >= 0 else 0


async def _agreed(desk: Desk, difference: Row, resolution: str) -> bool:
    """Whether this call settles the difference, or only proposes how to. Raises difference.second_person."""
    if resolution in MOVES_MONEY:
        return _seconded(desk, difference, resolution)
    objects = desk.caller.role == Role.AGENCY or desk.caller.role.value == _side(difference)
    if resolution == "keep_ours":
        return objects
    corrected = await differences.corrected(desk.tx, difference)
    return corrected != 0 and (objects or corrected == (difference["theirs"] or 0) - difference["ours"])


def _seconded(desk: Desk, difference: Row, resolution: str) -> bool:
    """Whether this call is the second person's. Raises difference.second_person where it cannot be."""
    if desk.caller.operator is None:
        raise SecondPerson("/X-Operator")
    last = difference["history"][-1]
    if last["status"] != "proposed" or last["resolution"] != resolution:
        return False
    if not desk.caller.is_another_than(last["client_id"], last["operator"]):
        raise SecondPerson("/X-Operator")
    if resolution == "accept_theirs" and desk.caller.role.value == _side(difference):
        raise SecondPerson("/X-Operator")
    return True


def _side(difference: Row) -> str:
    """Who objects: the side whose file it was, or who is worse off by a transfer."""
    if difference["side"] is not None:
        return Role(difference["side"]).value
    return (Role.HOSPITAL if difference["kind"] == "underpaid" else Role.PAYER).value


async def _move(desk: Desk, statement: Row, difference: Row, resolution: str, note: str) -> None:
    line_no = difference["line_no"]
    if resolution == "accept_theirs":
        reason = note or f"difference {difference['id']}"
        await deductions.take(desk, statement, Asked("difference", _surplus(difference), (line_no,), None, reason))
        return
    line = (await statement_store.lines(desk.tx, statement, after=line_no - 1, limit=1))[0]
    await deductions.hold_back(desk, statement, line)
