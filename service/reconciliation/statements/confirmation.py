"""Agree to a statement: the hospital first, then the payer."""

from typing import Any
from uuid import UUID

from service.access import store as access
from service.access.model import Role
from service.reconciliation.desk import Desk
from service.reconciliation.refusals import AlreadyConfirmed, StatementClosed, StatementOrder
from service.reconciliation.statements import store
from service.reconciliation.statements.actions import find, locked, tell
from service.reconciliation.statements.answer import statement_answer
from service.reconciliation.statements.refusals import PayerConfirms


async def confirm(desk: Desk, statement_id: UUID, reason: str | None = None) -> dict[str, Any]:
    """
    Agree to a statement. The agency does it for a payer that has no client of its own; for another with a reason.

    Raises statement.unknown, statement.closed, statement.not_confirmed_by_hospital, statement.payer_confirms and
    statement.already_confirmed.
    """
    statement = (await locked(desk, [statement_id]))[0]
    side = "hospital" if desk.caller.role == Role.HOSPITAL else "payer"
    if statement["status"] == "closed":
        raise StatementClosed("/statement_id")
    if side == "payer" and statement["hospital_confirmed_at"] is None:
        raise StatementOrder("/statement_id")
    instead = desk.caller.role == Role.AGENCY and await access.payer_has_client(
        desk.tx, statement["county_code"], statement["payer"]
    )
    if instead and reason is None:
        raise PayerConfirms("/reason")

    told = {"reason": reason} if instead else {}
    if not await store.confirm(desk.tx, statement, side, desk.author() | {"reason": told.get("reason")}):
        raise AlreadyConfirmed("/statement_id")
    await tell(desk, f"statement.confirmed_by_{side}", statement, **told)
    await desk.note("statement.confirm_instead" if instead else "statement.confirm", subject=str(statement_id))
    return statement_answer(await find(desk, statement_id))
