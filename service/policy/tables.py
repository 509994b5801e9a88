"""The packs that settlements were decided under, kept for ever, and the amendments of counties."""

from sqlalchemy import CheckConstraint, Column, Date, DateTime, Index, PrimaryKeyConstraint, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from service.db import metadata

policy_packs = Table(
    "policy_packs",
    metadata,
    Column("hash", Text, nullable=False),
    Column("pack_id", Text, nullable=False),
    Column("document", JSONB, nullable=False),
    Column("kept_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("hash"),
)
"""
One row per content hash. Settlements name it without a foreign key: that would make every discharge lock this row.
"""

policy_amendments = Table(
    "policy_amendments",
    metadata,
    Column("county_code", Text, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("replaces", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("first_day", Date, nullable=False),
    Column("note", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("approved_by", Text),
    Column("approved_client_id", Text),
    Column("approved_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("county_code", "id"),
    CheckConstraint("replaces <> hash", name="another_text"),
    CheckConstraint("approved_by <> operator", name="second_person"),
    CheckConstraint(
        "(approved_by IS NULL) = (approved_at IS NULL) AND (approved_by IS NULL) = (approved_client_id IS NULL)",
        name="approved",
    ),
    Index("ix_policy_amendments_replaces", "county_code", "replaces"),
)
"""
New texts that replace a pack's from a day on. What is approved is in force: the database refuses a settlement under a
text that it has replaced (trigger `law_in_force` of settlements).
"""
