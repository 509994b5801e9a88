"""3203 a hospital asks to be paid for a period: a request for a statement. 3204 takes the request back."""

from datetime import date

from service.money import fen, yuan
from service.nhsa.desk import Desk, Done
from service.nhsa.model import long, short
from service.nhsa.refusals import invalid, not_found
from service.nhsa.transactions.reconcile import of_days
from service.reconciliation.desk import Desk as StatementsDesk
from service.reconciliation.requests import actions
from service.reconciliation.requests.refusals import RequestUnknown


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
    made = await actions.ask(
        _statements(desk),
        desk.institution.hospital_code,
        (first, last),
        clr_type=data["clr_type"],
        visits=visits,
        total=total,
        amount=funds,
    )
    return Done({"result": {"clr_appy_evt_id": short(made.id)}}, subject=made.id)


async def withdraw(desk: Desk) -> Done:
    """3204: as long as no statement bills its days; of a request that was sent back it says why."""
    number = long(desk.input["data"]["clr_appy_evt_id"])
    try:
        if number is None:
            raise RequestUnknown()
        await actions.withdraw(_statements(desk), number)
    except RequestUnknown:
        raise not_found("查无此清算申请，请核对编号。", "There is no such request: check its number.") from None
    return Done(subject=number)


def _statements(desk: Desk) -> StatementsDesk:
    ground = desk.ground
    return StatementsDesk(desk.tx, desk.caller, ground.engine, ground.packs, ground.vault, desk.now)
