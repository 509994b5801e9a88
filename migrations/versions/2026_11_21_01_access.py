"""Access: clients and their secrets, signing keys, the audit trail, idempotency keys and their answers."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

CLIENTS = """
CREATE TABLE clients (
    client_id text NOT NULL,
    county_code text NOT NULL,
    role text NOT NULL,
    hospital_code text,
    payers text[] NOT NULL,
    township_code text,
    created_at timestamptz NOT NULL,
    disabled_at timestamptz,
    CONSTRAINT pk_clients PRIMARY KEY (client_id),
    CONSTRAINT ck_clients_role CHECK (role IN ('hospital', 'payer', 'township', 'agency', 'auditor')),
    CONSTRAINT ck_clients_hospital CHECK ((role = 'hospital') = (hospital_code IS NOT NULL)),
    CONSTRAINT ck_clients_payers CHECK ((role = 'payer') = (cardinality(payers) > 0)),
    CONSTRAINT ck_clients_township CHECK ((role = 'township') = (township_code IS NOT NULL))
)
"""

CLIENT_SECRETS = """
CREATE TABLE client_secrets (
    client_id text NOT NULL,
    slot smallint NOT NULL,
    secret_hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    CONSTRAINT pk_client_secrets PRIMARY KEY (client_id, slot),
    CONSTRAINT fk_client_secrets_clients FOREIGN KEY (client_id) REFERENCES clients (client_id),
    CONSTRAINT ck_client_secrets_two_live_at_most CHECK (slot IN (1, 2)),
    CONSTRAINT ck_client_secrets_hashed CHECK (octet_length(secret_hash) = 32)
)
"""

SIGNING_KEYS = """
CREATE TABLE signing_keys (
    kid text NOT NULL,
    public_key bytea NOT NULL,
    private_key_enc bytea NOT NULL,
    created_at timestamptz NOT NULL,
    retired_at timestamptz,
    CONSTRAINT pk_signing_keys PRIMARY KEY (kid)
)
"""

AUDIT_LOG = """
CREATE TABLE audit_log (
    county_code text NOT NULL,
    at timestamptz NOT NULL,
    id uuid NOT NULL,
    client_id text NOT NULL,
    role text NOT NULL,
    operator text,
    request_id text NOT NULL,
    action text NOT NULL,
    person_no text,
    subject text,
    CONSTRAINT pk_audit_log PRIMARY KEY (county_code, at, id)
)
"""

AUDIT_LOG_OF_PERSON = """
CREATE INDEX ix_audit_log_county_code_person_no_at ON audit_log (county_code, person_no, at)
WHERE person_no IS NOT NULL
"""

IDEMPOTENCY_KEYS = """
CREATE TABLE idempotency_keys (
    county_code text NOT NULL,
    client_id text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    result_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_idempotency_keys PRIMARY KEY (county_code, client_id, key)
)
"""

IDEMPOTENCY_ANSWERS = """
CREATE TABLE idempotency_answers (
    county_code text NOT NULL,
    result_id uuid NOT NULL,
    status smallint NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_idempotency_answers PRIMARY KEY (county_code, result_id),
    CONSTRAINT ck_idempotency_answers_only_successes CHECK (status BETWEEN 200 AND 299)
)
"""

REFUSE_CHANGE = """
CREATE FUNCTION access_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END
$$
"""

AUDIT_LOG_KEEPS_ROWS = """
CREATE TRIGGER audit_log_keeps_rows BEFORE UPDATE OR DELETE ON audit_log
FOR EACH ROW EXECUTE FUNCTION access_refuse_change()
"""

AUDIT_LOG_KEEPS_ALL = """
CREATE TRIGGER audit_log_keeps_all BEFORE TRUNCATE ON audit_log
FOR EACH STATEMENT EXECUTE FUNCTION access_refuse_change()
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statement in (
        CLIENTS,
        CLIENT_SECRETS,
        SIGNING_KEYS,
        AUDIT_LOG,
        AUDIT_LOG_OF_PERSON,
        IDEMPOTENCY_KEYS,
        IDEMPOTENCY_ANSWERS,
        REFUSE_CHANGE,
        AUDIT_LOG_KEEPS_ROWS,
        AUDIT_LOG_KEEPS_ALL,
    ):
        op.execute(statement)
