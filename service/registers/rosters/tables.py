"""What an import has read and found. Working tables: a preview is made anew; once applied it stays as the record."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import DATEMULTIRANGE, DATERANGE, JSONB

from service.db import metadata
from service.registers.columns import one_of, required
from service.registers.rosters.model import ChangeKind, RosterKind, RosterState, RowState


def _of_roster() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["county_code", "roster_id"], ["rosters.county_code", "rosters.id"], ondelete="CASCADE")


rosters = Table(
    "rosters",
    metadata,
    required("county_code"),
    required("id", Uuid),
    required("content_hash", LargeBinary),
    required("kind"),
    required("source"),
    required("as_of", Date),
    Column("identity_class", Text),
    Column("township_code", Text),
    required("filename"),
    required("state"),
    required("rows_read", Integer),
    required("columns", JSONB),
    required("header", JSONB),
    required("counts", JSONB),
    Column("digest", Text),
    required("uploaded_at", DateTime(timezone=True)),
    required("uploaded_by"),
    required("uploaded_role"),
    Column("allowed", ARRAY(Text)),
    required("round", Integer),
    Column("applied_at", DateTime(timezone=True)),
    Column("applied_by", Text),
    Column("purged_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("county_code", "id"),
    one_of("kind", RosterKind),
    one_of("state", RosterState),
    CheckConstraint("(state = 'applied') = (applied_at IS NOT NULL)", name="applied_at"),
    Index("uq_rosters_content_hash", "county_code", "content_hash", "round", unique=True),
)
"""
An uploaded list. The hash is of the file and of what was stated with it: the same again is the same roster, unless it
is sent knowingly once more after another list of its source was applied; `round` counts these.
"""

roster_rows = Table(
    "roster_rows",
    metadata,
    required("county_code"),
    required("roster_id", Uuid),
    required("row_no", Integer),
    required("part", SmallInteger),
    required("state"),
    required("faults", JSONB),
    required("cells_enc", LargeBinary),
    Column("key_kind", Text),
    Column("key_hash", LargeBinary),
    Column("card_hash", LargeBinary),
    Column("person_no", Text),
    required("is_new", Boolean),
    required("rounded", Boolean),
    Column("identity_class", Text),
    Column("action", Text),
    Column("valid_from", Date),
    Column("valid_to", Date),
    Column("duplicate_of", Integer),
    Column("judged_as", LargeBinary),
    Column("township_code", Text),
    Column("household_no", Text),
    PrimaryKeyConstraint("county_code", "roster_id", "row_no", "part"),
    _of_roster(),
    one_of("state", RowState),
)
"""
The rows as read; what they say literally is sealed. `person_no` is the number that a new person would get, `judged_as`
the hash of the register's entry that the row was compared with.
"""

roster_changes = Table(
    "roster_changes",
    metadata,
    required("county_code"),
    required("roster_id", Uuid),
    required("position", Integer),
    required("kind"),
    required("person_no"),
    required("identity_class"),
    Column("row_no", Integer),
    required("superseded", ARRAY(BigInteger)),
    required("facts", ARRAY(DATERANGE)),
    required("days", DATEMULTIRANGE),
    Column("other_source", Text),
    required("is_new", Boolean),
    PrimaryKeyConstraint("county_code", "roster_id", "position"),
    _of_roster(),
    one_of("kind", ChangeKind),
    Index("ix_roster_changes_person", "county_code", "roster_id", "person_no"),
)
"""What the list changes: rows to supersede, periods to add, and the days on which the person's identities differ."""

roster_moves = Table(
    "roster_moves",
    metadata,
    required("county_code"),
    required("roster_id", Uuid),
    required("person_no"),
    required("row_no", Integer),
    Column("township_before", Text),
    Column("township_after", Text),
    Column("household_before", Text),
    Column("household_after", Text),
    PrimaryKeyConstraint("county_code", "roster_id", "person_no"),
    _of_roster(),
)
"""Where people live by the list, where the register says otherwise."""
