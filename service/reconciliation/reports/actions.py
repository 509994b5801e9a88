"""The month and the day as each party sees them."""

from datetime import date
from typing import Any

from service.claims import month as settled
from service.ledger import store as ledger
from service.ledger.model import hospital
from service.money import ratio, ratio_of, yuan
from service.reconciliation import calendar
from service.reconciliation.calendar import Period
from service.reconciliation.desk import Desk
from service.reconciliation.refusals import PeriodInvalid

_AMOUNTS = ("total", "in_scope", "paid_total", "patient_pays")


def period_asked(name: str) -> Period:
    """The month or quarter of a report. Raises period.invalid."""
    period = calendar.period(name)
    if period is None:
        raise PeriodInvalid("/period")
    return period


async def month(desk: Desk, period: Period) -> dict[str, Any]:
    """Visits, cost, each layer, the actual ratio: as a whole, by hospital and by identity."""
    rows = await settled.month(
        desk.tx,
        first=period.first,
        last=period.last,
        county_code=None if desk.hospital_code is not None else desk.county_code,
        hospital_code=desk.hospital_code,
        payers=desk.payers,
    )
    by: dict[str, list[dict[str, Any]]] = {"all": [], "county": [], "hospital": [], "identity": []}
    for row in rows:
        by[row["what"]].append(_sums(row))
    nothing: dict[str, Any] = {
        "key": "",
        "county_code": None,
        "visits": 0,
        "layers": {},
        "paid_ratio": ratio(0, keep=4),
    }
    whole = by["all"][0] if by["all"] else nothing | {name: yuan(0) for name in _AMOUNTS}
    await desk.note("report.month", subject=period.name)
    parts = {f"by_{what}": by[what] for what in ("county", "hospital", "identity")}
    return {"period": period.name, "whole": whole} | parts


def _sums(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "key": row["key"],
        "county_code": row["county"] or None,
        "visits": row["visits"],
        **{name: yuan(row[name]) for name in _AMOUNTS},
        "layers": {layer: yuan(amount) for layer, amount in (row["layers"] or {}).items()},
        "paid_ratio": ratio(ratio_of(row["paid_total"], row["total"]), keep=4),
    }


async def clearing(desk: Desk, period: Period) -> dict[str, Any]:
    """Who owed whom before and after, and what happened in between: the same ledger, from the caller's side."""
    own = desk.hospital_code
    items = []
    for county_code in desk.county_codes:
        found = await ledger.flows(
            desk.tx,
            [county_code],
            first=period.first,
            last=period.last,
            payers=desk.payers,
            payee=hospital(own) if own is not None else None,
        )
        items += [_flow(county_code, one) for one in found]
    await desk.note("report.clearing", subject=period.name)
    return {"period": period.name, "items": items}


def _flow(county_code: str, one: ledger.Flow) -> dict[str, Any]:
    return {
        "county_code": county_code,
        "payer": one.payer,
        "hospital_code": one.payee.removeprefix(hospital("")),
        **{name: yuan(amount) for name, amount in one._asdict().items() if name not in ("payer", "payee")},
    }


async def cashier(desk: Desk, day: date, hospital_code: str | None) -> dict[str, Any]:
    """What each operator settled on a day, and what patients owed at the counter."""
    own = desk.hospital_code
    rows = await settled.cashier(
        desk.tx,
        day=day,
        county_code=None if own is not None else desk.county_code,
        hospital_code=own or hospital_code,
    )
    money = ("total", "hospital_advances", "due_at_discharge")
    items = [{**row, **{name: yuan(row[name]) for name in money}} for row in rows]
    await desk.note("report.cashier", subject=day.isoformat())
    return {"day": day, "items": items}
