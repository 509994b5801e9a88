"""Files of the other side, what differs, and what was decided about it. Only grows; amounts in fen."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)

from service.db import metadata
from service.reconciliation.columns import author, of, required

matches = Table(
    "matches",
    metadata,
    required("county_code"),
    required("id", Uuid),
    required("statement_id", Uuid),
    required("filename"),
    required("side"),
    required("format"),
    required("row_count", Integer),
    required("theirs_total", BigInteger),
    required("difference_count", Integer),
    required("level", Boolean),
    *author(),
    PrimaryKeyConstraint("county_code", "id"),
    of("statements", "statement_id"),
    Index("ix_matches_statement", "county_code", "statement_id"),
)
"""A file of the other side, matched line by line. `level`: not one difference."""

differences = Table(
    "differences",
    metadata,
    required("county_code"),
    required("id", Uuid),
    required("statement_id", Uuid),
    Column("match_id", Uuid),
    Column("payment_id", Uuid),
    required("kind"),
    Column("line_no", Integer),
    Column("row_no", Integer),
    required("reference"),
    Column("ours", BigInteger),
    Column("theirs", BigInteger),
    Column("elsewhere", Text),
    required("owner"),
    required("opened_on", Date),
    required("at", DateTime(timezone=True)),
    PrimaryKeyConstraint("county_code", "id"),
    of("statements", "statement_id"),
    CheckConstraint("(match_id IS NULL) <> (payment_id IS NULL)", name="found_by"),
    CheckConstraint(
        "kind IN ('missing_here', 'missing_there', 'amount', 'duplicate', 'wrong_period', 'wrong_payer',"
        " 'reversed_one_side', 'overpaid', 'underpaid')",
        name="kind",
    ),
    CheckConstraint("owner IN ('hospital', 'payer', 'agency')", name="owner"),
    Index("ix_differences_statement", "county_code", "statement_id"),
)
"""What two sides do not agree on. `elsewhere`: the period or payer under which we know it."""

difference_steps = Table(
    "difference_steps",
    metadata,
    required("county_code"),
    required("difference_id", Uuid),
    required("step_no", Integer),
    required("status"),
    Column("resolution", Text),
    required("note"),
    *author(),
    PrimaryKeyConstraint("county_code", "difference_id", "step_no"),
    of("differences", "difference_id"),
    CheckConstraint("status IN ('open', 'proposed', 'resolved', 'gone')", name="status"),
    CheckConstraint("resolution IN ('accept_theirs', 'keep_ours', 'hold_back', 'correct')", name="resolution"),
)
"""The history of a difference; its last step is where it stands."""
