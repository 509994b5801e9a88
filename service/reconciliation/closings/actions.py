"""Close a payer's period, and read what was closed."""

from typing import Any
from uuid import UUID

from service.errors import Text
from service.ids import new_id
from service.ledger.model import hospital
from service.money import yuan
from service.reconciliation import calendar
from service.reconciliation.calendar import kind_of
from service.reconciliation.closings import store
from service.reconciliation.closings.refusals import ClosedAlready, ClosingUnknown, Unbilled
from service.reconciliation.closings.store import Row
from service.reconciliation.desk import Desk
from service.reconciliation.refusals import PeriodInvalid, PeriodOpen
from service.reconciliation.statements import gather


async def close(desk: Desk, payer: str, period_name: str) -> dict[str, Any]:
    """
    Close a payer's period: keep what stands on every account at its end, and refuse every posting on its days from
    now on. What comes later is booked on the day it comes, as an adjustment (domain §6).

    Raises payer.unknown, period.no_calendar, period.invalid, period.open, closing.already_closed, closing.unbilled.
    """
    period = calendar.period(period_name)
    clearing = desk.clearing(payer, period.last if period else desk.today)
    if period is None or kind_of(period) != clearing.every:
        raise PeriodInvalid("/period")
    if desk.today <= period.last:
        raise PeriodOpen("/period")
    await store.stop_posting(desk.tx)
    closed_to = await store.closed_to(desk.tx, desk.county_code, payer)
    if closed_to is not None and closed_to >= period.last:
        raise ClosedAlready("/period")
    waiting = await gather.unbilled(desk.tx, desk.county_code, payer, period)
    if waiting:
        named = "、".join(waiting), ", ".join(waiting)
        raise Unbilled(
            "/period",
            detail=Text(
                f"请先出具以下医疗机构的结算单：{named[0]}。", f"Run the statements of these first: {named[1]}."
            ),
        )

    closing = {
        "county_code": desk.county_code,
        "id": new_id(desk.now),
        "payer": payer,
        "period": period.name,
        "period_from": period.first,
        "period_to": period.last,
        **desk.author(),
    }
    balances = await store.stood(desk.tx, closing)
    if not await store.add(desk.tx, closing, balances):
        raise ClosedAlready("/period")
    await _tell(desk, closing, balances)
    await desk.note("period.close", subject=f"{payer}/{period.name}")
    return await read(desk, closing["id"])


async def _tell(desk: Desk, closing: Row, balances: dict[store.Account, int]) -> None:
    hospitals = sorted({payee for payee, _ in balances if payee != store.PATIENTS})
    for payee in hospitals:
        code = payee.removeprefix(hospital(""))
        key = {"county_code": closing["county_code"], "hospital_code": code, "payer": closing["payer"]}
        await desk.tell("period.closed", closing["id"], **key, period=closing["period"])


async def read(desk: Desk, closing_id: UUID) -> dict[str, Any]:
    """A closing, and whether the ledger still says the same. Raises closing.unknown."""
    found = await store.closings_of(desk, ids=[closing_id], limit=1)
    if not found:
        raise ClosingUnknown("/closing_id")
    now = await store.stood(desk.tx, found[0])
    own = hospital(desk.hospital_code) if desk.hospital_code is not None else None
    seen = {account: amount for account, amount in now.items() if own in (None, account[0])}
    return answer(found[0]) | {"agrees": seen == store.kept(found[0])}


def answer(row: Row) -> dict[str, Any]:
    """A closing as it is answered."""
    return {
        "id": str(row["id"]),
        "county_code": row["county_code"],
        "payer": row["payer"],
        "period": row["period"],
        "period_from": row["period_from"],
        "period_to": row["period_to"],
        "closed_at": row["at"],
        "balances": [
            {"payee": payee, "state": state, "amount": yuan(amount)} for payee, state, amount in row["balances"]
        ],
    }
