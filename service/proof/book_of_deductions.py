"""Deductions, recoveries and held lines: what the ledger moved for each is what its row says."""

from typing import Final

from service.proof.book_of_transfers import moved

DEDUCTIONS: Final = {
    "a deduction is what the ledger deducted": f"""
        SELECT 'deductions', d.id::text, 'amount', d.amount::text, coalesce(m.amount, 0)::text
        FROM deductions d LEFT JOIN ({moved("deducted")}) m ON m.entry_id = d.id
        WHERE d.county_code = :county_code AND d.amount <> coalesce(m.amount, 0)
        UNION ALL
        SELECT 'deductions', d.id::text, 'amount', d.amount::text, coalesce(-m.amount, 0)::text
        FROM deductions d LEFT JOIN ({moved("prepaid")}) m ON m.entry_id = d.id
        WHERE d.county_code = :county_code AND d.kind = 'prepayment_offset' AND d.amount <> coalesce(-m.amount, 0)
    """,
    "a release gives back its deduction": f"""
        SELECT 'deduction_releases', r.id::text, 'amount', coalesce(-m.amount, 0)::text, d.amount::text
        FROM deduction_releases r
        JOIN deductions d ON d.county_code = r.county_code AND d.id = r.deduction_id
        LEFT JOIN ({moved("deducted")}) m ON m.entry_id = r.id
        LEFT JOIN ({moved("prepaid")}) p ON p.entry_id = r.id
        WHERE r.county_code = :county_code AND (d.kind NOT IN ('retention', 'prepayment_offset')
            OR d.amount <> coalesce(-m.amount, 0)
            OR d.kind = 'prepayment_offset' AND d.amount <> coalesce(p.amount, 0))
        ORDER BY r.id
    """,
    "a held line is taken off its statement, and begins anew": """
        SELECT 'line_holds', h.id::text, wrong.name, h.amount::text, wrong.computed::text
        FROM line_holds h
        LEFT JOIN statement_lines l ON l.county_code = h.county_code AND l.statement_id = h.statement_id
            AND l.line_no = h.line_no
        CROSS JOIN LATERAL (SELECT
                coalesce(sum(CASE p.target WHEN 'fund' THEN p.amount ELSE -p.amount END)
                    FILTER (WHERE p.origin = l.origin AND 'fund' IN (p.source, p.target)), 0) AS off,
                coalesce(sum(CASE p.target WHEN 'unbilled' THEN p.amount ELSE -p.amount END)
                    FILTER (WHERE p.origin = h.id), 0) AS anew
            FROM postings p WHERE p.county_code = h.county_code AND p.entry_id = h.id) p
        CROSS JOIN LATERAL (VALUES ('taken off', p.off), ('amount', p.anew)) wrong (name, computed)
        WHERE h.county_code = :county_code AND h.amount <> wrong.computed ORDER BY h.id
    """,
    "a recovery takes what it found, and no more": """
        SELECT 'recoveries', r.id::text, wrong.name, wrong.kept::text, wrong.computed::text
        FROM recoveries r
        CROSS JOIN LATERAL (SELECT coalesce(sum(d.amount), 0) AS taken FROM deductions d
            WHERE d.county_code = r.county_code AND d.recovery_id = r.id) d
        CROSS JOIN LATERAL (SELECT coalesce(sum(c.amount), 0) AS found FROM recovery_cases c
            WHERE c.county_code = r.county_code AND c.recovery_id = r.id) c
        CROSS JOIN LATERAL (VALUES ('taken', d.taken, least(d.taken, r.amount)),
            ('amount', CASE WHEN jsonb_array_length(r.lines) = 0 THEN 0 ELSE r.amount END, c.found))
            wrong (name, kept, computed)
        WHERE r.county_code = :county_code AND wrong.kept <> wrong.computed ORDER BY r.id
    """,
    "a recovery is taken of statements of its payer and hospital, under its document": """
        SELECT 'deductions', d.id::text, 'recovery_id', s.payer || ' ' || s.hospital_code || ' ' || d.document_no,
            r.payer || ' ' || r.hospital_code || ' ' || r.document_no
        FROM deductions d
        JOIN statements s ON s.county_code = d.county_code AND s.id = d.statement_id
        JOIN recoveries r ON r.county_code = d.county_code AND r.id = d.recovery_id
        WHERE d.county_code = :county_code
            AND (s.payer, s.hospital_code, d.document_no) <> (r.payer, r.hospital_code, r.document_no) ORDER BY d.id
    """,
}
