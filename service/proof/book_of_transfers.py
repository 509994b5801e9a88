"""Transfers and differences: what the ledger moved for a transfer is what its row says; a history has no gap."""

from typing import Final

# What an entry moved into a state, less what it moved out of it.
_MOVED: Final = """
    SELECT p.entry_id,
        coalesce(sum(CASE '{state}' WHEN p.target THEN p.amount WHEN p.source THEN -p.amount END), 0) AS amount
    FROM postings p WHERE p.county_code = :county_code AND '{state}' IN (p.source, p.target) GROUP BY p.entry_id
"""


def moved(state: str) -> str:
    """What each entry moved into a state, in SQL."""
    return _MOVED.format(state=state)


TRANSFERS: Final = {
    "a transfer pays its statements, and the rest is kept for the payer": f"""
        SELECT 'payments', t.id::text, wrong.name, wrong.kept::text, wrong.computed::text
        FROM payments t
        CROSS JOIN LATERAL (SELECT coalesce(sum(a.amount), 0) AS amount FROM payment_allocations a
            WHERE a.county_code = t.county_code AND a.payment_id = t.id) a
        LEFT JOIN ({moved("paid")}) paid ON paid.entry_id = t.id
        LEFT JOIN ({moved("prepaid")}) prepaid ON prepaid.entry_id = t.id
        CROSS JOIN LATERAL (VALUES ('allocations', a.amount, coalesce(paid.amount, 0)),
            ('prepaid', t.amount - a.amount, coalesce(prepaid.amount, 0))) wrong (name, kept, computed)
        WHERE t.county_code = :county_code AND wrong.kept <> wrong.computed ORDER BY t.id
    """,
    "a transfer pays statements of its payer and hospital": """
        SELECT 'payment_allocations', a.payment_id || '/' || a.statement_id, 'statement_id',
            s.payer || ' ' || s.hospital_code, t.payer || ' ' || t.hospital_code
        FROM payment_allocations a
        JOIN payments t ON t.county_code = a.county_code AND t.id = a.payment_id
        JOIN statements s ON s.county_code = a.county_code AND s.id = a.statement_id
        WHERE a.county_code = :county_code AND (s.payer, s.hospital_code) <> (t.payer, t.hospital_code) ORDER BY 2
    """,
    "a transfer sent back opens what it had paid": f"""
        SELECT 'payment_outcomes', o.id::text, wrong.name, wrong.kept::text, wrong.computed::text
        FROM payment_outcomes o
        LEFT JOIN ({moved("paid")}) paid ON paid.entry_id = o.payment_id
        LEFT JOIN ({moved("paid")}) unpaid ON unpaid.entry_id = o.id
        LEFT JOIN ({moved("prepaid")}) prepaid ON prepaid.entry_id = o.payment_id
        LEFT JOIN ({moved("prepaid")}) returned ON returned.entry_id = o.id
        CROSS JOIN LATERAL (VALUES ('paid', coalesce(-unpaid.amount, 0), coalesce(paid.amount, 0)),
            ('prepaid', coalesce(-returned.amount, 0), coalesce(prepaid.amount, 0))) wrong (name, kept, computed)
        WHERE o.county_code = :county_code AND o.outcome = 'returned' AND wrong.kept <> wrong.computed ORDER BY o.id
    """,
    "a match counts its differences": """
        SELECT 'matches', m.id::text, 'difference_count', m.difference_count::text, d.opened || ' to ' || d.shown
        FROM matches m CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE d.match_id = m.id) AS opened, count(*) AS shown
            FROM differences d JOIN matches f ON f.county_code = d.county_code AND f.id = d.match_id
            WHERE d.county_code = m.county_code AND d.statement_id = m.statement_id AND f.side = m.side) d
        WHERE m.county_code = :county_code AND m.difference_count NOT BETWEEN d.opened AND d.shown ORDER BY m.id
    """,
    "the history of a difference has no gap": """
        SELECT 'difference_steps', difference_id::text, 'step_no', string_agg(step_no::text, ', ' ORDER BY step_no),
            '1 to ' || count(*)
        FROM difference_steps WHERE county_code = :county_code
        GROUP BY difference_id HAVING min(step_no) <> 1 OR max(step_no) <> count(*) ORDER BY 2
    """,
}
