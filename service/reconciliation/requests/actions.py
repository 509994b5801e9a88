"""What can be done with requests for a statement: ask, see what became of them, withdraw, refuse."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from service.access.model import Role
from service.errors import Text
from service.events import store as events
from service.events.store import Event
from service.ids import new_id
from service.money import yuan
from service.reconciliation.desk import Desk
from service.reconciliation.requests import store
from service.reconciliation.requests.refusals import RequestEnded, RequestIssued, RequestOverlaps, RequestUnknown
from service.reconciliation.requests.store import Asked, Part, Scope


async def ask(
    desk: Desk,
    hospital_code: str,
    days: tuple[date, date],
    *,
    clr_type: str,
    visits: int,
    total: int,
    amount: int,
) -> Asked:
    """Ask to be billed for and paid, once for each day and kind of visit. Raises statement_request.overlap."""
    first, last = days
    asked = Asked(
        desk.county_code, new_id(desk.now), hospital_code, clr_type, first, last, visits, total, amount, desk.now
    )
    earlier = await store.overlapping(desk.tx, asked)
    if earlier is not None:
        raise RequestOverlaps(
            detail=Text(
                f"与 {earlier.begins_on} 至 {earlier.ends_on} 的清算申请期间重叠；如需更改请先撤销(3204)。",
                f"It overlaps the request for {earlier.begins_on} to {earlier.ends_on}: withdraw that first.",
            )
        )
    await store.add(desk.tx, asked)
    await _tell(desk, "statement.requested", asked, {"period": [str(first), str(last)], "amount": yuan(amount)})
    await desk.note("statement_request.ask", subject=str(asked.id))
    return asked


async def withdraw(desk: Desk, request_id: UUID) -> None:
    """
    Take a request back. Raises statement_request.unknown, .ended (with the reason where it was refused) and .issued.
    """
    asked = await _open(desk, request_id)
    await store.end(desk.tx, asked, withdrawn_at=desk.now)
    await _tell(desk, "statement.request_withdrawn", asked, {})
    await desk.note("statement_request.withdraw", subject=str(request_id))


async def refuse(desk: Desk, request_id: UUID, reason: str) -> dict[str, Any]:
    """Send a request back with a reason. Raises statement_request.unknown, .ended and .issued."""
    asked = await _open(desk, request_id)
    await store.end(desk.tx, asked, refused_at=desk.now, refusal=reason)
    await _tell(desk, "statement.request_refused", asked, {"reason": reason})
    await desk.note("statement_request.refuse", subject=str(request_id))
    found = await store.locked(desk.tx, _scope(desk), request_id)
    assert found is not None
    return await _answered(desk, found)


async def listed(
    desk: Desk, *, hospital_code: str | None, open_: bool | None, after: tuple[datetime, UUID] | None, limit: int
) -> list[tuple[Asked, dict[str, Any]]]:
    """The requests that the caller may see, the newest first, with what became of each."""
    found = await store.listed(
        desk.tx,
        _scope(desk),
        hospital_code=hospital_code,
        open_=open_,
        payers=desk.payers,
        after=after,
        limit=limit,
    )
    await desk.note("statement_request.list")
    return [(asked, await _answered(desk, asked)) for asked in found]


def _scope(desk: Desk) -> Scope:
    return Scope(desk.county_code, desk.hospital_code)


def _payers(desk: Desk, asked: Asked) -> list[str]:
    if desk.caller.role == Role.PAYER:
        return sorted(desk.caller.payers)
    return sorted(
        {payer for pack in desk.packs.packs if asked.county_code in pack.county_codes for payer in pack.payers}
    )


async def _open(desk: Desk, request_id: UUID) -> Asked:
    asked = await store.locked(desk.tx, _scope(desk), request_id)
    if asked is None:
        raise RequestUnknown("/request_id")
    if asked.refusal is not None:
        raise RequestEnded(
            detail=Text(
                f"该清算申请已被退回：{asked.refusal}；请更正后重新申请。",
                f"The request was refused ({asked.refusal}): make a new one.",
            )
        )
    if asked.withdrawn_at is not None:
        raise RequestEnded()
    billed = [part for part in await store.parts(desk.tx, asked, _payers(desk, asked)) if part.statement_id is not None]
    if billed:
        told = "、".join(f"{part.payer} {part.period}" for part in billed)
        raise RequestIssued(
            detail=Text(
                f"该期间已出具结算单（{told}），申请不能再撤销或退回；有异议请在结算单上对账。",
                f"Statements bill these days already ({told}): object to the statement instead.",
            )
        )
    return asked


async def _tell(desk: Desk, kind: str, asked: Asked, data: dict[str, Any]) -> None:
    """One event for the hospital and each payer who owes something; one without a payer where nobody does."""
    owing = sorted({part.payer for part in await store.parts(desk.tx, asked, _payers(desk, asked))})
    sides: Sequence[str | None] = owing or (None,)
    for payer in sides:
        event = Event(asked.county_code, desk.now, kind, asked.id, asked.hospital_code, payer, data or None)
        await events.add(desk.tx, event)


async def _answered(desk: Desk, asked: Asked) -> dict[str, Any]:
    parts = await store.parts(desk.tx, asked, _payers(desk, asked))
    return {
        "id": asked.id,
        "county_code": asked.county_code,
        "hospital_code": asked.hospital_code,
        "clr_type": asked.clr_type,
        "from": asked.begins_on,
        "to": asked.ends_on,
        "visits": asked.visits,
        "total": yuan(asked.total),
        "amount": yuan(asked.amount),
        "status": _status(asked, parts),
        "reason": asked.refusal,
        "requested_at": asked.at,
        "parts": [part._asdict() for part in parts],
    }


def _status(asked: Asked, parts: list[Part]) -> str:
    if asked.refused_at is not None:
        return "refused"
    if asked.withdrawn_at is not None:
        return "withdrawn"
    billed = [part for part in parts if part.statement_id is not None]
    if not billed:
        return "requested"
    return "issued" if len(billed) == len(parts) else "partly_issued"
