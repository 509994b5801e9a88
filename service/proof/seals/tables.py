"""The seals: a chain per county that only grows, and that names what it covers."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from service.db import metadata

seals = Table(
    "seals",
    metadata,
    Column("county_code", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    # Which columns of which table, so that a later column does not break an older seal.
    Column("columns", JSONB, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("until", DateTime(timezone=True), nullable=False),
    Column("keys", ARRAY(Text), nullable=False),
    Column("digests", LargeBinary, nullable=False),
    Column("row_count", Integer, nullable=False),
    Column("content_hash", LargeBinary, nullable=False),
    Column("previous_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("county_code", "seq"),
    CheckConstraint("row_count = cardinality(keys) AND row_count > 0", name="row_count"),
    CheckConstraint("octet_length(hash) = 32 AND octet_length(previous_hash) = 32", name="hash"),
    Index("ix_seals_kind", "county_code", "kind", "until"),
)
"""
`keys` names what was sealed, in order; `digests` has 16 bytes for each key and each table of its kind.

A row belongs to the seal that names it: whatever committed late is sealed by a later one, and none is missed.
"""
