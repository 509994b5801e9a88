"""The packs that settlements were decided under, kept for ever."""

from sqlalchemy import Column, DateTime, PrimaryKeyConstraint, Table, Text
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
