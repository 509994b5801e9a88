"""Sources, batches of transfers and what became of them, and the yearly top-up; amounts in fen."""

from sqlalchemy import (
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
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from service.db import metadata
from service.payouts.items.model import Kind
from service.reconciliation.columns import author, of, required


def _of_entry() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["county_code", "origin"], ["ledger_entries.county_code", "ledger_entries.id"])


_KINDS = ", ".join(f"'{kind}'" for kind in Kind)

payout_sources = Table(
    "payout_sources",
    metadata,
    required("county_code"),
    required("origin", Uuid),
    required("kind"),
    required("source_id", Uuid),
    Column("due_on", Date),
    required("at", DateTime(timezone=True)),
    PrimaryKeyConstraint("county_code", "origin"),
    _of_entry(),
    CheckConstraint(f"kind IN ({_KINDS})", name="kind"),
)
"""What stands behind an entry of the ledger that owes a patient something, where the entry does not say it itself."""

payout_batches = Table(
    "payout_batches",
    metadata,
    required("county_code"),
    required("id", Uuid),
    required("number", BigInteger),
    required("payer"),
    required("pay_on", Date),
    required("layout"),
    required("filter", JSONB),
    required("line_count", Integer),
    required("total", BigInteger),
    *author(),
    PrimaryKeyConstraint("county_code", "id"),
    UniqueConstraint("county_code", "number", name="uq_payout_batches_number"),
    CheckConstraint("total > 0 AND line_count > 0", name="total"),
)
"""Transfers that one payer orders together. Its state is its last step."""

payout_items = Table(
    "payout_items",
    metadata,
    required("county_code"),
    required("id", Uuid),
    required("batch_id", Uuid),
    required("line_no", Integer),
    required("reference"),
    required("person_no"),
    Column("relation", Text),
    required("account_enc", LargeBinary),
    required("account_key", LargeBinary),
    required("amount", BigInteger),
    required("attempt", SmallInteger),
    PrimaryKeyConstraint("county_code", "id"),
    UniqueConstraint("county_code", "batch_id", "line_no", name="uq_payout_items_line"),
    UniqueConstraint("county_code", "reference", name="uq_payout_items_reference"),
    of("payout_batches", "batch_id"),
    CheckConstraint("amount > 0", name="amount"),
    CheckConstraint("attempt > 0", name="attempt"),
    Index("ix_payout_items_person", "county_code", "person_no"),
)
"""One transfer to one person. `relation`: what the payee is to the insured, where it is somebody else."""

payout_parts = Table(
    "payout_parts",
    metadata,
    required("county_code"),
    required("item_id", Uuid),
    required("position", Integer),
    required("origin", Uuid),
    required("layer"),
    required("payer"),
    required("amount", BigInteger),
    required("live", Boolean),
    PrimaryKeyConstraint("county_code", "item_id", "position"),
    of("payout_items", "item_id"),
    _of_entry(),
    CheckConstraint("amount <> 0", name="amount"),
    Index(
        "uq_payout_parts_live",
        "county_code",
        "origin",
        "layer",
        "payer",
        unique=True,
        postgresql_where=text("live"),
    ),
    Index("ix_payout_parts_origin", "county_code", "origin"),
)
"""What a transfer is made of; negative parts take back what was paid too much. One live batch for each."""

payout_steps = Table(
    "payout_steps",
    metadata,
    required("county_code"),
    required("id", Uuid),
    required("batch_id", Uuid),
    required("kind"),
    Column("item_id", Uuid),
    Column("content_hash", LargeBinary),
    Column("reason", Text),
    *author(),
    PrimaryKeyConstraint("county_code", "id"),
    of("payout_batches", "batch_id"),
    of("payout_items", "item_id"),
    CheckConstraint("kind IN ('made', 'released', 'withdrawn', 'answered', 'returned', 'cleared')", name="kind"),
    CheckConstraint("(item_id IS NOT NULL) = (kind IN ('returned', 'cleared'))", name="item"),
    Index(
        "uq_payout_steps_leaves_draft",
        "county_code",
        "batch_id",
        unique=True,
        postgresql_where=text("kind IN ('released', 'withdrawn')"),
    ),
    Index(
        "uq_payout_steps_once",
        "county_code",
        "batch_id",
        "kind",
        unique=True,
        postgresql_where=text("item_id IS NULL"),
    ),
    Index(
        "uq_payout_steps_item",
        "county_code",
        "item_id",
        "kind",
        unique=True,
        postgresql_where=text("item_id IS NOT NULL"),
    ),
)
"""What was done to a batch, or to one of its transfers: its id is that of the ledger's entry, where money moved."""

payout_outcomes = Table(
    "payout_outcomes",
    metadata,
    required("county_code"),
    required("item_id", Uuid),
    required("outcome"),
    required("step_id", Uuid),
    required("on_day", Date),
    Column("reason", Text),
    PrimaryKeyConstraint("county_code", "item_id", "outcome"),
    of("payout_items", "item_id"),
    of("payout_steps", "step_id"),
    CheckConstraint("outcome IN ('paid', 'returned')", name="outcome"),
    CheckConstraint("(outcome = 'returned') = (reason IS NOT NULL)", name="reason"),
)
"""What the bank said of a transfer; one that was paid may still come back, once."""

cycle_runs = Table(
    "cycle_runs",
    metadata,
    required("county_code"),
    required("id", Uuid),
    required("cycle_start", Date),
    Column("reached", Text),
    required("persons", Integer),
    required("changed", Integer),
    Column("finished_at", DateTime(timezone=True)),
    *author(),
    PrimaryKeyConstraint("county_code", "id"),
    Index("ix_cycle_runs_cycle", "county_code", "cycle_start"),
)
"""A run over a cycle and how far it has got (`reached`: the last person): one that was cut off goes on from there."""

cycle_lines = Table(
    "cycle_lines",
    metadata,
    required("county_code"),
    required("id", Uuid),
    required("run_id", Uuid),
    required("cycle_start", Date),
    required("person_no"),
    required("serial", SmallInteger),
    required("pack_hash"),
    required("total", BigInteger),
    required("reimbursed", BigInteger),
    required("target", BigInteger),
    required("amount", BigInteger),
    required("difference", BigInteger),
    required("visits", JSONB),
    required("at", DateTime(timezone=True)),
    PrimaryKeyConstraint("county_code", "id"),
    UniqueConstraint("county_code", "cycle_start", "person_no", "serial", name="uq_cycle_lines_serial"),
    of("cycle_runs", "run_id"),
    CheckConstraint("serial > 0", name="serial"),
    CheckConstraint(
        "total >= 0 AND amount = greatest(0, target - reimbursed) AND (serial > 1 OR difference = amount)",
        name="amount",
    ),
    Index("ix_cycle_lines_person", "county_code", "person_no"),
)
"""What a person's cycle comes to, and by how much that differs from the line before: posted under the line's id."""
