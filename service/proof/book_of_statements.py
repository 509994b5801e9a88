"""Statements: each line is a claim of the ledger, billed once and for what it is; totals are the sum of the lines."""

from typing import Final

_BEGUN: Final = """
    SELECT p.origin, p.payer, p.payee, p.layer,
        sum(CASE WHEN p.target = 'unbilled' THEN p.amount ELSE -p.amount END)::bigint AS amount, min(p.on_day) AS on_day
    FROM postings p WHERE p.county_code = :county_code
        AND ((p.source IN ('fund', 'deducted') AND p.target = 'unbilled')
            OR (p.source = 'unbilled' AND p.target = 'fund'))
    GROUP BY p.origin, p.payer, p.payee, p.layer
"""
_OUTSTANDING: Final = """
    s.lines_total + s.carried_forward
        - coalesce((SELECT sum(a.amount) FROM payment_allocations a
            LEFT JOIN payment_outcomes o ON o.county_code = a.county_code AND o.payment_id = a.payment_id
            WHERE a.county_code = s.county_code AND a.statement_id = s.id
                AND o.outcome IS DISTINCT FROM 'returned'), 0)
        - coalesce((SELECT sum(d.amount) FROM deductions d
            WHERE d.county_code = s.county_code AND d.statement_id = s.id AND NOT EXISTS (
                SELECT FROM deduction_releases r WHERE r.county_code = d.county_code AND r.deduction_id = d.id)), 0)
        - coalesce((SELECT sum(h.amount) FROM line_holds h
            WHERE h.county_code = s.county_code AND h.statement_id = s.id), 0)
"""

