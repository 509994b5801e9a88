"""Live visits and their invoices: what the same encounter is told by."""

from sqlalchemy import (
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from service.claims.tables import of_settlement
from service.db import metadata

live_visits = Table(
    "live_visits",
    metadata,
    Column("hospital_code", Text, nullable=False),
    Column("visit_no", Text, nullable=False),
    Column("interim_no", Integer, nullable=False),
    Column("county_code", Text, nullable=False),
    Column("person_no", Text, nullable=False),
    Column("settlement_id", Uuid, nullable=False),
    Column("visit_type", Text, nullable=False),
    Column("admitted_on", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    PrimaryKeyConstraint("hospital_code", "visit_no", "interim_no"),
    of_settlement(),
    Index("ix_live_visits_person", "person_no", "county_code", "last_day"),
    # Half-open days: on the day of transfer one stay ends and the next begins.
    ExcludeConstraint(
        ("county_code", "="),
        ("person_no", "="),
        (text("daterange(admitted_on, last_day)"), "&&"),
        name="ex_live_visits_overlap",
        where=text("visit_type = 'inpatient'"),
    ),
)
"""
The second net under the idempotency key, whichever way a visit came in: one live settlement per hospital, visit and
interim number, and no two stays of a person that overlap by more than the day of transfer.
"""

invoices = Table(
    "invoices",
    metadata,
    Column("hospital_code", Text, nullable=False),
    Column("invoice_no", Text, nullable=False),
    Column("county_code", Text, nullable=False),
    Column("case_id", Uuid, nullable=False),
    Column("attached_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("hospital_code", "invoice_no"),
    UniqueConstraint("county_code", "case_id", name="uq_invoices_county_code_case_id"),
    ForeignKeyConstraint(["county_code", "case_id"], ["settlements.county_code", "settlements.id"]),
)
"""The invoice of a live visit: one bill is claimed once, by whichever way it comes in."""
