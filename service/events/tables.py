"""Events, and the order in which they became visible to everybody."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from service.db import metadata

events = Table(
    "events",
    metadata,
    Column("county_code", Text, nullable=False),
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

event_queue = Table(
    "event_queue",
    metadata,
    Column("county_code", Text, nullable=False),
    Column("txid", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    PrimaryKeyConstraint("county_code", "txid", "seq"),
)
"""Events that have no place in the order yet: a trigger on `events` adds them, the next poll takes them away."""

event_positions = Table(
    "event_positions",
    metadata,
    Column("county_code", Text, nullable=False),
    Column("position", BigInteger, Identity(always=True), nullable=False),
    Column("txid", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    PrimaryKeyConstraint("county_code", "position"),
    UniqueConstraint("county_code", "txid", "seq", name="uq_event_positions_event"),
    ForeignKeyConstraint(["county_code", "txid", "seq"], ["events.county_code", "events.txid", "events.seq"]),
)
"""
Where an event stands in the order. Given after its transaction has ended, one poll after the other, so a number is
never given below one that somebody has seen. Kept and restored with the data, unlike the numbers of transactions.
"""
