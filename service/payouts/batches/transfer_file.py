"""The file of transfers for the bank, by the bank's layout, as CSV or XLSX."""

from typing import Any, Final

from service.money import yuan
from service.payouts.batches import store
from service.payouts.batches.layouts import LAYOUTS
from service.payouts.refusals import WrongState
from service.reconciliation.desk import Desk
from service.sheets.write import csv_bytes, xlsx_bytes

_OUT: Final = frozenset({"released", "answered"})


async def transfer_file(desk: Desk, batch: dict[str, Any], kind: str) -> bytes:
    """The transfers with their accounts in full. Raises payout.state before the batch is released."""
    if batch["status"] not in _OUT:
        raise WrongState(state=batch["status"])
    layout = LAYOUTS[batch["layout"]]
    items = await store.items_of(desk, batch_id=batch["id"], limit=None)
    assert sum(item["amount"] for item in items) == batch["total"], "a batch is the sum of its lines"
    rows = []
    for item in items:
        account = store.opened(desk.vault, item)
        cells = {
            "line": item["line_no"],
            "reference": item["reference"],
            "holder": account.holder,
            "bank": account.bank,
            "number": account.number,
            "amount": yuan(item["amount"]),
            "remark": layout.remark,
        }
        rows.append([cells[column.field] for column in layout.columns])
    await desk.note_shown(f"payout.file_{kind}", (item["person_no"] for item in items), subject=batch["id"])
    header = [column.heading for column in layout.columns]
    return (csv_bytes if kind == "csv" else xlsx_bytes)(header, rows)
