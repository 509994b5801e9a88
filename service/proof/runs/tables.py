"""Verifications in parts: each part is done once, by whichever process comes first, and its result stays."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)

from service.db import metadata

verifications = Table(
    "verifications",
    metadata,
    Column("county_code", Text, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("part_count", Integer, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("operator", Text),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("county_code", "id"),
)
"""A proof of a county that somebody asked for; its state is what its parts say together."""

verification_parts = Table(
    "verification_parts",
    metadata,
    Column("county_code", Text, nullable=False),
    Column("verification_id", Uuid, nullable=False),
    Column("part_no", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("first", Text, nullable=False),
    Column("end", Text),
    Column("checked", BigInteger),
    Column("wrong", BigInteger),
    Column("done_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("county_code", "verification_id", "part_no"),
    ForeignKeyConstraint(["county_code", "verification_id"], ["verifications.county_code", "verifications.id"]),
    CheckConstraint("kind IN ('law', 'settlements', 'books', 'chain', 'unsealed')", name="kind"),
    CheckConstraint("(done_at IS NULL) = (checked IS NULL) AND (done_at IS NULL) = (wrong IS NULL)", name="done"),
)
"""A piece of the proof: persons from `first` up to and without `end`, links of the chain, or one of the books."""

verification_wrongs = Table(
    "verification_wrongs",
    metadata,
    Column("county_code", Text, nullable=False),
    Column("verification_id", Uuid, nullable=False),
    Column("part_no", Integer, nullable=False),
    Column("wrong_no", Integer, nullable=False),
    Column("table_name", Text, nullable=False),
    Column("row_key", Text, nullable=False),
    Column("column_name", Text),
    Column("kept", Text),
    Column("computed", Text),
    PrimaryKeyConstraint("county_code", "verification_id", "part_no", "wrong_no"),
    ForeignKeyConstraint(
        ["county_code", "verification_id", "part_no"],
        ["verification_parts.county_code", "verification_parts.verification_id", "verification_parts.part_no"],
    ),
)
"""A wrong row that a part found; of each part the first ones, as many as are listed."""