STATEMENTS: Final = {
    "a statement's totals are those of its lines": """
        SELECT 'statements', s.id::text, wrong.name, wrong.kept::text, wrong.computed::text
        FROM statements s
        CROSS JOIN LATERAL (SELECT count(*) AS lines, coalesce(sum(l.amount), 0) AS total
            FROM statement_lines l WHERE l.county_code = s.county_code AND l.statement_id = s.id) l
        CROSS JOIN LATERAL (VALUES ('line_count', s.line_count, l.lines),
            ('lines_total', s.lines_total, l.total)) wrong (name, kept, computed)
        WHERE s.county_code = :county_code AND wrong.kept <> wrong.computed ORDER BY s.id
    """,
    # Numbers that follow one another are one row: a count that was changed by thousands hides nothing else.
    "lines are numbered without gap": """
        SELECT 'statement_lines', id || '/' || min(n), NULL,
            CASE WHEN missing THEN 'missing' ELSE 'a line' END || coalesce(', up to ' || nullif(max(n), min(n)), ''),
            'lines 1 to ' || line_count
        FROM (SELECT s.id, s.line_count, n.n, l.line_no IS NULL AS missing,
                n.n - row_number() OVER (PARTITION BY s.id, l.line_no IS NULL ORDER BY n.n) AS run
            FROM statements s
            CROSS JOIN LATERAL (SELECT n FROM generate_series(1, s.line_count) n
                UNION SELECT line_no FROM statement_lines WHERE county_code = s.county_code AND statement_id = s.id) n
            LEFT JOIN statement_lines l ON l.county_code = s.county_code AND l.statement_id = s.id AND l.line_no = n.n
            WHERE s.county_code = :county_code AND (l.line_no IS NULL OR n.n NOT BETWEEN 1 AND s.line_count)) wrong
        GROUP BY id, line_count, missing, run ORDER BY 2
    """,
    "a statement or a closing is of its period": """
        SELECT s.name, s.id::text, 'period', s.period || ' ' || s.period_from || ' ' || s.period_to,
            coalesce(d.first || ' ' || d.last, 'no month or quarter')
        FROM (SELECT 'statements' AS name, county_code, id, period, period_from, period_to FROM statements
            UNION ALL SELECT 'closings', county_code, id, period, period_from, period_to FROM closings) s
        CROSS JOIN LATERAL (SELECT CASE WHEN s.period !~ '^[0-9]{4}-(0[1-9]|1[0-2]|Q[1-4])$' THEN NULL
            WHEN s.period ~ 'Q'
            THEN make_date(left(s.period, 4)::int, right(s.period, 1)::int * 3 - 2, 1)
            ELSE to_date(s.period, 'YYYY-MM') END AS first) f
        CROSS JOIN LATERAL (SELECT f.first, (f.first + CASE WHEN s.period ~ 'Q' THEN interval '3 months'
            ELSE interval '1 month' END)::date - 1 AS last) d
        WHERE s.county_code = :county_code AND (s.period_from, s.period_to) IS DISTINCT FROM (d.first, d.last)
        ORDER BY s.id
    """,
    "a line is a claim, for what it is": f"""
        SELECT 'statement_lines', l.statement_id || '/' || l.line_no, 'amount', l.amount::text, b.amount::text
        FROM statement_lines l JOIN statements s ON s.county_code = l.county_code AND s.id = l.statement_id
        LEFT JOIN (SELECT origin, payer, payee, sum(amount) AS amount FROM ({_BEGUN}) b GROUP BY 1, 2, 3) b
            ON b.origin = l.origin AND b.payer = s.payer AND b.payee = 'hospital:' || s.hospital_code
        WHERE l.county_code = :county_code AND (b.amount IS DISTINCT FROM l.amount OR l.payer <> s.payer)
        ORDER BY l.statement_id, l.line_no
    """,
    "a line says what its claim says": """
        SELECT 'statement_lines', l.statement_id || '/' || l.line_no, wrong.name, wrong.kept, wrong.computed
        FROM statement_lines l
        JOIN ledger_entries e ON e.county_code = l.county_code AND e.id = l.origin
        CROSS JOIN LATERAL (VALUES ('settlement_id', l.settlement_id::text, e.settlement_id::text),
            ('case_id', l.case_id::text, e.case_id::text),
            ('kind', CASE l.kind WHEN 'reversal' THEN CASE e.cause WHEN 'reversal' THEN 'reversal' ELSE e.cause END
                ELSE l.kind END, CASE e.cause WHEN 'settlement' THEN 'advance'
                WHEN 'reversal' THEN CASE l.kind WHEN 'adjustment' THEN 'adjustment' ELSE 'reversal' END
                ELSE 'adjustment' END)) wrong (name, kept, computed)
        WHERE l.county_code = :county_code AND wrong.kept IS DISTINCT FROM wrong.computed
        ORDER BY l.statement_id, l.line_no
    """,
    "a line that corrects another names one of its case": """
        SELECT 'statement_lines', l.statement_id || '/' || l.line_no, 'original_line_no',
            l.original_statement_id || '/' || l.original_line_no, 'a line of the same case'
        FROM statement_lines l
        WHERE l.county_code = :county_code AND l.original_statement_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM statement_lines o WHERE o.county_code = l.county_code AND o.case_id = l.case_id
                AND o.statement_id = l.original_statement_id AND o.line_no = l.original_line_no)
        ORDER BY l.statement_id, l.line_no
    """,
    "the ledger bills the lines, layer by layer": f"""
        SELECT 'postings', coalesce(m.origin, b.origin) || '/' || coalesce(m.statement_id, b.statement_id),
            'amount', m.amount::text, b.amount::text
        FROM (SELECT p.entry_id AS statement_id, p.origin, p.layer, p.payer, p.payee,
                sum(CASE WHEN (p.source, p.target) = ('unbilled', 'billed') THEN p.amount
                    WHEN (p.source, p.target) = ('billed', 'unbilled') THEN -p.amount END) AS amount
            FROM postings p JOIN ledger_entries e ON e.county_code = p.county_code AND e.id = p.entry_id
            WHERE p.county_code = :county_code AND e.cause = 'statement' GROUP BY 1, 2, 3, 4, 5) m
        FULL JOIN (SELECT l.statement_id, b.* FROM statement_lines l
            JOIN statements s ON s.county_code = l.county_code AND s.id = l.statement_id
            JOIN ({_BEGUN}) b ON b.origin = l.origin AND b.payer = s.payer
                AND b.payee = 'hospital:' || s.hospital_code AND b.amount <> 0
            WHERE l.county_code = :county_code) b
            ON (b.statement_id, b.origin, b.layer, b.payer, b.payee)
                = (m.statement_id, m.origin, m.layer, m.payer, m.payee)
        WHERE m.amount IS DISTINCT FROM b.amount ORDER BY 2
    """,
    # An hour: a settlement that was being written while its period was billed comes with the next statement.
    "nothing of a billed period is left out": f"""
        SELECT 'statement_lines', s.id || '/' || b.origin, NULL, 'missing', b.amount || ' of ' || b.on_day
        FROM (SELECT origin, payer, payee, sum(amount) AS amount, min(on_day) AS on_day FROM ({_BEGUN}) b
            GROUP BY origin, payer, payee HAVING sum(amount) <> 0) b
        JOIN ledger_entries e ON e.county_code = :county_code AND e.id = b.origin
        JOIN LATERAL (SELECT s.id FROM statements s WHERE s.county_code = :county_code AND s.payer = b.payer
            AND 'hospital:' || s.hospital_code = b.payee AND b.on_day <= s.period_to
            AND e.at < s.at - interval '1 hour' ORDER BY s.period_from LIMIT 1) s ON true
        WHERE NOT EXISTS (SELECT FROM statement_lines l
            WHERE l.county_code = :county_code AND l.payer = b.payer AND l.origin = b.origin)
        ORDER BY 2
    """,
    "a statement is carried into a later one of its payer and hospital": """
        SELECT 'statement_carries', k.statement_id::text, 'into_id',
            n.payer || ' ' || n.hospital_code || ' ' || n.period,
            'after ' || s.period || ', of ' || s.payer || ' ' || s.hospital_code
        FROM statement_carries k
        JOIN statements s ON s.county_code = k.county_code AND s.id = k.statement_id
        JOIN statements n ON n.county_code = k.county_code AND n.id = k.into_id
        WHERE k.county_code = :county_code
            AND ((n.payer, n.hospital_code) <> (s.payer, s.hospital_code) OR n.period_from <= s.period_to) ORDER BY 2
    """,
    "what is carried forward is what was left": f"""
        SELECT 'statements', n.id::text, 'carried_forward', n.carried_forward::text, c.amount::text
        FROM statements n
        CROSS JOIN LATERAL (SELECT coalesce(sum({_OUTSTANDING}), 0) AS amount FROM statement_carries k
            JOIN statements s ON s.county_code = k.county_code AND s.id = k.statement_id
            WHERE k.county_code = n.county_code AND k.into_id = n.id
                AND (s.payer, s.hospital_code) = (n.payer, n.hospital_code)) c
        WHERE n.county_code = :county_code AND n.carried_forward <> c.amount ORDER BY n.id
    """,
}
