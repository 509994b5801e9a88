"""
What a statement meets beside payment: the other side's file, deductions, transfers that come back, a closed period.

One at a time, and not while a month is billed: what is open of a statement is then what was read.
"""

from collections.abc import Awaitable, Callable
from functools import wraps
from random import Random
from typing import Any, Final
from uuid import uuid4

from scripts.faulting.cast import Cast
from scripts.faulting.stories.asked import pages, reads, said
from scripts.faulting.stories.clearing import MONTHLY, QUARTERLY, last_month
from service.money import fen, yuan
from tests.cases.county import Call, done

_LEAST: Final = 100
_SPARE: Final = 500
_RESOLUTIONS: Final = ("keep_ours", "accept_theirs", "hold_back")
_IMPOSSIBLE: Final = ("difference.resolution", "deduction.too_large")


def _of_an_open_statement(
    story: Callable[[Cast, Random, Any], Awaitable[None]],
) -> Callable[[Cast, Random], Awaitable[None]]:
    """Told of a statement of which something is open, in turn; not told where there is none."""

    @wraps(story)
    async def told(cast: Cast, dice: Random) -> None:
        async with cast.turn:
            statement = await _open(cast, dice)
            if statement is not None:
                await story(cast, dice, statement)

    return told


@_of_an_open_statement
async def matched(cast: Cast, dice: Random, statement: Any) -> None:
    """A payer's file without one line: what differs is settled by two persons, once; then the file agrees."""
    path, call = f"/v1/statements/{statement['id']}", _payer(cast, statement)
    whole = (await call("GET", f"{path}/export?format=csv")).content
    lines = whole.splitlines(keepends=True)
    del lines[dice.randrange(1, len(lines))]
    found = await _compared(call, path, b"".join(lines))
    assert found["differences"], f"{path}: a line is missing of the file, and nothing is found"
    one = dice.choice(found["differences"])
    if one["status"] != "resolved":
        await _settled(cast, call, one["id"], dice.choice(_RESOLUTIONS))
    await _compared(call, path, whole)
    [kept] = [each for each in await pages(cast.hospital, f"{path}/differences") if each["id"] == one["id"]]
    assert kept["status"] == "resolved", kept


async def _compared(call: Call, path: str, content: bytes) -> Any:
    return await done(await call("POST", f"{path}/matches", files={"file": ("对账.csv", content)}))


async def _settled(cast: Cast, call: Call, difference_id: str, resolution: str) -> None:
    """Proposed by one person, done by another; ours is kept where what differs cannot be settled as was asked."""
    path = f"/v1/differences/{difference_id}/resolution"
    for by, operator in ((call, "jia"), (cast.agency, "yi")):
        answer = await by("POST", path, {"resolution": resolution, "note": "已核对"}, operator=operator)
        if answer.is_error and answer.json()["code"] in _IMPOSSIBLE:
            await done(await cast.agency("POST", path, {"resolution": "keep_ours", "note": "已核对"}), 200)
            return
        found = await done(answer, 200)
        if found["status"] == "resolved":
            return
    raise AssertionError(f"two persons have settled a difference, and it is {found['status']}")


@_of_an_open_statement
async def retained(cast: Cast, dice: Random, statement: Any) -> None:
    """A retention, which is owed again when it is released."""
    path, call = f"/v1/statements/{statement['id']}", _payer(cast, statement)
    amount = _part(statement, dice)
    body = {"kind": "retention", "amount": yuan(amount), "reason": "质保金"}
    made = await done(await call("POST", f"{path}/deductions", body))
    await reads(cast.hospital, path, outstanding=_less(statement, amount))
    await done(await call("POST", f"{path}/deductions/{made['id']}/release", {"reason": "到期"}), 200)
    await reads(cast.hospital, path, outstanding=statement["outstanding"])


