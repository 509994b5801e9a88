"""Patients' sessions that were left before their time."""

from typing import Final

from sqlalchemy import Column, DateTime, Index, LargeBinary, Table

from service.db import metadata

left_sessions: Final = Table(
    "left_sessions",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("until", DateTime(timezone=True), nullable=False),
    Index(None, "until"),
)
"""A token that is no way in any more, by its keyed hash, until it would have ended anyway."""
