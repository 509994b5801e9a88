"""
Statements and what became of them. Everything here only grows (triggers): a state is what the rows say together.

Amounts in fen. Whatever moves money has an entry in the ledger of the same id.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from service.db import metadata
from service.reconciliation.columns import author, of, required

statements = Table(
    "statements",
    metadata,
    required("county_code"),
    required("id", Uuid),
    required("payer"),
    required("hospital_code"),
    required("period"),
    required("period_from", Date),
    required("period_to", Date),
    required("lines_total", BigInteger),
    required("carried_forward", BigInteger),
    required("line_count", Integer),
    required("due_on", Date),
    required("deemed_on", Date),
    *author(),
    PrimaryKeyConstraint("county_code", "id"),
    UniqueConstraint("county_code", "payer", "hospital_code", "period", name="uq_statements_period"),
    CheckConstraint("carried_forward <= 0", name="carried_forward"),
    CheckConstraint("line_count > 0", name="line_count"),
    Index("ix_statements_hospital", "hospital_code", "period_from"),
)
"""One per payer, hospital and period. `carried_forward`: what earlier negative statements left, zero or negative."""

statement_lines = Table(
    "statement_lines",
    metadata,
    required("county_code"),
    required("statement_id", Uuid),
    required("line_no", Integer),
    required("origin", Uuid),
    required("settlement_id", Uuid),
    required("case_id", Uuid),
    required("payer"),
    required("kind"),
    required("amount", BigInteger),
    Column("original_statement_id", Uuid),
    Column("original_line_no", Integer),
    PrimaryKeyConstraint("county_code", "statement_id", "line_no"),
    of("statements", "statement_id"),
    UniqueConstraint("county_code", "payer", "origin", name="uq_statement_lines_origin"),
    CheckConstraint("kind IN ('advance', 'reversal', 'adjustment')", name="kind"),
    CheckConstraint("amount <> 0", name="amount"),
    Index("ix_statement_lines_case", "county_code", "payer", "case_id"),
)
"""A claim of the ledger (`origin`), billed: in one statement and no other."""

statement_carries = Table(
    "statement_carries",
    metadata,
    required("county_code"),
    required("statement_id", Uuid),
    required("into_id", Uuid),
    PrimaryKeyConstraint("county_code", "statement_id"),
    of("statements", "statement_id"),
    of("statements", "into_id", "fk_statement_carries_into"),
    Index("ix_statement_carries_into", "county_code", "into_id"),
)
"""A negative statement, and the later one that it was carried into."""

statement_confirmations = Table(
    "statement_confirmations",
    metadata,
    required("county_code"),
    required("statement_id", Uuid),
    required("side"),
    *author(),
    Column("reason", Text),
    PrimaryKeyConstraint("county_code", "statement_id", "side"),
    UniqueConstraint("county_code", "statement_id", "client_id", name="uq_statement_confirmations_client"),
    of("statements", "statement_id"),
    CheckConstraint("side IN ('hospital', 'payer')", name="side"),
)
"""Who agreed to a statement: two sides, two different callers. `reason`: why somebody else did it for a payer."""

payments = Table(
    "payments",
    metadata,
    required("county_code"),
    required("id", Uuid),
    required("payer"),
    required("hospital_code"),
    required("bank_reference"),
    required("paid_on", Date),
    required("amount", BigInteger),
    *author(),
    PrimaryKeyConstraint("county_code", "id"),
    UniqueConstraint("county_code", "payer", "bank_reference", name="uq_payments_bank_reference"),
    CheckConstraint("amount > 0", name="amount"),
    Index("ix_payments_hospital", "hospital_code", "paid_on"),
)
"""A bank transfer from a payer to a hospital."""

payment_allocations = Table(
    "payment_allocations",
    metadata,
    required("county_code"),
    required("payment_id", Uuid),
    required("statement_id", Uuid),
    required("asked", BigInteger),
    required("amount", BigInteger),
    PrimaryKeyConstraint("county_code", "payment_id", "statement_id"),
    of("payments", "payment_id"),
    of("statements", "statement_id"),
    CheckConstraint("amount >= 0 AND amount <= asked", name="amount"),
    Index("ix_payment_allocations_statement", "county_code", "statement_id"),
)
"""What a transfer was meant to pay of a statement (`asked`), and what of it the statement could take."""

payment_outcomes = Table(
    "payment_outcomes",
    metadata,
    required("county_code"),
    required("id", Uuid),
    required("payment_id", Uuid),
    required("outcome"),
    required("on_day", Date),
    required("reason"),
    *author(),
    PrimaryKeyConstraint("county_code", "id"),
    UniqueConstraint("county_code", "payment_id", name="uq_payment_outcomes_payment"),
    of("payments", "payment_id"),
    CheckConstraint("outcome IN ('received', 'returned')", name="outcome"),
)
"""What became of a transfer: the hospital has it, or the bank sent it back."""

deductions = Table(
    "deductions",
    metadata,
    required("county_code"),
    required("id", Uuid),
    required("statement_id", Uuid),
    required("kind"),
    required("amount", BigInteger),
    required("lines", JSONB),
    Column("document_no", Text),
    required("reason"),
    *author(),
    Column("recovery_id", Uuid),
    PrimaryKeyConstraint("county_code", "id"),
    of("statements", "statement_id"),
    of("recoveries", "recovery_id"),
    CheckConstraint("amount > 0", name="amount"),
    CheckConstraint("kind IN ('retention', 'prepayment_offset', 'refusal', 'recovery', 'difference')", name="kind"),
    CheckConstraint("kind <> 'recovery' OR document_no IS NOT NULL", name="recovery_has_document"),
    CheckConstraint("(kind = 'recovery') = (recovery_id IS NOT NULL)", name="recovery_is_kept"),
    Index("ix_deductions_statement", "county_code", "statement_id"),
    Index("ix_deductions_recovery", "county_code", "recovery_id"),
)
"""
What settles a statement beside payment. `lines`: the line numbers it was taken from, empty for any. A recovery
takes several: one of each statement it is offset against.
"""

statement_deemings = Table(
    "statement_deemings",
    metadata,
    required("county_code"),
    required("statement_id", Uuid),
    required("at", DateTime(timezone=True)),
    PrimaryKeyConstraint("county_code", "statement_id"),
    of("statements", "statement_id"),
)
"""A statement that counts as confirmed because nobody objected in time; `at`: when that was seen and told."""

deduction_releases = Table(
    "deduction_releases",
    metadata,
    required("county_code"),
    required("id", Uuid),
    required("deduction_id", Uuid),
    required("reason"),
    *author(),
    PrimaryKeyConstraint("county_code", "id"),
    UniqueConstraint("county_code", "deduction_id", name="uq_deduction_releases_deduction"),
    of("deductions", "deduction_id"),
)
"""A retention that is owed again."""

line_holds = Table(
    "line_holds",
    metadata,
    required("county_code"),
    required("id", Uuid),
    required("statement_id", Uuid),
    required("line_no", Integer),
    required("amount", BigInteger),
    *author(),
    PrimaryKeyConstraint("county_code", "id"),
    UniqueConstraint("county_code", "statement_id", "line_no", name="uq_line_holds_line"),
    ForeignKeyConstraint(
        ["county_code", "statement_id", "line_no"],
        ["statement_lines.county_code", "statement_lines.statement_id", "statement_lines.line_no"],
    ),
    CheckConstraint("amount <> 0", name="amount"),
)
"""A line that is not paid now: what was open of it rolls to the next statement."""
