"""
When is a difference corrected? When the ledger has the correction that both sides wait for: nobody has to say it again.

In SQL, for a difference `d` of a statement `s`: a state is what the rows say together.
"""

from typing import Final

CORRECTIONS: Final = """
    SELECT e.at, e.id, (sum(sum(CASE WHEN p.source = 'fund' THEN p.amount ELSE -p.amount END))
        OVER (ORDER BY e.at, e.id))::bigint AS so_far
    FROM statement_lines l
    JOIN ledger_entries e ON e.county_code = l.county_code AND e.case_id = l.case_id AND e.case_id <> e.id
    JOIN postings p ON p.county_code = e.county_code AND p.origin = e.id AND p.entry_id = e.id
    WHERE l.county_code = d.county_code AND l.statement_id = d.statement_id AND l.line_no = d.line_no
        AND e.cause IN ('reversal', 'readjudication') AND e.at > s.at AND p.payee = 'hospital:' || s.hospital_code
        AND (p.payer = s.payer OR d.ours <> l.amount)
    GROUP BY e.at, e.id
"""
"""
By how much the case of the line was corrected since the statement was issued, in fen: of the payer, or of all payers
where the difference is one of fund sums.
"""

CORRECTED: Final = f"""
    SELECT c.at, c.id FROM ({CORRECTIONS}) c
    WHERE t.status = 'proposed' AND t.resolution = 'correct' AND c.so_far = coalesce(d.theirs, 0) - d.ours
    ORDER BY c.at, c.id LIMIT 1
"""
"""The correction, where one was agreed on in the difference's last step `t`, that makes ours what theirs is."""

OPEN: Final = f"""
    NOT EXISTS (SELECT FROM difference_steps t WHERE t.county_code = d.county_code AND t.difference_id = d.id
        AND t.status IN ('resolved', 'gone'))
    AND NOT EXISTS (SELECT FROM (
        SELECT * FROM difference_steps t WHERE t.county_code = d.county_code AND t.difference_id = d.id
        ORDER BY step_no DESC LIMIT 1) t CROSS JOIN LATERAL ({CORRECTED}) c)
"""
"""Whether somebody still has to act on the difference."""
