"""Who may call by the national interface, and what they prove themselves with."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from service.db import metadata

institutions = Table(
    "nhsa_institutions",
    metadata,
    Column("fixmedins_code", Text, nullable=False),
    Column("county_code", Text, nullable=False),
    Column("hospital_code", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("profile", Text, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("infcode", Text),
    Column("amounts", Text),
    Column("recorded", Boolean, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("fixmedins_code"),
    CheckConstraint("infcode IN ('number', 'string')", name="infcode"),
    CheckConstraint("amounts IN ('number', 'string')", name="amounts"),
)
"""Which institution is which client of ours, and how it is spoken to."""

credentials = Table(
    "nhsa_credentials",
    metadata,
    Column("auth", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("fixmedins_code", Text, nullable=False),
    Column("secret_enc", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("auth", "account"),
    ForeignKeyConstraint(["fixmedins_code"], ["nhsa_institutions.fixmedins_code"], ondelete="CASCADE"),
    CheckConstraint("auth IN ('a', 'b', 'd')", name="auth"),
)
"""What an institution proves itself with: a shared secret, or its public key; sealed."""

nonces = Table(
    "nhsa_nonces",
    metadata,
    Column("account", Text, nullable=False),
    Column("nonce", Text, nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("account", "nonce"),
    Index("ix_nhsa_nonces_at", "at"),
)
"""Nonces of the x-tif gateway, as long as its window is open."""
