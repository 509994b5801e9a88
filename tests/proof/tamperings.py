"""
What somebody with all power over the database might do to its rows, each as one statement that gives the key of the
row that it touched. `:n` picks the row, `:unique` is a number that no other tampering has.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True)
class Tampering:
    """`table`: where the wrong row must be named. `where` picks among rows; `returning` is the key as it is named."""

    name: str
    table: str
    statement: str
    where: str = "true"
    returning: str = "t.id"

    async def possible(self, tx: AsyncConnection) -> bool:
        """Whether there is a row to do it to."""
        return bool(await tx.scalar(text(f"SELECT EXISTS (SELECT FROM {self.table} t WHERE {self.where})")))

    async def inject(self, tx: AsyncConnection, n: int) -> str:
        """Do it to the n-th row (from the beginning again where there are not so many); gives the row's key."""
        how_many: Any = await tx.scalar(text(f"SELECT count(*) FROM {self.table} t WHERE {self.where}"))
        assert how_many, f"nothing to tamper with: {self.name}"
        pick = f"t.ctid = (SELECT t.ctid FROM {self.table} t WHERE {self.where} ORDER BY t.ctid OFFSET :n LIMIT 1)"
        statement = f"{self.statement.replace('{pick}', pick)} RETURNING ({self.returning})::text"
        unique = {"unique": n} if ":unique" in statement else {}
        keys = list(await tx.scalars(text(statement), {"n": n % how_many} | unique))
        assert keys, f"nothing was tampered with: {self.name}"
        return str(keys[0])


def _set(table: str, what: str, where: str = "true", returning: str = "t.id", name: str = "") -> Tampering:
    says = name or what
    return Tampering(f"{table}: {says}", table, f"UPDATE {table} t SET {what} WHERE {{pick}}", where, returning)


def _delete(table: str, returning: str = "t.id", where: str = "true") -> Tampering:
    return Tampering(f"{table}: deleted", table, f"DELETE FROM {table} t WHERE {{pick}}", where, returning)


def _insert(table: str, changed: str, returning: str = "t.id", where: str = "true") -> Tampering:
    copied = f"jsonb_populate_record(t, jsonb_build_object({changed}))"
    statement = f"INSERT INTO {table} AS n SELECT (c).* FROM (SELECT {copied} AS c FROM {table} t WHERE {{pick}}) x"
    return Tampering(f"{table}: inserted", table, statement, where, returning.replace("t.", "n."))


_OF = "t.settlement_id || '/' || t.position"
_LINE = "t.statement_id || '/' || t.line_no"
_CLOSED = "t.closing_id || '/' || t.payee || '/' || t.state"
_EARLY = "('00fd0000-0000-7000-8000-' || lpad(CAST(:unique AS bigint)::text, 12, '0'))"
_FEW = "CAST(:unique AS bigint) % 10000"
_SUM = "t.person_no || '/' || t.period || '/' || t.name"
_FIRST = "t.kind = 'settlement' AND t.version = 1"
_ONE_FEN = (
    "paid_total = paid_total + 1, patient_pays = patient_pays - 1, hospital_advances = hospital_advances + 1,"
    " due_at_discharge = due_at_discharge - 1"
)

