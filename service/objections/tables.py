"""Objections, what was done about them, and the papers handed in. Everything only grows (triggers)."""

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from service.db import metadata


def _required(name: str, kind: Any = Text) -> Column[Any]:
    return Column(name, kind, nullable=False)


def _author() -> list[Column[Any]]:
    return [_required("client_id"), Column("operator", Text), _required("at", DateTime(timezone=True))]


def _of_objection() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["county_code", "objection_id"], ["objections.county_code", "objections.id"])


objections = Table(
    "objections",
    metadata,
    _required("county_code"),
    _required("id", Uuid),
    _required("settlement_id", Uuid),
    _required("person_no"),
    _required("hospital_code"),
    _required("filed_by"),
    _required("reason_enc", LargeBinary),
    Column("contact_enc", LargeBinary),
    Column("due_on", Date),
    *_author(),
    PrimaryKeyConstraint("county_code", "id"),
    ForeignKeyConstraint(["county_code", "settlement_id"], ["settlements.county_code", "settlements.id"]),
    CheckConstraint("filed_by IN ('patient', 'hospital', 'agency')", name="filed_by"),
    Index("ix_objections_settlement", "county_code", "settlement_id"),
    Index("ix_objections_person", "county_code", "person_no"),
    Index("ix_objections_hospital", "hospital_code", "id"),
)

objection_steps = Table(
    "objection_steps",
    metadata,
    _required("county_code"),
    _required("objection_id", Uuid),
    _required("state"),
    Column("outcome", Text),
    Column("reason_enc", LargeBinary),
    Column("version_id", Uuid),
    *_author(),
    PrimaryKeyConstraint("county_code", "objection_id", "state"),
    _of_objection(),
    ForeignKeyConstraint(
        ["county_code", "version_id"], ["settlements.county_code", "settlements.id"], name="fk_objection_steps_version"
    ),
    CheckConstraint("state IN ('under_review', 'decided', 'withdrawn')", name="state"),
    CheckConstraint("outcome IN ('upheld', 'partly_upheld', 'dismissed')", name="outcome"),
    CheckConstraint(
        "(state = 'decided') = (outcome IS NOT NULL) AND (state = 'decided') = (reason_enc IS NOT NULL)", name="decided"
    ),
    CheckConstraint("version_id IS NULL OR outcome IN ('upheld', 'partly_upheld')", name="version"),
)
"""What was done about an objection: each state is entered once."""

objection_documents = Table(
    "objection_documents",
    metadata,
    _required("county_code"),
    _required("objection_id", Uuid),
    _required("id", Uuid),
    _required("name_enc", LargeBinary),
    _required("media_type"),
    _required("size", Integer),
    _required("content_hash", LargeBinary),
    _required("content_enc", LargeBinary),
    *_author(),
    PrimaryKeyConstraint("county_code", "objection_id", "id"),
    UniqueConstraint("county_code", "objection_id", "content_hash", name="uq_objection_documents_content"),
    _of_objection(),
    CheckConstraint("size > 0", name="size"),
)
"""Papers handed in, sealed. The same paper twice is one."""
