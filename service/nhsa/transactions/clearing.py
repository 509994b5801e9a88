"""3203 a hospital asks to be paid for a period: a request for a statement. 3204 takes the request back."""

from datetime import date
from typing import Any, Final

from sqlalchemy import insert, select, text, update

from service.events import store as events
from service.events.store import Event
from service.ids import new_id
from service.money import fen, yuan
from service.nhsa.desk import Desk, Done
from service.nhsa.model import long, short
from service.nhsa.refusals import invalid, not_found, out_of_order
from service.nhsa.tables import clearings
from service.nhsa.transactions.reconcile import of_days

_ONE_BY_ONE: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")


async def apply(desk: Desk) -> Done:
    """3203: only with the centre's own figures; what differs is reconciled first (3201, 3202)."""
    data = desk.input["data"]
    first, last = (date.fromisoformat(data[name]) for name in ("begndate", "enddate"))
    ours = await of_days(desk, first, last, clr_type=data["clr_type"])
    visits = sum(-1 if entry.refund else 0 if entry.adjusts else 1 for entry in ours)
    total, funds = sum(entry.medfee_sumamt for entry in ours), sum(entry.fund_pay_sumamt for entry in ours)
    if (visits, total, funds) != (int(data["psntime"]), fen(data["medfee_sumamt"]), fen(data["fund_appy_sum"])):
        raise invalid(
            f"与中心不符：中心 {visits} 人次，总额 {yuan(total)}，基金 {yuan(funds)}；请先对账(3201／3202)。",
            "The figures are not the centre's: reconcile first.",
        )
    await _refuse_overlap(desk, data["clr_type"], first, last)
    number = new_id(desk.now)
    row = {
        "county_code": desk.institution.county_code,
        "clr_appy_evt_id": number,
        "fixmedins_code": desk.institution.fixmedins_code,
        "clr_type": data["clr_type"],
        "begins_on": first,
        "ends_on": last,
        "visits": visits,
        "medfee_sumamt": total,
        "fund_appy_sum": funds,
        "applied_at": desk.now,
    }
    await desk.tx.execute(insert(clearings).values(row))
    await _tell(desk, "statement.requested", number, {"period": [str(first), str(last)], "amount": yuan(funds)})
    await desk.note("nhsa.apply_clearing", subject=number)
    return Done({"result": {"clr_appy_evt_id": short(number)}}, subject=number)


async def _refuse_overlap(desk: Desk, clr_type: str, first: date, last: date) -> None:
    """No settlement is applied for twice: applications of one institution are made one after another."""
    code, c = desk.institution.fixmedins_code, clearings.c
    await desk.tx.execute(_ONE_BY_ONE, {"key": f"nhsa clearing {code} {clr_type}"})
    query = select(c.clr_appy_evt_id, c.begins_on, c.ends_on).where(
        c.county_code == desk.institution.county_code,
        c.fixmedins_code == code,
        c.clr_type == clr_type,
        c.withdrawn_at.is_(None),
        c.begins_on <= last,
        c.ends_on >= first,
    )
    earlier = (await desk.tx.execute(query)).first()
    if earlier is not None:
        raise out_of_order(
            f"与 {earlier.begins_on} 至 {earlier.ends_on} 的清算申请 {short(earlier.clr_appy_evt_id)} 期间重叠；"
            "如需更改请先撤销(3204)。",
            "The period overlaps an earlier application: withdraw that first.",
        )


async def withdraw(desk: Desk) -> Done:
    """3204."""
    number, c = long(desk.input["data"]["clr_appy_evt_id"]), clearings.c
    found = await desk.tx.execute(
        update(clearings)
        .where(
            c.county_code == desk.institution.county_code,
            c.clr_appy_evt_id == number,
            c.fixmedins_code == desk.institution.fixmedins_code,
            c.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=desk.now)
        .returning(c.clr_appy_evt_id)
    )
    if number is None or found.first() is None:
        raise not_found("查无此清算申请或已撤销，请核对编号。", "There is no such application: check its number.")
    await _tell(desk, "statement.request_withdrawn", number, {})
    await desk.note("nhsa.withdraw_clearing", subject=number)
    return Done(subject=number)


async def _tell(desk: Desk, kind: str, number: Any, data: dict[str, Any]) -> None:
    county, hospital = desk.institution.county_code, desk.institution.hospital_code
    await events.add(desk.tx, Event(county, desk.now, kind, number, hospital, None, data or None))
