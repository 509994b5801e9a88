"""Query codes issued anew, and objections to settlements: what was said, shown and decided only grows."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

OF_SETTLEMENT = "FOREIGN KEY (county_code, settlement_id) REFERENCES settlements (county_code, id)"
OF_OBJECTION = "FOREIGN KEY (county_code, objection_id) REFERENCES objections (county_code, id)"

TABLES = {
    "query_codes": f"""
CREATE TABLE query_codes (
    county_code text NOT NULL,
    settlement_id uuid NOT NULL,
    serial smallint NOT NULL,
    code_hash bytea NOT NULL,
    client_id text NOT NULL,
    operator text,
    at timestamptz NOT NULL,
    CONSTRAINT pk_query_codes PRIMARY KEY (county_code, settlement_id, serial),
    CONSTRAINT fk_query_codes_settlements {OF_SETTLEMENT},
    CONSTRAINT ck_query_codes_serial CHECK (serial > 0)
)
""",
    "objections": f"""
CREATE TABLE objections (
    county_code text NOT NULL,
    id uuid NOT NULL,
    settlement_id uuid NOT NULL,
    person_no text NOT NULL,
    hospital_code text NOT NULL,
    filed_by text NOT NULL,
    reason_enc bytea NOT NULL,
    contact_enc bytea,
    due_on date,
    client_id text NOT NULL,
    operator text,
    at timestamptz NOT NULL,
    CONSTRAINT pk_objections PRIMARY KEY (county_code, id),
    CONSTRAINT fk_objections_settlements {OF_SETTLEMENT},
    CONSTRAINT ck_objections_filed_by CHECK (filed_by IN ('patient', 'hospital', 'agency'))
)
""",
    "objection_steps": f"""
CREATE TABLE objection_steps (
    county_code text NOT NULL,
    objection_id uuid NOT NULL,
    state text NOT NULL,
    outcome text,
    reason_enc bytea,
    version_id uuid,
    client_id text NOT NULL,
    operator text,
    at timestamptz NOT NULL,
    CONSTRAINT pk_objection_steps PRIMARY KEY (county_code, objection_id, state),
    CONSTRAINT fk_objection_steps_objections {OF_OBJECTION},
    CONSTRAINT fk_objection_steps_version
        FOREIGN KEY (county_code, version_id) REFERENCES settlements (county_code, id),
    CONSTRAINT ck_objection_steps_state CHECK (state IN ('under_review', 'decided', 'withdrawn')),
    CONSTRAINT ck_objection_steps_outcome CHECK (outcome IN ('upheld', 'partly_upheld', 'dismissed')),
    CONSTRAINT ck_objection_steps_decided CHECK (
        (state = 'decided') = (outcome IS NOT NULL) AND (state = 'decided') = (reason_enc IS NOT NULL)),
    CONSTRAINT ck_objection_steps_version CHECK (version_id IS NULL OR outcome IN ('upheld', 'partly_upheld'))
)
""",
    "objection_documents": f"""
CREATE TABLE objection_documents (
    county_code text NOT NULL,
    objection_id uuid NOT NULL,
    id uuid NOT NULL,
    name_enc bytea NOT NULL,
    media_type text NOT NULL,
    size integer NOT NULL,
    content_hash bytea NOT NULL,
    content_enc bytea NOT NULL,
    client_id text NOT NULL,
    operator text,
    at timestamptz NOT NULL,
    CONSTRAINT pk_objection_documents PRIMARY KEY (county_code, objection_id, id),
    CONSTRAINT uq_objection_documents_content UNIQUE (county_code, objection_id, content_hash),
    CONSTRAINT fk_objection_documents_objections {OF_OBJECTION},
    CONSTRAINT ck_objection_documents_size CHECK (size > 0)
)
""",
}
INDEXES = (
    "CREATE INDEX ix_query_codes_code ON query_codes (code_hash)",
    "CREATE INDEX ix_objections_settlement ON objections (county_code, settlement_id)",
    "CREATE INDEX ix_objections_person ON objections (county_code, person_no)",
    "CREATE INDEX ix_objections_hospital ON objections (hospital_code, id)",
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in TABLES.values():
        op.execute(table)
    for index in INDEXES:
        op.execute(index)
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER only_grows BEFORE DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        # What is sealed may be sealed anew; nothing else of a row changes.
        op.execute(
            f"CREATE TRIGGER keeps_history BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION registers_refuse()"
        )
