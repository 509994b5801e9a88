"""The versions of a settlement read side by side, and its invoice."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from service.access import audit
from service.access.model import Caller
from service.claims import records
from service.claims.actions import Desk, read, unknown, view_of
from service.claims.changes import store
from service.claims.changes.actions import invoice_event, live
from service.claims.changes.answers import compared, differences, side
from service.claims.model import Record
from service.events import store as events
from service.ledger import store as ledger
from service.ledger.model import Posting


async def attach_invoice(
    tx: AsyncConnection, caller: Caller, settlement_id: UUID, desk: Desk, *, invoice_no: str, language: str
) -> dict[str, Any]:
    """
    Attach an invoice number to a live settlement, in place of another.

    Raises invoice.used, and what `actions.live` raises.
    """
    now = desk.clock.now()
    found = await live(tx, caller, settlement_id)

    await store.attach_invoice(tx, found, invoice_no, now)

    await events.add(tx, invoice_event(found, settlement_id, invoice_no, now))
    await audit.record(
        tx,
        caller,
        "settlement.invoice",
        at=now,
        person_no=found.person_no,
        county_code=found.county_code,
        subject=str(settlement_id),
    )
    return await read(tx, caller, settlement_id, desk, language=language)


async def versions(tx: AsyncConnection, caller: Caller, settlement_id: UUID, desk: Desk) -> dict[str, Any]:
    """All versions of a settlement and its reversal. Raises settlement.unknown."""
    seen = await records.find(tx, settlement_id, view_of(caller))
    if seen is None:
        raise unknown()
    assert seen.case_id is not None
    found = await records.of_case(tx, seen.county_code, seen.case_id)

    items, before = [], None
    for record in found:
        items.append(await _version(tx, record, before, desk))
        before = record

    await audit.record(
        tx,
        caller,
        "settlement.versions",
        at=desk.clock.now(),
        person_no=seen.person_no,
        county_code=seen.county_code,
        subject=str(settlement_id),
    )
    return {"items": items}


async def _version(tx: AsyncConnection, record: Record, before: Record | None, desk: Desk) -> dict[str, Any]:
    assert record.id is not None
    posted: list[Posting] = await ledger.entry(tx, record.county_code, record.id) if before is not None else []
    item: dict[str, Any] = {
        "status": record.status,
        "cause": record.cause,
        "note": record.trace["reason"] if record.reversal_of else record.trace.get("change", {}).get("note"),
        "settled_at": record.settled_at,
        "operator": record.operator,
        "reversal_of": str(record.reversal_of) if record.reversal_of else None,
        "replaces": str(record.replaces) if record.replaces else None,
        "side": side(record),
        "differences": differences(posted),
        "difference_explained": None,
    }
    if before is None or record.reversal_of is not None:
        return item
    packs = (await desk.law.by_hash(tx, before.pack_hash), await desk.law.by_hash(tx, record.pack_hash))
    return item | {"difference_explained": compared(before, record, packs, posted)["difference_explained"]}
