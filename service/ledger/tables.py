"""Entries and their postings. Refuse UPDATE, DELETE and TRUNCATE: what was wrong is put right by adding."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)

from service.db import metadata
from service.ledger.model import Cause, State


def _one_of(words: type[Cause] | type[State]) -> str:
    return ", ".join(f"'{word}'" for word in words)


ledger_entries = Table(
    "ledger_entries",
    metadata,
    Column("county_code", Text, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("cause", Text, nullable=False),
    Column("settlement_id", Uuid),
    Column("case_id", Uuid),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("on_day", Date, nullable=False),
    PrimaryKeyConstraint("county_code", "id"),
    CheckConstraint(f"cause IN ({_one_of(Cause)})", name="cause"),
    Index("ix_ledger_entries_case", "county_code", "case_id", postgresql_where=text("case_id <> id")),
    # Not every id of these tells when it was made.
    Index(
        "ix_ledger_entries_deducted", "county_code", "at", postgresql_where=text("cause IN ('deduction', 'release')")
    ),
)
"""One row per cause; its id is the cause's own (of the settlement, the statement, the payment ...)."""

postings = Table(
    "postings",
    metadata,
    Column("county_code", Text, nullable=False),
    Column("origin", Uuid, nullable=False),
    Column("entry_id", Uuid, nullable=False),
    Column("position", SmallInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("on_day", Date, nullable=False),
    Column("layer", Text, nullable=False),
    Column("payer", Text, nullable=False),
    Column("payee", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("target", Text, nullable=False),
    PrimaryKeyConstraint("county_code", "origin", "entry_id", "position"),
    ForeignKeyConstraint(["county_code", "entry_id"], ["ledger_entries.county_code", "ledger_entries.id"]),
    CheckConstraint("amount > 0", name="amount"),
    CheckConstraint("source <> target", name="moves"),
    CheckConstraint(f"source IN ({_one_of(State)})", name="source"),
    CheckConstraint(f"target IN ({_one_of(State)})", name="target"),
    Index("ix_postings_account", "county_code", "payer", "payee", "on_day"),
    # What a statement or a payment moved; a settlement's own are found by their origin.
    Index("ix_postings_entry", "county_code", "entry_id", postgresql_where=text("entry_id <> origin")),
)
"""Amounts in fen, on the county's day. `origin` is the entry with which a claim began, kept through its states."""
