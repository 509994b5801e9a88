"""2305 and 2208: a settlement is taken back. 2601: what a message without answer did is undone, or never done."""

from typing import Any, Final
from uuid import UUID

import orjson

from service.access.idempotency import Stored
from service.claims import actions, records
from service.claims.actions import view_of
from service.claims.answer import figures
from service.claims.changes.actions import Asking, reverse
from service.claims.changes.kept_order import kept_order
from service.errors import Text
from service.nhsa import messages, sessions, standing, translation
from service.nhsa import settled as settlements
from service.nhsa.desk import Desk, Done
from service.nhsa.messages import Message, Name
from service.nhsa.model import long, short
from service.nhsa.people import by_psn_no
from service.nhsa.reference import reference
from service.nhsa.refusals import NotReversible, not_found, out_of_order
from service.nhsa.sessions import Visit
from service.nhsa.settled import Settled
from service.nhsa.transactions import stay
from service.nhsa.transactions import visit as visits
from service.nhsa.transactions.settle import output
from service.nhsa.transactions.visit import OUTPATIENT, STAY

_CHINESE: Final = "zh"
_KEPT_SIGN: Final = frozenset({"pool_prop_selfpay", "age"})


async def cancel_stay(desk: Desk) -> Done:
    """2305."""
    return await _cancel_asked(desk, STAY)


async def cancel_outpatient(desk: Desk) -> Done:
    """2208."""
    return await _cancel_asked(desk, OUTPATIENT)


async def _cancel_asked(desk: Desk, kind: str) -> Done:
    data: dict[str, Any] = desk.input["data"]
    visit = await visits.found(desk, data, kind=kind)
    made = await of_setl_id(desk, visit, data["setl_id"])
    told = await _told_before(desk, visit, made)
    await _cancel(desk, visit, made, reason=f"{desk.envelope.infno} 结算撤销")
    return Done(told, subject=made.setl_id, person_no=visit.person_no)


async def of_setl_id(desk: Desk, visit: Visit, setl_id: str) -> Settled:
    """A settlement of this visit. Raises VisitNotFound."""
    asked = long(setl_id)
    found = next((one for one in await standing.of_visit(desk, visit) if one.setl_id == asked), None)
    if found is None:
        raise not_found("查无此结算(setl_id)，请核对结算ID与就诊ID。", "There is no such settlement of this visit.")
    return found


async def _told_before(desk: Desk, visit: Visit, made: Settled) -> dict[str, Any]:
    """What the settlement's own answer said, every amount negative."""
    answer = await actions.read(desk.tx, desk.caller, made.live_id, desk.claims, language=_CHINESE)
    known = await by_psn_no(desk, visit.person_no)
    said = output(desk, visit, known, answer | {"settled_at": None}, made.msgid, setl_id=made.setl_id)
    nodes = reference()[desk.envelope.infno].answer
    numbers = {
        name: [field.name for field in node.fields.values() if field.kind == "num" and field.name not in _KEPT_SIGN]
        for name, node in nodes.items()
    }
    return {
        "setlinfo": translation.negated(said["setlinfo"], numbers["setlinfo"]),
        "setldetail": [translation.negated(row, numbers["setldetail"]) for row in said["setldetail"]],
    }


async def _cancel(desk: Desk, visit: Visit, made: Settled, *, reason: str) -> None:
    if made.cancelled_at is not None:
        raise out_of_order("该结算已撤销，无需再撤。", "The settlement is cancelled already.")
    done = await reverse(desk.tx, desk.caller, made.live_id, desk.claims, Asking(language=_CHINESE), reason=reason)
    answer = orjson.loads(done.body if isinstance(done, Stored) else done)
    await settlements.cancel(
        desk.tx,
        visit,
        made,
        at=desk.now,
        msgid=desk.envelope.msgid,
        reversal_id=UUID(answer["id"]),
    )


async def reverse_message(desk: Desk) -> Done:
    """
    2601: before its target it makes sure that nothing happens; during, it waits; after, it undoes what happened.

    A target that cannot be undone any more refuses the reversal with what to do, and stays done.
    """
    data = desk.input["data"]
    infno, msgid = data["oinfno"], data["omsgid"]
    if infno not in desk.profile.reversible:
        known = "、".join(sorted(desk.profile.reversible))
        raise NotReversible(
            Text(
                f"交易 {infno[:10]} 不能冲正；可冲正的有 {known}，其余请用相应的撤销交易。",
                f"{infno[:10]} cannot be reversed: use the transaction that undoes it.",
            )
        )
    target = Name(desk.institution, infno, msgid)
    vault = desk.ground.vault
    known_ = await messages.take(desk.tx, vault, target, None, at=desk.now, outcome=messages.REVERSED)
    if known_ is not None and known_.outcome == messages.DONE:
        if known_.person_no != (await by_psn_no(desk, data["psn_no"])).person.person_no:
            raise not_found("被冲正的交易不是此人(psn_no)的，请核对。", "The message is about another person.")
        await _undo(desk, infno, known_)
    await messages.reverse(desk.tx, target, by=desk.envelope.msgid)
    await desk.note("nhsa.reverse", person_no=known_.person_no if known_ else None)
    return Done()


async def _undo(desk: Desk, infno: str, target: Message) -> None:
    assert target.subject is not None
    if infno == "2401":
        visit = await sessions.visit(desk.tx, desk.institution, target.subject, lock=True)
        assert visit is not None
        if visit.state != "cancelled":
            await stay.cancel_stay(desk, visit)
        return
    visit = await _visit_of(desk, target.subject)
    made = await of_setl_id(desk, visit, short(target.subject))
    if infno in ("2304", "2207"):
        if made.cancelled_at is None:
            await _cancel(desk, visit, made, reason="2601 冲正")
    elif made.cancelled_at is not None:
        await _restore(desk, visit, made)


async def _visit_of(desk: Desk, setl_id: UUID) -> Visit:
    mdtrt_id = await settlements.mdtrt_of(desk.tx, desk.institution, setl_id)
    assert mdtrt_id is not None
    visit = await sessions.visit(desk.tx, desk.institution, mdtrt_id, lock=True)
    assert visit is not None
    return visit


async def _restore(desk: Desk, visit: Visit, made: Settled) -> None:
    """
    Settle again what a cancellation took back, under the same setl_id.

    Raises NotReversible where it would not come out as it was: then the hospital settles anew.
    """
    record = await records.find(desk.tx, made.settlement_id, view_of(desk.caller))
    assert record is not None
    if made.versions:
        raise _changed()
    serials = {line.ordered.line_no for line in await sessions.lines_of(desk.tx, visit) if line.setl_id is None}
    if {line.line_no for line in record.bill} - serials:
        raise _changed()
    order = kept_order(record, desk.ground.vault)
    again = await actions.settle_taken(desk.tx, desk.caller, order, desk.claims)
    if _money(desk, figures(record)) != _money(desk, figures(again)):
        raise _changed()
    numbers = [line.line_no for line in record.bill]
    assert again.id is not None
    await settlements.restore(desk.tx, visit, made.setl_id, again.id, numbers)


def _money(desk: Desk, answer: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    return translation.amounts(answer), translation.details(answer, desk.profile)


def _changed() -> NotReversible:
    return NotReversible(
        Text(
            "结算撤销已生效，且之后情况已变化，不能恢复原结算；请重新结算(2304／2207)。",
            "The cancellation stands and things have changed since: settle the visit anew.",
        )
    )
