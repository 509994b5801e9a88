"""What the agency has to decide or post of the money to patients, and by when."""

from datetime import date
from typing import Final, NamedTuple

from sqlalchemy import text

from service.access.model import Role
from service.reconciliation.desk import Desk

_DECIDES: Final = (Role.AGENCY, Role.AUDITOR)
_OF_TOWNSHIP: Final = """
    SELECT 'aid.decide' AS kind, a.due_on, a.id, a.expected AS amount FROM aid_applications a
    JOIN persons p ON p.county_code = a.county_code AND p.person_no = a.person_no AND p.township_code = :township_code
    WHERE a.county_code = :county_code AND NOT EXISTS (SELECT FROM aid_decisions d
        WHERE d.county_code = a.county_code AND d.application_id = a.id)
    UNION ALL
    -- It uses up the year's caps, and lapses with nobody the wiser.
    SELECT 'aid.apply', make_date(extract(year FROM s.settled_on)::int, 12, 31), s.id, s.expected_aid
    FROM persons p JOIN live_visits v ON v.county_code = p.county_code AND v.person_no = p.person_no
    JOIN settlements s ON s.county_code = v.county_code AND s.id = v.settlement_id
    WHERE p.county_code = :county_code AND p.township_code = :township_code AND s.expected_aid > 0 AND NOT s.on_hold
        AND NOT EXISTS (SELECT FROM aid_applications a WHERE a.county_code = s.county_code AND a.case_id = s.case_id)
    ORDER BY 2, 3 LIMIT :most
"""
_WAITING: Final = """
    SELECT 'manual.decide' AS kind, due_on, id, 0::bigint AS amount FROM manual_claims
    WHERE county_code = :county_code AND state IN ('registered', 'incomplete', 'under_review')
    UNION ALL
    SELECT 'aid.decide', a.due_on, a.id, a.expected FROM aid_applications a
    WHERE a.county_code = :county_code AND NOT EXISTS (SELECT FROM aid_decisions d
        WHERE d.county_code = a.county_code AND d.application_id = a.id)
    UNION ALL
    -- Of a content that was uploaded more than once, the last preview.
    SELECT 'backpay.post', i.due_on, i.id, r.amount FROM (
        SELECT DISTINCT ON (content_hash) * FROM backpay_imports WHERE county_code = :county_code
        ORDER BY content_hash, id DESC) i
    CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0)::bigint AS amount FROM backpay_rows b
        WHERE b.county_code = i.county_code AND b.import_id = i.id) r
    WHERE r.amount > 0 AND NOT EXISTS (SELECT FROM backpay_posts p
        WHERE p.county_code = i.county_code AND p.content_hash = i.content_hash)
    ORDER BY 2, 3 LIMIT :most
"""
_APPLIED: Final = text("""
    SELECT s.id FROM settlements s JOIN aid_applications a ON a.county_code = s.county_code AND a.case_id = s.case_id
    WHERE s.county_code = ANY (:county_codes) AND s.id = ANY (CAST(:ids AS uuid[]))
""")


class Waiting(NamedTuple):
    """Something that waits for a decision; `amount` in fen."""

    kind: str
    due_on: date
    subject: str
    amount: int


async def waiting(desk: Desk, most: int) -> list[Waiting]:
    """Manual claims and applications for aid to decide, back-pay to post; of a township, its own people's aid."""
    asked = {"county_code": desk.county_code, "most": most}
    if desk.caller.role == Role.TOWNSHIP:
        rows = await desk.tx.execute(text(_OF_TOWNSHIP), asked | {"township_code": desk.caller.township_code})
    elif desk.caller.role in _DECIDES:
        rows = await desk.tx.execute(text(_WAITING), asked)
    else:
        return []
    return [Waiting(row.kind, row.due_on, str(row.id), row.amount) for row in rows]


async def applied_for(desk: Desk, settlement_ids: list[str]) -> set[str]:
    """Those of these settlements whose expected aid somebody has applied for."""
    asked = {"county_codes": desk.county_codes, "ids": settlement_ids}
    return {str(found) for found in await desk.tx.scalars(_APPLIED, asked)}
