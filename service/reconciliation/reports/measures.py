"""What the county's operators watch: statements that nobody paid in time."""

from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.reconciliation.statements.outstanding import MOVED, OUTSTANDING
from service.wire.metrics import Measured

_OVERDUE: Final = text(f"""
    SELECT payer, count(*) AS statements, :today - min(due_on) AS oldest_days FROM (
        SELECT s.payer, s.due_on, {OUTSTANDING} AS outstanding FROM statements s
        {MOVED}
        LEFT JOIN statement_carries k ON k.county_code = s.county_code AND k.statement_id = s.id
        WHERE s.due_on < :today AND k.into_id IS NULL) unpaid
    WHERE outstanding > 0 GROUP BY payer ORDER BY payer
""")


async def overdue(tx: AsyncConnection, now: datetime) -> list[Measured]:
    """Overdue statements of each payer, and the age of the oldest, in days past its due day."""
    found = []
    for row in await tx.execute(_OVERDUE, {"today": now.date()}):
        payer = {"payer": row.payer}
        found += [
            Measured("onestop_statements_overdue", "Statements not paid by their due day.", payer, row.statements),
            Measured("onestop_statement_overdue_days", "Age of the oldest of them.", payer, row.oldest_days),
        ]
    return found
