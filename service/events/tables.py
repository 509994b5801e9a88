"""Events, in the order in which they became visible."""

from sqlalchemy import BigInteger, Column, DateTime, Identity, PrimaryKeyConstraint, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from service.db import metadata

events = Table(
    "events",
    metadata,
    Column("county_code", Text, nullable=False),
    # The transaction that wrote the row: numbers are drawn before commits, and a later one may commit first.
    Column("txid", BigInteger, nullable=False),
    Column("seq", BigInteger, Identity(always=True), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Uuid, nullable=False),
    Column("hospital_code", Text, nullable=False),
    Column("payer", Text),
    Column("data", JSONB),
    PrimaryKeyConstraint("county_code", "txid", "seq"),
)
"""What changed its state, when. `payer` null: of a settlement, whose payers are known by its layers."""
