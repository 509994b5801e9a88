"""Many settlements decided anew, and the law amended with effect in the past."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

READJUDICATIONS = """
CREATE TABLE readjudications (
    county_code text NOT NULL,
    id uuid NOT NULL,
    selection jsonb NOT NULL,
    cause text NOT NULL,
    note text NOT NULL,
    amendment_id uuid,
    client_id text NOT NULL,
    operator text NOT NULL,
    at timestamptz NOT NULL,
    approved_by text,
    approved_client_id text,
    approved_at timestamptz,
    withdrawn_by text,
    withdrawn_at timestamptz,
    CONSTRAINT pk_readjudications PRIMARY KEY (county_code, id),
    CONSTRAINT ck_readjudications_second_person CHECK (approved_by <> operator),
    CONSTRAINT ck_readjudications_approved CHECK (
        (approved_by IS NULL) = (approved_at IS NULL) AND (approved_by IS NULL) = (approved_client_id IS NULL)),
    CONSTRAINT ck_readjudications_withdrawn CHECK ((withdrawn_by IS NULL) = (withdrawn_at IS NULL)),
    CONSTRAINT ck_readjudications_one_end CHECK (approved_at IS NULL OR withdrawn_at IS NULL)
)
"""

PERSONS = """
CREATE TABLE readjudication_persons (
    county_code text NOT NULL,
    readjudication_id uuid NOT NULL,
    person_no text NOT NULL,
    previewed_at timestamptz,
    done_at timestamptz,
    CONSTRAINT pk_readjudication_persons PRIMARY KEY (county_code, readjudication_id, person_no),
    CONSTRAINT fk_readjudication_persons_readjudications
        FOREIGN KEY (county_code, readjudication_id) REFERENCES readjudications (county_code, id),
    CONSTRAINT ck_readjudication_persons_previewed_first CHECK (done_at IS NULL OR previewed_at IS NOT NULL)
)
"""

ROWS = """
CREATE TABLE readjudication_rows (
    county_code text NOT NULL,
    readjudication_id uuid NOT NULL,
    phase text NOT NULL,
    settlement_id uuid NOT NULL,
    person_no text NOT NULL,
    hospital_code text NOT NULL,
    outcome text NOT NULL,
    version_id uuid,
    refusal jsonb,
    patient bigint NOT NULL,
    moved bigint NOT NULL,
    differences jsonb NOT NULL,
    CONSTRAINT pk_readjudication_rows PRIMARY KEY (county_code, readjudication_id, phase, settlement_id),
    CONSTRAINT fk_readjudication_rows_readjudication_persons
        FOREIGN KEY (county_code, readjudication_id, person_no)
        REFERENCES readjudication_persons (county_code, readjudication_id, person_no),
    CONSTRAINT fk_readjudication_rows_settlement
        FOREIGN KEY (county_code, settlement_id) REFERENCES settlements (county_code, id),
    CONSTRAINT fk_readjudication_rows_version
        FOREIGN KEY (county_code, version_id) REFERENCES settlements (county_code, id),
    CONSTRAINT ck_readjudication_rows_phase CHECK (phase IN ('preview', 'run')),
    CONSTRAINT ck_readjudication_rows_outcome CHECK (outcome IN ('changed', 'chained', 'unchanged', 'refused')),
    CONSTRAINT ck_readjudication_rows_refusal CHECK (
        CASE outcome WHEN 'refused' THEN refusal IS NOT NULL WHEN 'chained' THEN true ELSE refusal IS NULL END),
    CONSTRAINT ck_readjudication_rows_version CHECK (
        (version_id IS NOT NULL) = (phase = 'run' AND outcome IN ('changed', 'chained')))
)
"""

AMENDMENTS = """
CREATE TABLE policy_amendments (
    county_code text NOT NULL,
    id uuid NOT NULL,
    replaces text NOT NULL,
    hash text NOT NULL,
    first_day date NOT NULL,
    note text NOT NULL,
    client_id text NOT NULL,
    operator text NOT NULL,
    at timestamptz NOT NULL,
    approved_by text,
    approved_client_id text,
    approved_at timestamptz,
    CONSTRAINT pk_policy_amendments PRIMARY KEY (county_code, id),
    CONSTRAINT ck_policy_amendments_another_text CHECK (replaces <> hash),
    CONSTRAINT ck_policy_amendments_second_person CHECK (approved_by <> operator),
    CONSTRAINT ck_policy_amendments_approved CHECK (
        (approved_by IS NULL) = (approved_at IS NULL) AND (approved_by IS NULL) = (approved_client_id IS NULL))
)
"""
REPLACES = "CREATE INDEX ix_policy_amendments_replaces ON policy_amendments (county_code, replaces)"

# A server process that has not read of an amendment yet must not settle by the old text. A text that was replaced and
# enacted again later is in force. Later versions keep the law of their own decision: only the first is held to this.
LAW_IN_FORCE = """
CREATE FUNCTION law_in_force() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind = 'settlement' AND NEW.version = 1 AND EXISTS (
        SELECT FROM policy_amendments a
        WHERE a.county_code = NEW.county_code AND a.replaces = NEW.pack_hash AND a.approved_at IS NOT NULL
            AND a.first_day <= NEW.last_day AND NOT EXISTS (
                SELECT FROM policy_amendments b
                WHERE b.county_code = NEW.county_code AND b.hash = NEW.pack_hash AND b.approved_at > a.approved_at
                    AND b.first_day <= NEW.last_day))
    THEN
        RAISE EXCEPTION 'the law was amended: % is not in force on % any more', NEW.pack_hash, NEW.last_day
            USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN NEW;
END $$
"""
GUARD = "CREATE TRIGGER law_in_force BEFORE INSERT ON settlements FOR EACH ROW EXECUTE FUNCTION law_in_force()"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statement in (READJUDICATIONS, PERSONS, ROWS, AMENDMENTS, REPLACES, LAW_IN_FORCE, GUARD):
        op.execute(statement)
