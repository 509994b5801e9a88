"""
The books: whatever moves money has its entry, every claim is billed once and for what it is, sums are what they sum.

Each proof is one question whose answer should be empty: the rows that are wrong, with what is kept and what it
should be. `:county_code` is asked about; amounts are fen.
"""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.proof.book_of_deductions import DEDUCTIONS
from service.proof.book_of_payouts import PAYOUTS
from service.proof.book_of_statements import STATEMENTS
from service.proof.book_of_transfers import TRANSFERS
from service.proof.model import Wrong, wrong
from service.reconciliation.closings.store import disagreeing

MOST: Final = 1000
"""Rows that one proof names at most."""

_LEDGER: Final = {
    "every entry has the row that caused it": """
        SELECT 'ledger_entries', e.id::text, 'cause', e.cause, 'an entry whose cause is on record'
        FROM ledger_entries e WHERE e.county_code = :county_code AND NOT CASE
            WHEN e.cause IN ('settlement', 'reversal', 'readjudication') THEN EXISTS (
                SELECT FROM settlements o WHERE o.county_code = e.county_code AND o.id = e.id)
            WHEN e.cause = 'statement' THEN EXISTS (
                SELECT FROM statements o WHERE o.county_code = e.county_code AND o.id = e.id AND o.at = e.at)
            WHEN e.cause = 'payment' THEN EXISTS (
                SELECT FROM payments o WHERE o.county_code = e.county_code AND o.id = e.id AND o.at = e.at)
            WHEN e.cause = 'return' THEN EXISTS (SELECT FROM payment_outcomes o
                WHERE o.county_code = e.county_code AND o.id = e.id AND o.outcome = 'returned' AND o.at = e.at)
            WHEN e.cause = 'deduction' THEN EXISTS (
                SELECT FROM deductions o WHERE o.county_code = e.county_code AND o.id = e.id AND o.at = e.at)
            WHEN e.cause = 'hold' THEN EXISTS (
                SELECT FROM line_holds o WHERE o.county_code = e.county_code AND o.id = e.id AND o.at = e.at)
            WHEN e.cause = 'cycle' THEN EXISTS (
                SELECT FROM cycle_lines o WHERE o.county_code = e.county_code AND o.id = e.id AND o.at = e.at)
            WHEN e.cause = 'payout' THEN EXISTS (
                SELECT FROM payout_steps o WHERE o.county_code = e.county_code AND o.id = e.id AND o.at = e.at)
            WHEN e.cause = 'release' THEN e.settlement_id IS NOT NULL OR EXISTS (
                SELECT FROM deduction_releases o WHERE o.county_code = e.county_code AND o.id = e.id AND o.at = e.at)
            ELSE true END
        ORDER BY e.id
    """,
    "every row that moves money has its entry": """
        SELECT o.name, o.id::text, NULL, 'no entry in the ledger', 'an entry of ' || o.cause FROM (
            SELECT 'statements' AS name, id, 'statement' AS cause FROM statements WHERE county_code = :county_code
            UNION ALL SELECT 'payments', id, 'payment' FROM payments WHERE county_code = :county_code
            UNION ALL SELECT 'payment_outcomes', id, 'return' FROM payment_outcomes
                WHERE county_code = :county_code AND outcome = 'returned'
            UNION ALL SELECT 'deductions', id, 'deduction' FROM deductions WHERE county_code = :county_code
            UNION ALL SELECT 'deduction_releases', id, 'release' FROM deduction_releases
                WHERE county_code = :county_code
            UNION ALL SELECT 'line_holds', id, 'hold' FROM line_holds WHERE county_code = :county_code
            UNION ALL SELECT 'cycle_lines', id, 'cycle' FROM cycle_lines
                WHERE county_code = :county_code AND difference <> 0
            UNION ALL SELECT 'payout_steps', id, 'payout' FROM payout_steps
                WHERE county_code = :county_code AND kind NOT IN ('released', 'cleared')) o
        WHERE NOT EXISTS (SELECT FROM ledger_entries e
            WHERE e.county_code = :county_code AND e.id = o.id AND e.cause = o.cause)
        ORDER BY o.id
    """,
    "a day is the county's day of the instant": """
        SELECT 'ledger_entries', id::text, 'on_day', on_day::text, (at AT TIME ZONE 'Asia/Shanghai')::date::text
        FROM ledger_entries WHERE county_code = :county_code AND on_day <> (at AT TIME ZONE 'Asia/Shanghai')::date
        UNION ALL
        SELECT 'settlements', id::text, 'settled_on', settled_on::text,
            (settled_at AT TIME ZONE 'Asia/Shanghai')::date::text
        FROM settlements
        WHERE county_code = :county_code AND settled_on <> (settled_at AT TIME ZONE 'Asia/Shanghai')::date
    """,
    "a posting is of its entry's day": """
        SELECT 'postings', p.origin || '/' || p.entry_id || '/' || p.position, 'on_day', p.on_day::text, e.on_day::text
        FROM postings p JOIN ledger_entries e ON e.county_code = p.county_code AND e.id = p.entry_id
        WHERE p.county_code = :county_code AND p.on_day <> e.on_day ORDER BY 2
    """,
    "postings are numbered without gap": """
        SELECT 'postings', origin || '/' || entry_id, 'position', string_agg(position::text, ', ' ORDER BY position),
            '0 to ' || count(*) - 1
        FROM postings WHERE county_code = :county_code
        GROUP BY origin, entry_id HAVING min(position) <> 0 OR max(position) <> count(*) - 1 ORDER BY 2
    """,
    "a posting moves a claim that began": """
        SELECT 'postings', p.origin || '/' || p.entry_id || '/' || p.position, 'origin', p.origin::text,
            'a claim of this layer, payer and payee'
        FROM postings p WHERE p.county_code = :county_code AND p.entry_id <> p.origin AND NOT EXISTS (
            SELECT FROM postings b WHERE b.county_code = p.county_code AND b.origin = p.origin
                AND b.entry_id = p.origin AND (b.layer, b.payer, b.payee) = (p.layer, p.payer, p.payee))
        ORDER BY 2
    """,
    "no account of a claim is overdrawn": """
        SELECT 'postings', k.origin || '/' || k.layer || '/' || k.payer, k.state, k.amount::text, 'no less than nothing'
        FROM (SELECT p.origin, p.layer, p.payer, p.payee, m.state, sum(m.signed) AS amount FROM postings p
            CROSS JOIN LATERAL (VALUES (p.target, p.amount), (p.source, -p.amount)) m (state, signed)
            WHERE p.county_code = :county_code AND m.state NOT IN ('fund', 'prepaid') GROUP BY 1, 2, 3, 4, 5) k
        JOIN (SELECT p.origin, p.layer, p.payer, p.payee,
                sign(sum(CASE p.target WHEN 'unbilled' THEN p.amount ELSE -p.amount END)) AS way FROM postings p
            WHERE p.county_code = :county_code AND p.entry_id = p.origin AND 'unbilled' IN (p.source, p.target)
            GROUP BY 1, 2, 3, 4) b USING (origin, layer, payer, payee)
        JOIN ledger_entries e ON e.county_code = :county_code AND e.id = k.origin
        WHERE k.amount * b.way < 0 AND NOT (e.cause = 'release' AND k.state = 'deducted') ORDER BY 2, 3
    """,
}
PROOFS: Final = {**_LEDGER, **STATEMENTS, **TRANSFERS, **DEDUCTIONS, **PAYOUTS}

