"""Batches and transfers as they are answered and told of; accounts are masked, the file alone has them whole."""

from typing import Any

from service.access.vault import Vault, mask_account, mask_name
from service.money import yuan
from service.payouts.batches import store
from service.payouts.batches.model import LeftOut, Transfer
from service.reconciliation.desk import Desk
from service.registers.entries import BankAccount

Row = dict[str, Any]


def answer(batch: Row) -> dict[str, Any]:
    """A batch."""
    return {
        "id": str(batch["id"]),
        "county_code": batch["county_code"],
        "number": batch["number"],
        "payer": batch["payer"],
        "pay_on": batch["pay_on"],
        "layout": batch["layout"],
        "filter": batch["filter"],
        "status": batch["status"],
        "line_count": batch["line_count"],
        "total": yuan(batch["total"]),
        "paid": yuan(batch["paid"]),
        "returned": yuan(batch["returned"]),
        "made_by": batch["operator"],
        "made_at": batch["at"],
        "released_by": batch["released_by"],
        "released_at": batch["released_at"],
    }


def _account(account: BankAccount) -> dict[str, str]:
    return {"holder": mask_name(account.holder), "bank": account.bank, "number": mask_account(account.number)}


def as_ordered(transfer: Transfer) -> dict[str, Any]:
    """A transfer that would be made."""
    return {
        "person_no": transfer.person_no,
        "relation": transfer.relation,
        "account": _account(transfer.account),
        "amount": yuan(transfer.amount),
        "attempt": transfer.attempt,
        "parts": [
            {"kind": part.kind, "source_id": str(part.source_id), "layer": part.layer, "amount": yuan(part.amount)}
            for part in transfer.parts
        ],
    }


def as_transfer(vault: Vault, item: Row) -> dict[str, Any]:
    """A transfer that was made, and what became of it."""
    return {
        "id": str(item["id"]),
        "batch_id": str(item["batch_id"]),
        "line_no": item["line_no"],
        "reference": item["reference"],
        "person_no": item["person_no"],
        "relation": item["relation"],
        "account": _account(store.opened(vault, item)),
        "amount": yuan(item["amount"]),
        "attempt": item["attempt"],
        "status": item["status"],
        "on_day": item["on_day"],
        "reason": item["reason"],
    }


def as_left_out(left: LeftOut) -> dict[str, Any]:
    """Somebody who is owed something and is not paid."""
    return {"person_no": left.person_no, "amount": yuan(left.amount), "code": left.why}


async def tell(desk: Desk, kind: str, batch: Row) -> None:
    """Add what happened to a batch to the events that its payer polls; no hospital is concerned."""
    await desk.tell(
        kind,
        batch["id"],
        county_code=batch["county_code"],
        hospital_code="",
        payer=batch["payer"],
        total=batch["total"],
    )
