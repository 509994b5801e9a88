"""Requests for a statement. Amounts in fen."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)

from service.db import metadata
from service.reconciliation.columns import required

requests = Table(
    "statement_requests",
    metadata,
    required("county_code"),
    required("id", Uuid),
    required("hospital_code"),
    required("clr_type"),
    required("begins_on", Date),
    required("ends_on", Date),
    required("visits", Integer),
    required("total", BigInteger),
    required("amount", BigInteger),
    required("at", DateTime(timezone=True)),
    Column("withdrawn_at", DateTime(timezone=True)),
    Column("refused_at", DateTime(timezone=True)),
    Column("refusal", Text),
    PrimaryKeyConstraint("county_code", "id"),
    CheckConstraint("withdrawn_at IS NULL OR refused_at IS NULL", name="ends_once"),
    CheckConstraint("(refused_at IS NULL) = (refusal IS NULL)", name="refusal"),
    Index(
        "uq_statement_requests_period",
        "county_code",
        "hospital_code",
        "clr_type",
        "begins_on",
        "ends_on",
        unique=True,
        postgresql_where="withdrawn_at IS NULL AND refused_at IS NULL",
    ),
)
"""A hospital asks to be paid for some days. Whether it was billed is read of the statements, and kept nowhere else."""
