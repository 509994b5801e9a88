"""Payers and hospitals at work: a period billed, confirmed and paid; then the month is over."""

import asyncio
from datetime import date, timedelta
from random import Random
from typing import Any, Final
from uuid import uuid4

from scripts.faulting.cast import Cast
from service.money import fen
from tests.cases.county import done

MONTHLY: Final = ("basic_fund", "serious_insurer", "top_up_insurer")
QUARTERLY: Final = "civil_affairs"
_QUARTER: Final = 3
_PAID: Final = 0.6
_TRIES: Final = 20
_INTO_NEXT_MONTH: Final = timedelta(days=33)
_SEVENTH: Final = 7


def last_month(cast: Cast) -> date:
    """Its last day."""
    return cast.place.shift.today().replace(day=1) - timedelta(days=1)


async def cleared(cast: Cast, dice: Random) -> None:
    """Last month billed; some statements confirmed by both sides, some paid and received; then the month is over."""
    if cast.turn.locked() or cast.month_over is not None:
        return
    async with cast.turn:
        last = last_month(cast)
        periods = [(payer, f"{last:%Y-%m}") for payer in MONTHLY]
        if last.month % _QUARTER == 0:
            periods.append((QUARTERLY, f"{last.year}-Q{last.month // _QUARTER}"))
        for payer, period in periods:
            for statement in await _billed(cast, payer, period):
                await _confirmed_and_paid(cast, dice, statement)
        cast.month_over = (last + _INTO_NEXT_MONTH).replace(day=_SEVENTH)


async def _billed(cast: Cast, payer: str, period: str) -> list[Any]:
    """Billed by two clerks at once, and once more, who all get the same statements."""
    body = {"payer": payer, "period": period, "dry_run": False}
    runs = [*await asyncio.gather(*(_run_whole(cast, body) for _ in "ab")), await _run_whole(cast, body)]
    ids = [sorted(one["id"] for one in run["items"]) for run in runs]
    if ids[0] != ids[1] or ids[0] != ids[2]:
        cast.watch.wrong.append(f"{payer} {period} billed otherwise by another run: {ids}")
    return list(runs[0]["items"])


async def _run_whole(cast: Cast, body: Any) -> Any:
    """Under one key until no hospital is left that could not be billed, such as one whose statements are locked."""
    key = str(uuid4())
    for _ in range(_TRIES):
        run = await done(await cast.agency("POST", "/v1/statements/run", body, key=key), 200)
        if not run["failed"]:
            return run
    cast.watch.wrong.append(f"a run that never ends well: {run['failed']}")
    return run


async def _confirmed_and_paid(cast: Cast, dice: Random, statement: Any) -> None:
    path, payer = f"/v1/statements/{statement['id']}", statement["payer"]
    own = statement["hospital_code"] == cast.hospital_code
    if own and statement["status"] == "issued" and dice.random() < _PAID:
        await done(await cast.hospital("POST", f"{path}/confirmation"), 200)
        side = cast.civil if payer == QUARTERLY else cast.insurer
        await done(await side("POST", f"{path}/confirmation"), 200)
    if fen(statement["outstanding"]) > 0 and dice.random() < _PAID:
        body = {
            "payer": payer,
            "hospital_code": statement["hospital_code"],
            "bank_reference": f"B-{statement['id']}",
            "paid_on": f"{cast.place.shift.today()}",
            "amount": statement["outstanding"],
            "allocations": [{"statement_id": statement["id"], "amount": statement["outstanding"]}],
        }
        paid = await done(await cast.agency("POST", "/v1/payments", body))
        if own:
            await done(await cast.hospital("POST", f"/v1/payments/{paid['id']}/receipt"), 200)
