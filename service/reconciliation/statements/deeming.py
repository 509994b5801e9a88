"""
Statements that count as confirmed because nobody objected within the pack's days.

It happens with the passing of a day, when nobody calls. It is written down and told, once, at the next poll of
events by anybody: from that moment it stands, whatever is objected to afterwards.
"""

from typing import Any, Final

from sqlalchemy import text

from service.reconciliation.desk import Desk
from service.reconciliation.statements.actions import tell

AT_ONCE: Final = 10_000
_DEEM: Final = text("""
WITH deemed AS (
    INSERT INTO statement_deemings (county_code, statement_id, at)
    SELECT s.county_code, s.id, :at FROM statements s
    WHERE s.county_code = ANY (:county_codes) AND s.deemed_on < :today
        AND NOT EXISTS (SELECT FROM statement_deemings g
            WHERE g.county_code = s.county_code AND g.statement_id = s.id)
        AND (SELECT count(*) FROM statement_confirmations c
            WHERE c.county_code = s.county_code AND c.statement_id = s.id) < 2
        AND NOT EXISTS (SELECT FROM differences f
            WHERE f.county_code = s.county_code AND f.statement_id = s.id AND f.match_id IS NOT NULL
                AND NOT EXISTS (SELECT FROM difference_steps t WHERE t.county_code = f.county_code
                    AND t.difference_id = f.id AND t.status IN ('resolved', 'gone')))
    ORDER BY s.deemed_on, s.id LIMIT :most
    ON CONFLICT DO NOTHING
    RETURNING county_code, statement_id
)
SELECT s.county_code, s.id, s.payer, s.hospital_code, s.deemed_on FROM deemed d
JOIN statements s ON s.county_code = d.county_code AND s.id = d.statement_id ORDER BY s.deemed_on, s.id
""")


async def deem(desk: Desk) -> None:
    """Write down and tell every statement of the caller's counties that counts as confirmed by today."""
    values: dict[str, Any] = {"county_codes": desk.county_codes, "today": desk.today, "at": desk.now}
    found = (await desk.tx.execute(_DEEM, values | {"most": AT_ONCE})).mappings().all()
    for statement in found:
        await tell(desk, "statement.deemed_confirmed", dict(statement), deemed_on=statement["deemed_on"].isoformat())
