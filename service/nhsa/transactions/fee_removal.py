"""2302 and 2205: unsettled fee lines go again, all that a message names or none of them."""

from collections.abc import Collection
from typing import Any, Final

from service.nhsa import sessions, standing
from service.nhsa.desk import Desk, Done
from service.nhsa.refusals import invalid, not_found, out_of_order
from service.nhsa.sessions import Line, Visit
from service.nhsa.transactions import visit as visits
from service.nhsa.transactions.fees import of_one_visit, refuse_closed
from service.nhsa.transactions.visit import OUTPATIENT, STAY

_ALL: Final = "0000"
_MOST_TOLD: Final = 3


async def remove_stay(desk: Desk) -> Done:
    """2302: lines by serial, one row each, or all unsettled ones with 0000."""
    rows: list[dict[str, Any]] = desk.input["data"]
    if not rows:
        raise invalid("没有要撤销的明细(data)，请填写后重发。", "No fee line is named: name some.")
    visit = await of_one_visit(desk, rows, STAY)
    refuse_closed(desk, visit)
    serials = {row["feedetl_sn"] for row in rows}
    known = await _lines(desk, visit)
    if _ALL in serials:
        return await _remove(desk, visit, known, known)
    unknown = serials - {line.feedetl_sn for line in known}
    if unknown:
        raise not_found(f"没有费用明细 {_told(unknown)}，请核对流水号。", f"No such fee line: {_told(unknown)}.")
    asked = [line for line in known if line.feedetl_sn in serials]
    settled = [line.feedetl_sn for line in asked if line.setl_id is not None]
    if settled:
        told = _told(settled)
        raise out_of_order(
            f"明细 {told} 已结算，请先办理结算撤销(2305)。", f"Settled: {told}; cancel that first (2305)."
        )
    return await _remove(desk, visit, known, asked)


async def remove_outpatient(desk: Desk) -> Done:
    """2205: the lines of a batch, or all with 0000."""
    data: dict[str, Any] = desk.input["data"]
    visit = await visits.found(desk, data, kind=OUTPATIENT)
    batch = data["chrg_bchno"]
    known = await _lines(desk, visit)
    asked = [line for line in known if batch in (_ALL, line.chrg_bchno)]
    if not asked and batch != _ALL:
        raise not_found("没有这个收费批次的费用明细，请核对批次号。", "This batch has no fee lines: check its number.")
    return await _remove(desk, visit, known, asked)


async def _lines(desk: Desk, visit: Visit) -> list[Line]:
    await standing.of_visit(desk, visit)
    return await sessions.lines_of(desk.tx, visit)


def _told(serials: Collection[str]) -> str:
    more = "……" if len(serials) > _MOST_TOLD else ""
    return "、".join(sorted(serials)[:_MOST_TOLD]) + more


async def _remove(desk: Desk, visit: Visit, known: list[Line], asked: list[Line]) -> Done:
    going = {line.feedetl_sn for line in asked if line.setl_id is None}
    if asked and not going:
        raise out_of_order("该明细已结算，请先办理结算撤销(2305／2208)。", "The lines are settled: cancel that first.")
    left = [line for line in known if line.returns in going and line.feedetl_sn not in going]
    if left:
        raise out_of_order(
            f"明细 {left[0].returns} 已有退费明细 {left[0].feedetl_sn}，请一并撤销。", "A return of this line remains."
        )
    await sessions.remove_lines(desk.tx, visit, going)
    await desk.note("nhsa.remove_fees", person_no=visit.person_no, subject=visit.mdtrt_id)
    return Done(subject=visit.mdtrt_id, person_no=visit.person_no)
