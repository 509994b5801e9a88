"""Manual claims, what was done about them, and their papers. Nothing is deleted; history and papers only grow."""

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
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
from sqlalchemy.dialects.postgresql import ARRAY

from service.db import metadata
from service.payouts.manual.model import OPEN, RouteReason, State
from service.reconciliation.columns import author, required
from service.words import ClaimDocument


def _of_claim() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["county_code", "claim_id"], ["manual_claims.county_code", "manual_claims.id"])


def _one_of(words: Any) -> str:
    return ", ".join(f"'{word}'" for word in words)


_KEPT = [state for state in State if state not in (State.PAID, State.RETURNED)]
_IS_OPEN = text(f"state IN ({_one_of(OPEN)})")

manual_claims = Table(
    "manual_claims",
    metadata,
    required("county_code"),
    required("id", Uuid),
    required("person_no"),
    required("hospital_code"),
    required("visit_no"),
    required("interim_no", Integer),
    required("visit_type"),
    Column("disease_code", Text),
    required("admitted_on", Date),
    required("last_day", Date),
    required("invoice_no"),
    required("reason"),
    required("body_enc", LargeBinary),
    required("state"),
    required("due_on", Date),
    required("needed", ARRAY(Text)),
    Column("settlement_id", Uuid),
    *author(),
    PrimaryKeyConstraint("county_code", "id"),
    ForeignKeyConstraint(["county_code", "settlement_id"], ["settlements.county_code", "settlements.id"]),
    CheckConstraint(f"state IN ({_one_of(_KEPT)})", name="state"),
    CheckConstraint(f"reason IN ({_one_of(RouteReason)})", name="reason"),
    CheckConstraint("(state = 'approved') = (settlement_id IS NOT NULL)", name="approved_is_settled"),
    CheckConstraint("admitted_on <= last_day", name="dates"),
    # Two claims of one encounter are never open at a time, whoever enters them.
    Index(
        "uq_manual_claims_encounter",
        "county_code",
        "person_no",
        "hospital_code",
        "visit_type",
        "admitted_on",
        "last_day",
        text("coalesce(disease_code, '')"),
        unique=True,
        postgresql_where=_IS_OPEN,
    ),
    Index("uq_manual_claims_visit", "hospital_code", "visit_no", "interim_no", unique=True, postgresql_where=_IS_OPEN),
    Index("uq_manual_claims_invoice", "hospital_code", "invoice_no", unique=True, postgresql_where=_IS_OPEN),
    Index("ix_manual_claims_person", "county_code", "person_no"),
)

manual_claim_steps = Table(
    "manual_claim_steps",
    metadata,
    required("county_code"),
    required("claim_id", Uuid),
    required("serial", SmallInteger),
    required("state"),
    Column("reason_enc", LargeBinary),
    *author(),
    PrimaryKeyConstraint("county_code", "claim_id", "serial"),
    _of_claim(),
    CheckConstraint("serial > 0", name="serial"),
)
"""What was done about a claim, in order."""

manual_claim_documents = Table(
    "manual_claim_documents",
    metadata,
    required("county_code"),
    required("claim_id", Uuid),
    required("id", Uuid),
    required("kind"),
    required("name_enc", LargeBinary),
    required("media_type"),
    required("size", Integer),
    required("content_hash", LargeBinary),
    required("content_enc", LargeBinary),
    *author(),
    PrimaryKeyConstraint("county_code", "claim_id", "id"),
    UniqueConstraint("county_code", "claim_id", "kind", "content_hash", name="uq_manual_claim_documents_content"),
    _of_claim(),
    CheckConstraint(f"kind IN ({_one_of(ClaimDocument)})", name="kind"),
    CheckConstraint("size > 0", name="size"),
)
"""Papers handed in, sealed. The same paper twice is one."""
