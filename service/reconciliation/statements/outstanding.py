"""What is left of a statement `s`: one definition for all who ask, in SQL."""

from typing import Final

OUTSTANDING: Final = "s.lines_total + s.carried_forward - p.paid - d.deducted + r.released - h.held"
"""In fen, from the rows of MOVED; negative where the hospital owes."""

MOVED: Final = """
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(a.amount), 0)::bigint AS paid,
            count(*) FILTER (WHERE o.outcome IS NULL AND a.amount > 0) AS on_the_way
        FROM payment_allocations a
        LEFT JOIN payment_outcomes o ON o.county_code = a.county_code AND o.payment_id = a.payment_id
        WHERE a.county_code = s.county_code AND a.statement_id = s.id AND o.outcome IS DISTINCT FROM 'returned') p
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(amount), 0)::bigint AS deducted,
            coalesce(sum(amount) FILTER (WHERE kind = 'retention'), 0)::bigint AS retained
        FROM deductions WHERE county_code = s.county_code AND statement_id = s.id) d
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(d.amount), 0)::bigint AS released,
            coalesce(sum(d.amount) FILTER (WHERE d.kind = 'retention'), 0)::bigint AS retained_no_more
        FROM deduction_releases f
        JOIN deductions d ON d.county_code = f.county_code AND d.id = f.deduction_id
        WHERE d.county_code = s.county_code AND d.statement_id = s.id) r
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(amount), 0)::bigint AS held FROM line_holds
        WHERE county_code = s.county_code AND statement_id = s.id) h
"""

CARRIED: Final = f"""
    SELECT s.id, {OUTSTANDING} AS amount FROM statements s {MOVED}
    WHERE s.county_code = :county_code AND s.payer = :payer AND s.hospital_code = :hospital_code
        AND s.period_to < :last AND {OUTSTANDING} < 0 AND p.on_the_way = 0 AND d.retained = r.retained_no_more
        AND NOT EXISTS (SELECT FROM statement_carries c WHERE c.county_code = s.county_code AND c.statement_id = s.id)
"""
"""
The negative statements that the next one of the pair takes over. What may still open again (a transfer on the way, a
retention not released) is waited for: nobody would owe it once its statement is carried.
"""
