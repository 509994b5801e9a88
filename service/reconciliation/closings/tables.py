"""Closed periods and what stood on the accounts at their ends. Only grow (triggers); amounts in fen."""

from sqlalchemy import BigInteger, CheckConstraint, Date, Index, PrimaryKeyConstraint, Table, UniqueConstraint, Uuid

from service.db import metadata
from service.reconciliation.columns import author, of, required

closings = Table(
    "closings",
    metadata,
    required("county_code"),
    required("id", Uuid),
    required("payer"),
    required("period"),
    required("period_from", Date),
    required("period_to", Date),
    *author(),
    PrimaryKeyConstraint("county_code", "id"),
    UniqueConstraint("county_code", "payer", "period", name="uq_closings_period"),
    Index("ix_closings_payer", "county_code", "payer", "period_to"),
)
"""A payer's period whose books are closed: a trigger refuses postings of the payer on its days, and before."""

closing_balances = Table(
    "closing_balances",
    metadata,
    required("county_code"),
    required("closing_id", Uuid),
    required("payee"),
    required("state"),
    required("amount", BigInteger),
    PrimaryKeyConstraint("county_code", "closing_id", "payee", "state"),
    of("closings", "closing_id"),
    CheckConstraint("amount <> 0", name="amount"),
)
"""What stood on each account at the period's end; patients together as one payee. They sum to zero."""
