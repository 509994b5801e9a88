"""The books of the money to patients: batches, what became of their transfers, and the yearly top-ups."""

from typing import Final

_SIGNED: Final = "CASE WHEN p.target = '{state}' THEN p.amount ELSE -p.amount END"
_OF_STEP: Final = f"""
    SELECT p.entry_id, sum({_SIGNED.format(state="{state}")}) AS amount FROM postings p
    WHERE p.county_code = :county_code AND '{{state}}' IN (p.source, p.target) GROUP BY p.entry_id
"""
PAYOUTS: Final = {
    "a batch is the sum of its transfers": """
        SELECT 'payout_batches', b.id::text, 'total', b.line_count || ' / ' || b.total,
            count(i.id) || ' / ' || coalesce(sum(i.amount), 0)
        FROM payout_batches b
        LEFT JOIN payout_items i ON i.county_code = b.county_code AND i.batch_id = b.id
        WHERE b.county_code = :county_code GROUP BY b.id, b.line_count, b.total
        HAVING count(i.id) <> b.line_count OR coalesce(sum(i.amount), 0) <> b.total ORDER BY b.id
    """,
    "a transfer is the sum of its parts": """
        SELECT 'payout_items', i.id::text, 'amount', i.amount::text, coalesce(sum(p.amount), 0)::text
        FROM payout_items i LEFT JOIN payout_parts p ON p.county_code = i.county_code AND p.item_id = i.id
        WHERE i.county_code = :county_code GROUP BY i.id, i.amount
        HAVING coalesce(sum(p.amount), 0) <> i.amount ORDER BY i.id
    """,
    "a batch orders in the ledger what its transfers come to": f"""
        SELECT 'payout_steps', s.id::text, s.kind, coalesce(m.amount, 0)::text,
            (CASE s.kind WHEN 'made' THEN b.total ELSE -b.total END)::text
        FROM payout_steps s JOIN payout_batches b ON b.county_code = s.county_code AND b.id = s.batch_id
        LEFT JOIN ({_OF_STEP.format(state="billed")}) m ON m.entry_id = s.id
        WHERE s.county_code = :county_code AND s.kind IN ('made', 'withdrawn', 'answered')
            AND coalesce(m.amount, 0) <> CASE s.kind WHEN 'made' THEN b.total ELSE -b.total END ORDER BY s.id
    """,
    "what the bank paid is paid in the ledger": f"""
        SELECT 'payout_steps', s.id::text, 'paid', coalesce(m.amount, 0)::text, o.amount::text
        FROM payout_steps s
        CROSS JOIN LATERAL (SELECT coalesce(sum(CASE WHEN s.kind = 'returned' THEN -i.amount
                WHEN o.outcome = 'paid' THEN i.amount ELSE 0 END), 0) AS amount
            FROM payout_outcomes o JOIN payout_items i ON i.county_code = o.county_code AND i.id = o.item_id
            WHERE o.county_code = s.county_code AND o.step_id = s.id) o
        LEFT JOIN ({_OF_STEP.format(state="paid")}) m ON m.entry_id = s.id
        WHERE s.county_code = :county_code AND s.kind IN ('answered', 'returned')
            AND coalesce(m.amount, 0) <> o.amount ORDER BY s.id
    """,
    "nobody released the batch they made": """
        SELECT 'payout_steps', s.id::text, 'operator', s.operator, 'somebody else than ' || b.operator
        FROM payout_steps s JOIN payout_batches b ON b.county_code = s.county_code AND b.id = s.batch_id
        WHERE s.county_code = :county_code AND s.kind = 'released' AND lower(s.operator) = lower(b.operator)
        ORDER BY s.id
    """,
    "nobody decided the claim that they registered": """
        SELECT 'manual_claim_steps', s.claim_id || '/' || s.serial, 'operator', s.operator, 'somebody else'
        FROM manual_claim_steps s JOIN manual_claims c ON c.county_code = s.county_code AND c.id = s.claim_id
        WHERE s.county_code = :county_code AND s.state IN ('approved', 'refused')
            AND (s.operator IS NULL OR lower(s.operator) = lower(c.operator)) ORDER BY 2
    """,
    "nobody decided the aid that they applied for": """
        SELECT 'aid_decisions', d.application_id::text, 'operator', d.operator, 'somebody else'
        FROM aid_decisions d JOIN aid_applications a ON a.county_code = d.county_code AND a.id = d.application_id
        WHERE d.county_code = :county_code AND (d.operator IS NULL OR lower(d.operator) = lower(a.operator)) ORDER BY 2
    """,
    "a claim stands where its last step left it": """
        SELECT 'manual_claims', c.id::text, 'state', c.state, coalesce(l.state, 'registered') FROM manual_claims c
        LEFT JOIN LATERAL (SELECT state FROM manual_claim_steps s
            WHERE s.county_code = c.county_code AND s.claim_id = c.id ORDER BY serial DESC LIMIT 1) l ON true
        WHERE c.county_code = :county_code AND c.state <> coalesce(l.state, 'registered') ORDER BY c.id
    """,
    "a line of a cycle differs from the one before by its difference": """
        SELECT 'cycle_lines', id::text, 'difference', difference::text, (amount - before)::text
        FROM (SELECT *, coalesce(lag(amount) OVER (PARTITION BY cycle_start, person_no ORDER BY serial), 0) AS before
            FROM cycle_lines WHERE county_code = :county_code) l
        WHERE difference <> amount - before ORDER BY id
    """,
    "a line of a cycle is the sum of its visits": """
        SELECT 'cycle_lines', l.id::text, 'visits', l.total || ' / ' || l.reimbursed, v.total || ' / ' || v.reimbursed
        FROM cycle_lines l CROSS JOIN LATERAL (
            SELECT coalesce(sum((one ->> 3)::bigint), 0) AS total, coalesce(sum((one ->> 4)::bigint), 0) AS reimbursed
            FROM jsonb_array_elements(l.visits) one) v
        WHERE l.county_code = :county_code AND (l.total, l.reimbursed) <> (v.total, v.reimbursed) ORDER BY l.id
    """,
    "the ledger owes for a cycle what its lines say": f"""
        SELECT 'cycle_lines', l.id::text, 'difference', l.difference::text, coalesce(m.amount, 0)::text
        FROM cycle_lines l LEFT JOIN ({_OF_STEP.format(state="unbilled")}) m ON m.entry_id = l.id
        WHERE l.county_code = :county_code AND l.difference <> coalesce(m.amount, 0) ORDER BY l.id
    """,
}
"""As `books.PROOFS`: each asks for the rows that are wrong."""
