"""Re-adjudications of many settlements: who asked and who approved, the persons to go through, what came of each."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from service.db import metadata

PHASES = ("preview", "run")
OUTCOMES = ("changed", "chained", "unchanged", "refused")


def _among(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


readjudications = Table(
    "readjudications",
    metadata,
    Column("county_code", Text, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("selection", JSONB, nullable=False),
    Column("cause", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("amendment_id", Uuid),
    Column("client_id", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("approved_by", Text),
    Column("approved_client_id", Text),
    Column("approved_at", DateTime(timezone=True)),
    Column("withdrawn_by", Text),
    Column("withdrawn_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("county_code", "id"),
    CheckConstraint("approved_by <> operator", name="second_person"),
    CheckConstraint(
        "(approved_by IS NULL) = (approved_at IS NULL) AND (approved_by IS NULL) = (approved_client_id IS NULL)",
        name="approved",
    ),
    CheckConstraint("(withdrawn_by IS NULL) = (withdrawn_at IS NULL)", name="withdrawn"),
    CheckConstraint("approved_at IS NULL OR withdrawn_at IS NULL", name="one_end"),
)

readjudication_persons = Table(
    "readjudication_persons",
    metadata,
    Column("county_code", Text, nullable=False),
    Column("readjudication_id", Uuid, nullable=False),
    Column("person_no", Text, nullable=False),
    Column("previewed_at", DateTime(timezone=True)),
    Column("done_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("county_code", "readjudication_id", "person_no"),
    ForeignKeyConstraint(["county_code", "readjudication_id"], ["readjudications.county_code", "readjudications.id"]),
    CheckConstraint("done_at IS NULL OR previewed_at IS NOT NULL", name="previewed_first"),
)
"""A person is one piece of the work: previewed once, done once, each in a transaction of its own."""

readjudication_rows = Table(
    "readjudication_rows",
    metadata,
    Column("county_code", Text, nullable=False),
    Column("readjudication_id", Uuid, nullable=False),
    Column("phase", Text, nullable=False),
    Column("settlement_id", Uuid, nullable=False),
    Column("person_no", Text, nullable=False),
    Column("hospital_code", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("version_id", Uuid),
    Column("refusal", JSONB(none_as_null=True)),
    Column("patient", BigInteger, nullable=False),
    Column("moved", BigInteger, nullable=False),
    Column("differences", JSONB, nullable=False),
    PrimaryKeyConstraint("county_code", "readjudication_id", "phase", "settlement_id"),
    ForeignKeyConstraint(
        ["county_code", "readjudication_id", "person_no"],
        [
            "readjudication_persons.county_code",
            "readjudication_persons.readjudication_id",
            "readjudication_persons.person_no",
        ],
    ),
    ForeignKeyConstraint(
        ["county_code", "settlement_id"],
        ["settlements.county_code", "settlements.id"],
        name="fk_readjudication_rows_settlement",
    ),
    ForeignKeyConstraint(
        ["county_code", "version_id"],
        ["settlements.county_code", "settlements.id"],
        name="fk_readjudication_rows_version",
    ),
    CheckConstraint(_among("phase", PHASES), name="phase"),
    CheckConstraint(_among("outcome", OUTCOMES), name="outcome"),
    CheckConstraint(
        "CASE outcome WHEN 'refused' THEN refusal IS NOT NULL WHEN 'chained' THEN true ELSE refusal IS NULL END",
        name="refusal",
    ),
    CheckConstraint("(version_id IS NOT NULL) = (phase = 'run' AND outcome IN ('changed', 'chained'))", name="version"),
)
"""
What a settlement would become, or became: `patient` is what the patient pays more (fen), `moved` the sum of what
moves between payers and payees, without signs, `differences` the same by layer, payer and payee.
"""