@_of_an_open_statement
async def refused(cast: Cast, dice: Random, statement: Any) -> None:
    """A part of a statement refused after review, or recovered after inspection: the hospital bears it."""
    path, call, amount = f"/v1/statements/{statement['id']}", _payer(cast, statement), _part(statement, dice)
    body: dict[str, Any] = {"amount": yuan(amount), "reason": "复核不予支付"}
    body |= dice.choice(({"kind": "refusal"}, {"kind": "recovery", "document_no": f"检{uuid4().hex[:12]}"}))
    answer = await call("POST", f"{path}/deductions", body)
    if said(answer, "deduction.too_large"):
        # What of the statement's cases was reversed since is not owed any more, and cannot be refused.
        return
    await done(answer)
    await reads(cast.hospital, path, outstanding=_less(statement, amount))


@_of_an_open_statement
async def sent_back(cast: Cast, dice: Random, statement: Any) -> None:
    """A transfer of more than was open; the surplus is offset where another statement is open; the bank returns it."""
    path, call = f"/v1/statements/{statement['id']}", _payer(cast, statement)
    paid = await done(await call("POST", "/v1/payments", _transfer(cast, statement)))
    assert paid["prepaid"] == yuan(_SPARE), paid
    await reads(cast.hospital, path, outstanding=yuan(0))
    other = await _open(cast, dice, payer=statement["payer"], least=_SPARE)
    if other is not None:
        body = {"kind": "prepayment_offset", "amount": yuan(_SPARE), "reason": "冲抵多付款"}
        await done(await call("POST", f"/v1/statements/{other['id']}/deductions", body))
        await reads(cast.hospital, f"/v1/statements/{other['id']}", outstanding=_less(other, _SPARE))
    body = {"returned_on": f"{cast.place.shift.today()}", "reason": "户名不符"}
    await done(await call("POST", f"/v1/payments/{paid['id']}/return", body), 200)
    for one in filter(None, (statement, other)):
        await reads(cast.hospital, f"/v1/statements/{one['id']}", outstanding=one["outstanding"])


def _transfer(cast: Cast, statement: Any) -> dict[str, Any]:
    return {
        "payer": statement["payer"],
        "hospital_code": statement["hospital_code"],
        "bank_reference": f"R-{uuid4().hex[:16]}",
        "paid_on": f"{cast.place.shift.today()}",
        "amount": yuan(fen(statement["outstanding"]) + _SPARE),
        "allocations": [{"statement_id": statement["id"], "amount": statement["outstanding"]}],
    }


async def closed(cast: Cast, dice: Random) -> None:
    """Last month billed and closed for a payer, once; the ledger says what the closing kept."""
    async with cast.turn:
        payer, period = dice.choice(MONTHLY), f"{last_month(cast):%Y-%m}"
        run = {"payer": payer, "period": period, "dry_run": False}
        if (await done(await cast.agency("POST", "/v1/statements/run", run), 200))["failed"]:
            return
        answer = await cast.agency("POST", "/v1/closings", {"payer": payer, "period": period})
        if not said(answer, "closing.already_closed"):
            await done(answer)
        [made] = [one for one in await pages(cast.agency, f"/v1/closings?payer={payer}") if one["period"] == period]
        await reads(cast.auditor, f"/v1/closings/{made['id']}", agrees=True)


def _payer(cast: Cast, statement: Any) -> Call:
    return cast.civil if statement["payer"] == QUARTERLY else cast.insurer


def _part(statement: Any, dice: Random) -> int:
    """Of what is open, up to a tenth."""
    return dice.randint(1, fen(statement["outstanding"]) // 10)


def _less(statement: Any, amount: int) -> str:
    return yuan(fen(statement["outstanding"]) - amount)


async def _open(cast: Cast, dice: Random, *, payer: str | None = None, least: int = _LEAST) -> Any:
    """A statement of the hospital of which something is open; None where there is none."""
    path = f"/v1/statements?hospital={cast.hospital_code}" + (f"&payer={payer}" if payer else "")
    found = [
        one
        for one in await pages(cast.agency, path)
        if one["carried_into"] is None and one["status"] != "closed" and fen(one["outstanding"]) >= least
    ]
    return dice.choice(found) if found else None
