"""Applications for expected aid and what was decided. Only grow."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    Uuid,
)

from service.db import metadata
from service.reconciliation.columns import author, required

aid_applications = Table(
    "aid_applications",
    metadata,
    required("county_code"),
    required("id", Uuid),
    required("case_id", Uuid),
    required("person_no"),
    required("expected", BigInteger),
    required("due_on", Date),
    *author(),
    PrimaryKeyConstraint("county_code", "id"),
    UniqueConstraint("county_code", "case_id"),
    ForeignKeyConstraint(["county_code", "case_id"], ["settlements.county_code", "settlements.id"]),
    CheckConstraint("expected > 0", name="expected"),
    Index("ix_aid_applications_person", "county_code", "person_no"),
)
"""One for each visit, whatever versions of it there are."""

aid_decisions = Table(
    "aid_decisions",
    metadata,
    required("county_code"),
    Column("application_id", Uuid, nullable=False),
    required("outcome"),
    required("granted", BigInteger),
    required("reason_enc", LargeBinary),
    required("version_id", Uuid),
    *author(),
    PrimaryKeyConstraint("county_code", "application_id"),
    ForeignKeyConstraint(["county_code", "application_id"], ["aid_applications.county_code", "aid_applications.id"]),
    ForeignKeyConstraint(["county_code", "version_id"], ["settlements.county_code", "settlements.id"]),
    CheckConstraint(
        "CASE outcome WHEN 'approved' THEN granted > 0 WHEN 'cut' THEN granted > 0"
        " WHEN 'refused' THEN granted = 0 ELSE false END",
        name="outcome",
    ),
)
"""An application is decided once."""