TAMPERINGS = [
    _set("settlements", _ONE_FEN, "t.patient_pays > 0 AND t.due_at_discharge > 0 AND t.kind = 'settlement'"),
    _set("settlements", "operator = '别人', client_id = 'other'"),
    _set("settlements", "on_hold = NOT on_hold", _FIRST),
    _set("settlements", "identities = '[\"extreme_poverty\"]'", "t.identities <> '[\"extreme_poverty\"]'"),
    _set("settlements", "order_no = order_no + 1", _FIRST, name="out of order"),
    _set("settlements", "settled_on = settled_on + 40", _FIRST),
    _set(
        "settlements",
        "total = total - 1, in_scope = in_scope - 1, patient_pays = patient_pays - 1,"
        " due_at_discharge = due_at_discharge - 1",
        "t.kind = 'reversal'",
        name="a reversal of another amount",
    ),
    _delete("settlements"),
    _insert("settlements", f"'id', {_EARLY}, 'case_id', {_EARLY}", where=_FIRST),
    _set("settlement_layers", "amount = amount + 1", returning=_OF),
    _set("settlement_layers", "payer = 'somebody'", returning=_OF),
    _set("settlement_layers", "way = CASE way WHEN 'hospital' THEN 'patient' ELSE 'hospital' END", returning=_OF),
    _delete("settlement_layers", _OF),
    _insert("settlement_layers", f"'position', t.position + 50 + {_FEW}", _OF),
    Tampering(
        "settlement_layers: two swapped",
        "settlement_layers",
        "UPDATE settlement_layers t SET layer = o.layer, payer = o.payer, amount = o.amount, way = o.way"
        " FROM settlement_layers o WHERE o.settlement_id = t.settlement_id AND o.position = t.position + 1 AND {pick}",
        "t.position = 0 AND t.amount <> 0",
        _OF,
    ),
    _set(
        "settlement_documents",
        "bill = jsonb_set(bill::jsonb, '{0,7}', to_jsonb((bill #>> '{0,7}')::bigint + 100))",
        returning="t.settlement_id",
        name="a line of the bill",
    ),
    _set(
        "settlement_documents",
        "trace = jsonb_set(trace::jsonb, '{awards,0,paid}', '12345')",
        returning="t.settlement_id",
    ),
    _set(
        "settlement_documents",
        "trace = jsonb_set(trace::jsonb, '{awards,0,steps,0,3}', '[\"000 §九\"]')",
        "t.trace #> '{awards,0,steps,0,3}' IS NOT NULL",
        "t.settlement_id",
        "another clause",
    ),
    _set(
        "settlement_documents",
        "trace = jsonb_set(trace::jsonb, '{claim,sums}', '[[\"2018\", \"serious.base\", 1]]')",
        "t.trace::jsonb ? 'claim'",
        "t.settlement_id",
        "other sums read",
    ),
    _set(
        "settlement_documents",
        "trace = jsonb_set(trace::jsonb, '{claim,agreement}', '\"?\"')",
        "t.trace::jsonb ? 'claim'",
        "t.settlement_id",
    ),
    _set(
        "settlement_documents",
        "trace = jsonb_set(trace::jsonb, '{facts,hospital,aid}', '\"?\"')",
        "t.trace::jsonb ? 'facts'",
        "t.settlement_id",
        "another fact",
    ),
    _set("settlement_documents", "trace = '{}'", returning="t.settlement_id"),
    _set("settlement_documents", "trace = jsonb_set(trace::jsonb, '{entries}', '[1]')", returning="t.settlement_id"),
    _set("settlement_documents", "bill = '[[]]'", returning="t.settlement_id"),
    _delete("settlement_documents", "t.settlement_id"),
    _set("accumulator_entries", "delta = delta - 1", returning=_OF),
    _set("accumulator_entries", "before = before - 1", returning=_OF),
    _delete("accumulator_entries", _OF),
    _insert("accumulator_entries", f"'position', t.position + 50 + {_FEW}, 'cap', null", _OF),
    _set("accumulators", "value = value + 1", returning=_SUM),
    _delete("accumulators", _SUM, "t.value <> 0"),
    _insert(
        "accumulators",
        "'name', 'other' || CAST(:unique AS bigint)::text, 'value', 7",
        _SUM,
    ),
    _set("person_orders", "last_order = last_order + 1", "t.last_order > 0", "t.person_no"),
    _delete("person_orders", "t.person_no", "t.last_order > 0"),
    _delete("live_visits", "t.settlement_id"),
    # Days that the database itself lets nobody write prove nothing.
    _insert(
        "live_visits",
        "'visit_no', 'other' || CAST(:unique AS bigint)::text, 'last_day', t.admitted_on",
        "t.settlement_id",
    ),
    _set("live_visits", "last_day = last_day - 1", "t.last_day > t.admitted_on", "t.settlement_id"),
    _set("ledger_entries", "cause = 'hold'", "t.cause <> 'hold'"),
    _set("ledger_entries", "on_day = on_day + 1"),
    _set("ledger_entries", f"case_id = {_EARLY}::uuid", "t.case_id IS NOT NULL"),
    _delete("ledger_entries"),
    _insert("ledger_entries", f"'id', {_EARLY}, 'case_id', {_EARLY}"),
    _set("postings", "amount = amount + 1", "t.entry_id = t.origin", "t.origin", "a claim's amount"),
    _set("postings", "amount = amount + 1", "t.entry_id <> t.origin", "t.origin", "a moved amount"),
    _set("postings", "payer = 'somebody'", returning="t.origin"),
    _set("postings", "source = target, target = source", returning="t.origin", name="turned round"),
    _set("postings", "on_day = on_day - 1", returning="t.origin"),
    # What moved an amount that began elsewhere is named by its own entry.
    _delete("postings", "t.entry_id"),
    _insert("postings", f"'position', t.position + 50 + {_FEW}", "t.origin"),
    _set("policy_packs", "document = jsonb_set(document, '{title,en}', '\"?\"')", returning="t.hash"),
    _set("policy_packs", "pack_id = 'other'", returning="t.hash"),
    _delete("policy_packs", "t.hash", "t.pack_id = 'guangxi-county-2018'"),
    _set("statements", "lines_total = lines_total + 1"),
    _set("statements", "carried_forward = carried_forward - 1"),
    _set("statements", "period = 'ever'", "NOT EXISTS (SELECT FROM statements o WHERE o.period = 'ever')"),
    _set("statements", "due_on = due_on + 30"),
    _delete("statements"),
    _insert("statements", f"'id', {_EARLY}, 'period', 'P' || CAST(:unique AS bigint)::text"),
    _set("statement_lines", "amount = amount + 1", "t.amount <> -1", _LINE),
    _set("statement_lines", "kind = 'adjustment'", "t.kind = 'advance'", _LINE),
    _delete("statement_lines", _LINE),
    _insert("statement_lines", f"'line_no', t.line_no + 900 + {_FEW}, 'origin', {_EARLY}", _LINE),
    Tampering(
        "statement_lines: an amount moved to the next",
        "statement_lines",
        "UPDATE statement_lines t SET amount = t.amount + o.amount FROM statement_lines o"
        " WHERE o.statement_id = t.statement_id AND o.line_no = t.line_no + 1 AND t.amount + o.amount <> 0 AND {pick}",
        "EXISTS (SELECT FROM statement_lines o WHERE o.statement_id = t.statement_id AND o.line_no = t.line_no + 1)",
        _LINE,
    ),
    _set("statement_confirmations", "operator = '别人'", returning="t.statement_id || '/' || t.side"),
    _delete("statement_confirmations", "t.statement_id || '/' || t.side"),
    _set("payments", "amount = amount + 1"),
    _set("payments", "bank_reference = bank_reference || '?'"),
    _delete("payments"),
    _set("payment_allocations", "amount = amount - 1", "t.amount > 0", "t.payment_id"),
    _delete("payment_allocations", "t.payment_id"),
    _set("payment_outcomes", "outcome = CASE outcome WHEN 'received' THEN 'returned' ELSE 'received' END"),
    _delete("payment_outcomes"),
    _set("deductions", "amount = amount + 1"),
    _delete("deductions"),
    _set("recoveries", "amount = amount + 1"),
    _set("recovery_cases", "amount = amount + 1", returning="t.recovery_id"),
    _delete("recovery_cases", "t.recovery_id"),
    _set("closing_balances", "amount = amount + 1", "t.amount <> -1", _CLOSED),
    _delete("closing_balances", _CLOSED),
    _set("closings", "period_to = period_to - 1"),
    _delete("closings"),
    _set("deduction_releases", "reason = '?'"),
    _delete("deduction_releases"),
    _set("line_holds", "amount = amount + 1", "t.amount <> -1"),
    _delete("line_holds"),
    _set("matches", "theirs_total = theirs_total + 1"),
    _delete("matches"),
    _set("differences", "ours = ours + 1", "t.ours IS NOT NULL"),
    _delete("differences"),
    _set("difference_steps", "note = '?'", returning="t.difference_id || '/' || t.step_no"),
    _delete("difference_steps", "t.difference_id || '/' || t.step_no"),
    _set("audit_log", "action = 'person.read'", "t.action <> 'person.read'"),
    _set("audit_log", "at = at + interval '1 hour'"),
    _delete("audit_log"),
    _insert("audit_log", f"'id', {_EARLY}, 'at', '2018-01-01T00:00:00Z'"),
    _insert("audit_log", f"'id', {_EARLY}, 'at', 'infinity'"),
    _set("objections", "due_on = due_on + 30, filed_by = 'agency'"),
    _set("seals", "made_at = made_at - interval '1 hour'", returning="t.county_code || '/' || t.seq"),
    _set("seals", "keys = keys[2:] || keys[1:1]", "t.row_count > 1", "t.county_code || '/' || t.seq"),
    _set("seals", "previous_hash = sha256('?')", returning="t.county_code || '/' || t.seq"),
    _delete("seals", "t.county_code || '/' || t.seq", "t.seq < (SELECT max(seq) FROM seals)"),
]
