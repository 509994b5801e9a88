"""
Differences that transfers show: more or less than was open. They open with a transfer, and close when it is made good.

Underpaid is made good when nothing of the statement is open any more, or by the next transfer for it; overpaid when
the surplus has been offset. Either is gone when its transfer came back.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from service.reconciliation.desk import Desk
from service.reconciliation.statements.outstanding import MOVED, OUTSTANDING

Row = dict[str, Any]
_UNSETTLED: Final = """
    JOIN LATERAL (SELECT t.step_no, t.status FROM difference_steps t
        WHERE t.county_code = f.county_code AND t.difference_id = f.id ORDER BY t.step_no DESC LIMIT 1) last
        ON last.status IN ('open', 'proposed')
"""
_OF_PAIR: Final = text(f"""
    SELECT DISTINCT f.statement_id FROM statements a
    JOIN statements s ON s.county_code = a.county_code AND s.payer = a.payer AND s.hospital_code = a.hospital_code
    JOIN differences f ON f.county_code = s.county_code AND f.statement_id = s.id AND f.kind = 'overpaid' {_UNSETTLED}
    WHERE a.county_code = ANY (:county_codes) AND a.id = ANY (CAST(:ids AS uuid[])) AND f.statement_id <> ALL (:ids)
    ORDER BY 1
""")
_CLOSE: Final = text(f"""
    INSERT INTO difference_steps (county_code, difference_id, step_no, status, note, client_id, operator, at)
    SELECT f.county_code, f.id, last.step_no + 1, 'gone', :note, :client_id, :operator, :at
    FROM differences f {_UNSETTLED}
    JOIN statements s ON s.county_code = f.county_code AND s.id = f.statement_id
    LEFT JOIN statement_carries k ON k.county_code = s.county_code AND k.statement_id = s.id
    {MOVED}
    WHERE f.county_code = :county_code AND f.statement_id = ANY (CAST(:ids AS uuid[])) AND f.payment_id IS NOT NULL
        AND (f.payment_id = CAST(:returned AS uuid)
            OR (f.kind = 'underpaid' AND (k.into_id IS NOT NULL OR {OUTSTANDING} <= 0
                OR (CAST(:payment_id AS uuid) IS NOT NULL AND f.payment_id <> CAST(:payment_id AS uuid))))
            OR (f.kind = 'overpaid' AND NOT EXISTS (SELECT FROM postings p
                WHERE p.county_code = s.county_code AND p.payer = s.payer AND p.layer = 'prepaid'
                    AND p.payee = 'hospital:' || s.hospital_code
                HAVING sum(CASE WHEN p.target = 'prepaid' THEN p.amount ELSE -p.amount END) > 0)))
""")


async def statements_of(desk: Desk, *statement_ids: UUID) -> list[UUID]:
    """
    Other statements of the same payer and hospital with a surplus that nobody has used: to be held with these, so
    that a surplus used up closes what it was told as.
    """
    values = {"county_codes": desk.county_codes, "ids": list(statement_ids)}
    return list(await desk.tx.scalars(_OF_PAIR, values))


async def close_settled(
    desk: Desk,
    statements: Sequence[Row],
    *,
    note: str,
    payment_id: UUID | None = None,
    returned: UUID | None = None,
) -> None:
    """
    Close what is made good of the payment differences of some statements, whose locks the caller holds.

    `payment_id`: a transfer just entered, which answers for what was short before; `returned`: one that came back.
    """
    if not statements:
        return
    values: dict[str, Any] = {"county_code": statements[0]["county_code"], "ids": [one["id"] for one in statements]}
    values |= {"payment_id": payment_id, "returned": returned, "note": note} | desk.author()
    await desk.tx.execute(_CLOSE, values)
