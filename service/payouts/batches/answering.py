"""Take the bank's answer to a batch in: held against it whole, and booked in one transaction."""

import hashlib
from datetime import date
from typing import Any, BinaryIO
from uuid import UUID

from service.payouts.batches import actions, store
from service.payouts.batches.answer_file import read
from service.payouts.batches.answers import answer, tell
from service.payouts.batches.layouts import LAYOUTS
from service.payouts.batches.model import Step
from service.payouts.refusals import AnsweredAlready
from service.reconciliation.desk import Desk


async def take_in(desk: Desk, batch_id: UUID, file: BinaryIO, filename: str, on_day: date) -> dict[str, Any]:
    """
    Book what the bank says: what was paid is paid, what came back is open again. The same file again changes nothing.

    Raises payout.unknown, .state, .answered, .answer_differs and the refusals of `service.sheets`.
    """
    content_hash = hashlib.sha256(file.read()).digest()
    await actions.find(desk, batch_id)
    await store.hold(desk.tx, desk.county_code, batch_id)
    before = await store.answer_hash(desk.tx, desk.county_code, batch_id)
    if before is not None:
        if before != content_hash:
            raise AnsweredAlready("/file")
        return answer(await actions.find(desk, batch_id))

    batch = await actions.held(desk, batch_id, Step.ANSWERED)
    items = await store.items_of(desk, batch_id=batch_id, limit=None)
    said = read(file, filename, LAYOUTS[batch["layout"]].answer, items)
    await actions.conclude(desk, batch_id, content_hash, said, on_day)
    batch = await actions.find(desk, batch_id)
    assert batch["paid"] + batch["returned"] == batch["total"], "every line came to its end"
    await tell(desk, "payout.answered", batch)
    await desk.note("payout.answer", subject=str(batch_id))
    return answer(batch)
