"""Recoveries after inspection. Only grow (triggers); amounts in fen."""

from sqlalchemy import BigInteger, CheckConstraint, Index, PrimaryKeyConstraint, Table, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from service.db import metadata
from service.reconciliation.columns import author, of, required

recoveries = Table(
    "recoveries",
    metadata,
    required("county_code"),
    required("id", Uuid),
    required("statement_id", Uuid),
    required("payer"),
    required("hospital_code"),
    required("document_no"),
    required("amount", BigInteger),
    required("lines", JSONB),
    required("reason"),
    *author(),
    PrimaryKeyConstraint("county_code", "id"),
    UniqueConstraint("county_code", "payer", "hospital_code", "document_no", name="uq_recoveries_document"),
    of("statements", "statement_id"),
    CheckConstraint("amount > 0", name="amount"),
)
"""What an inspection's document recovers from a hospital, and the statement in which it was found."""

recovery_cases = Table(
    "recovery_cases",
    metadata,
    required("county_code"),
    required("recovery_id", Uuid),
    required("case_id", Uuid),
    required("amount", BigInteger),
    PrimaryKeyConstraint("county_code", "recovery_id", "case_id"),
    of("recoveries", "recovery_id"),
    CheckConstraint("amount > 0", name="amount"),
    Index("ix_recovery_cases_case", "county_code", "case_id"),
)
"""How much of a recovery is for which case, where its document names lines: a reversal gives it back."""
