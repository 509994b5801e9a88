"""Settlements and what hangs on them. What is settled only grows; sums and live visits follow it."""

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
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSON, JSONB

from service.claims.model import Cause
from service.db import metadata

AMOUNTS = ("total", "self_funded", "over_ceiling", "first_pay", "in_scope")
SHARES = (
    "paid_total",
    "hospital_bears",
    "patient_pays",
    "hospital_advances",
    "owed_to_patient",
    "expected_aid",
    "held",
    "elsewhere",
    "other_credited",
    "other_to_patient",
    "due_at_discharge",
)

_CAUSES = ", ".join(f"'{cause}'" for cause in Cause)


def _sign(comparison: str) -> str:
    return " AND ".join(f"{name} {comparison} 0" for name in AMOUNTS + SHARES)


def of_settlement() -> ForeignKeyConstraint:
    """The key of a settlement of the same county."""
    return ForeignKeyConstraint(["county_code", "settlement_id"], ["settlements.county_code", "settlements.id"])


settlements = Table(
    "settlements",
    metadata,
    Column("county_code", Text, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("version", SmallInteger, nullable=False),
    Column("reversal_of", Uuid),
    Column("person_no", Text, nullable=False),
    Column("order_no", BigInteger, nullable=False),
    Column("hospital_code", Text, nullable=False),
    Column("visit_no", Text, nullable=False),
    Column("interim_no", Integer, nullable=False),
    Column("visit_type", Text, nullable=False),
    Column("admitted_on", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("disease_code", Text),
    Column("referral_no", Text),
    Column("invoice_no", Text),
    Column("identities", JSONB, nullable=False),
    Column("on_hold", Boolean, nullable=False),
    Column("pack_id", Text, nullable=False),
    Column("pack_hash", Text, nullable=False),
    *(Column(name, BigInteger, nullable=False) for name in AMOUNTS + SHARES),
    Column("client_id", Text, nullable=False),
    Column("operator", Text),
    Column("settled_at", DateTime(timezone=True), nullable=False),
    Column("settled_on", Date, nullable=False),
    Column("query_code_hash", LargeBinary, nullable=False),
    Column("case_id", Uuid, nullable=False),
    Column("replaces", Uuid),
    Column("cause", Text),
    Column("to_collect", BigInteger, nullable=False),
    PrimaryKeyConstraint("county_code", "id"),
    *(
        ForeignKeyConstraint(
            ["county_code", name], ["settlements.county_code", "settlements.id"], name=f"fk_settlements_{name}"
        )
        for name in ("reversal_of", "replaces", "case_id")
    ),
    CheckConstraint("kind IN ('settlement', 'reversal')", name="kind"),
    CheckConstraint("(kind = 'reversal') = (reversal_of IS NOT NULL)", name="reversal_names_original"),
    CheckConstraint(f"kind <> 'settlement' OR ({_sign('>=')})", name="settlement_not_negative"),
    CheckConstraint(f"kind <> 'reversal' OR ({_sign('<=')})", name="reversal_not_positive"),
    CheckConstraint("total = self_funded + over_ceiling + first_pay + in_scope", name="parts_of_bill"),
    CheckConstraint("total = paid_total + hospital_bears + patient_pays", name="everyone_pays_the_total"),
    CheckConstraint(
        "paid_total = hospital_advances + owed_to_patient + expected_aid + held + elsewhere"
        " + other_credited + other_to_patient",
        name="ways_of_payment",
    ),
    CheckConstraint(
        "due_at_discharge = total - hospital_advances - hospital_bears - elsewhere - other_credited",
        name="due_at_discharge",
    ),
    CheckConstraint("admitted_on <= last_day", name="dates"),
    CheckConstraint(
        "CASE kind WHEN 'reversal' THEN replaces IS NULL ELSE (version = 1) = (replaces IS NULL) END",
        name="version_replaces",
    ),
    CheckConstraint("(case_id = id) = (kind = 'settlement' AND version = 1)", name="opens_case"),
    CheckConstraint(f"(replaces IS NULL) = (cause IS NULL) AND cause IN ({_CAUSES})", name="cause"),
    CheckConstraint("to_collect >= 0", name="to_collect"),
    # No index over all rows begins with the county, beside the key: while a table is small, or its statistics are
    # young, the planner takes such an index for a look-up by the key and reads the whole county.
    Index(
        "uq_settlements_reversal_of",
        "county_code",
        "reversal_of",
        unique=True,
        postgresql_where=text("reversal_of IS NOT NULL"),
    ),
    Index(
        "uq_settlements_replaces", "county_code", "replaces", unique=True, postgresql_where=text("replaces IS NOT NULL")
    ),
    Index(
        "uq_settlements_ends_once",
        "county_code",
        text("coalesce(reversal_of, replaces)"),
        unique=True,
        postgresql_where=text("reversal_of IS NOT NULL OR replaces IS NOT NULL"),
    ),
    Index("ix_settlements_case", "county_code", "case_id", postgresql_where=text("case_id <> id")),
    Index("ix_settlements_person", "person_no", "county_code", "order_no"),
    Index("ix_settlements_hospital", "hospital_code", "id"),
    Index("ix_settlements_query_code", "query_code_hash"),
)
"""
One row a settlement, a later version of one, or a reversal; amounts in fen. Refuses UPDATE, DELETE and TRUNCATE.

`case_id` is the first version's id. A row is live while nothing reverses or replaces it, which happens once.
"""

settlement_layers = Table(
    "settlement_layers",
    metadata,
    Column("county_code", Text, nullable=False),
    Column("settlement_id", Uuid, nullable=False),
    Column("position", SmallInteger, nullable=False),
    Column("layer", Text, nullable=False),
    Column("payer", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("way", Text, nullable=False),
    PrimaryKeyConstraint("county_code", "settlement_id", "position"),
    of_settlement(),
    CheckConstraint(
        "way IN ('hospital', 'patient', 'expected', 'held', 'elsewhere', 'credited', 'beside')", name="way"
    ),
)
"""What each payer pays of a settlement and which way it goes (fen); they add up to the settlement's row."""

settlement_documents = Table(
    "settlement_documents",
    metadata,
    Column("county_code", Text, nullable=False),
    Column("settlement_id", Uuid, nullable=False),
    Column("bill", JSON, nullable=False),
    Column("trace", JSON, nullable=False),
    PrimaryKeyConstraint("county_code", "settlement_id"),
    of_settlement(),
)
"""
The bill line by line, and everything that was read and decided: enough to decide it again.

Both as text; where something was settled before migration 0026, as jsonb. What reads them must take either.
"""

accumulators = Table(
    "accumulators",
    metadata,
    Column("county_code", Text, nullable=False),
    Column("person_no", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("value", BigInteger, nullable=False),
    PrimaryKeyConstraint("county_code", "person_no", "period", "name"),
    CheckConstraint("value >= 0", name="not_negative"),
)
"""Running sums of a person, carried by the trigger on `accumulator_entries` and by nothing else."""

accumulator_entries = Table(
    "accumulator_entries",
    metadata,
    Column("county_code", Text, nullable=False),
    Column("settlement_id", Uuid, nullable=False),
    Column("position", SmallInteger, nullable=False),
    Column("person_no", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("before", BigInteger, nullable=False),
    Column("delta", BigInteger, nullable=False),
    Column("cap", BigInteger),
    PrimaryKeyConstraint("county_code", "settlement_id", "position"),
    of_settlement(),
    CheckConstraint("cap IS NULL OR delta <= 0 OR before + delta <= greatest(cap, before)", name="within_cap"),
)
"""What a settlement adds to the person's sums, and the cap it kept to."""

person_orders = Table(
    "person_orders",
    metadata,
    Column("county_code", Text, nullable=False),
    Column("person_no", Text, nullable=False),
    Column("last_order", BigInteger, nullable=False),
    PrimaryKeyConstraint("county_code", "person_no"),
)
"""The person's place in the order of settlement: the row whose lock makes one settlement wait for another."""

query_codes = Table(
    "query_codes",
    metadata,
    Column("county_code", Text, nullable=False),
    Column("settlement_id", Uuid, nullable=False),
    Column("serial", SmallInteger, nullable=False),
    Column("code_hash", LargeBinary, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("operator", Text),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("county_code", "settlement_id", "serial"),
    of_settlement(),
    CheckConstraint("serial > 0", name="serial"),
    Index("ix_query_codes_code", "code_hash"),
)
"""Query codes issued anew at a counter; the newest is the one that opens."""