_FOREIGN_KEYS: Final = text("""
    SELECT c.conrelid::regclass::text AS child, c.confrelid::regclass::text AS parent,
        (SELECT array_agg(a.attname::text ORDER BY k.place) FROM unnest(c.conkey) WITH ORDINALITY k (number, place)
            JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number) AS own,
        (SELECT array_agg(a.attname::text ORDER BY k.place) FROM unnest(c.confkey) WITH ORDINALITY k (number, place)
            JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.number) AS other,
        (SELECT array_agg(a.attname::text ORDER BY k.place)
            FROM pg_index i, unnest(i.indkey::int[]) WITH ORDINALITY k (number, place)
            JOIN pg_attribute a ON true
            WHERE i.indrelid = c.conrelid AND i.indisprimary AND a.attrelid = c.conrelid AND a.attnum = k.number) AS key
    FROM pg_constraint c
    WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace AND EXISTS (SELECT FROM pg_attribute a
        WHERE a.attrelid = c.conrelid AND a.attname = 'county_code' AND NOT a.attisdropped)
    ORDER BY 1, 2, c.conname
""")


async def proof_wrong(tx: AsyncConnection, county_code: str, name: str) -> list[Wrong]:
    """The rows that one of the proofs finds wrong."""
    rows = await tx.execute(text(f"{PROOFS[name]} LIMIT {MOST}"), {"county_code": county_code})
    return [Wrong(*row) for row in rows]


async def closings_wrong(tx: AsyncConnection, county_code: str) -> list[Wrong]:
    """The accounts of closed periods on which the ledger says something else than when they were closed."""
    found = await disagreeing(tx, county_code)
    return [
        wrong("closing_balances", f"{one['id']}/{one['payee']}/{one['state']}", "amount", one["closed"], one["ledger"])
        for one in found[:MOST]
    ]


async def orphans(tx: AsyncConnection, county_code: str) -> tuple[int, list[Wrong]]:
    """
    How many references there are, and the rows that refer to one that is not there.

    The database keeps them itself, unless somebody with the power to do so told it not to.
    """
    keys = (await tx.execute(_FOREIGN_KEYS)).all()
    found: list[Wrong] = []
    for child, parent, own, other, key in keys:
        meets = " AND ".join(f"p.{there} = c.{here}" for here, there in zip(own, other, strict=True))
        given = " AND ".join(f"c.{here} IS NOT NULL" for here in own)
        named = " || '/' || ".join(f"c.{column}" for column in key if column != "county_code")
        says = " || '/' || ".join(f"c.{column}" for column in own if column != "county_code")
        query = f"""
            SELECT '{child}', ({named})::text, '{", ".join(own)}', ({says})::text, 'a row of {parent}'
            FROM {child} c WHERE c.county_code = :county_code AND {given}
                AND NOT EXISTS (SELECT FROM {parent} p WHERE {meets}) ORDER BY 2 LIMIT {MOST}
        """
        found += [Wrong(*row) for row in await tx.execute(text(query), {"county_code": county_code})]
    return len(keys), found
