"""Proof: the chain of seals, verifications that can be resumed, and an index for what an entry of the ledger moved."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SEALS = """
CREATE TABLE seals (
    county_code text NOT NULL,
    seq bigint NOT NULL,
    kind text NOT NULL,
    columns jsonb NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    keys text[] NOT NULL,
    digests bytea NOT NULL,
    row_count integer NOT NULL,
    content_hash bytea NOT NULL,
    previous_hash bytea NOT NULL,
    hash bytea NOT NULL,
    made_at timestamptz NOT NULL,
    CONSTRAINT pk_seals PRIMARY KEY (county_code, seq),
    CONSTRAINT ck_seals_row_count CHECK (row_count = cardinality(keys) AND row_count > 0),
    CONSTRAINT ck_seals_hash CHECK (octet_length(hash) = 32 AND octet_length(previous_hash) = 32)
)
"""

VERIFICATIONS = """
CREATE TABLE verifications (
    county_code text NOT NULL,
    id uuid NOT NULL,
    part_count integer NOT NULL,
    client_id text NOT NULL,
    operator text,
    at timestamptz NOT NULL,
    CONSTRAINT pk_verifications PRIMARY KEY (county_code, id)
)
"""

VERIFICATION_PARTS = """
CREATE TABLE verification_parts (
    county_code text NOT NULL,
    verification_id uuid NOT NULL,
    part_no integer NOT NULL,
    kind text NOT NULL,
    first text NOT NULL,
    "end" text,
    checked bigint,
    wrong bigint,
    done_at timestamptz,
    CONSTRAINT pk_verification_parts PRIMARY KEY (county_code, verification_id, part_no),
    CONSTRAINT fk_verification_parts_verifications
        FOREIGN KEY (county_code, verification_id) REFERENCES verifications (county_code, id),
    CONSTRAINT ck_verification_parts_kind CHECK (kind IN ('law', 'settlements', 'books', 'chain', 'unsealed')),
    CONSTRAINT ck_verification_parts_done CHECK (
        (done_at IS NULL) = (checked IS NULL) AND (done_at IS NULL) = (wrong IS NULL))
)
"""

VERIFICATION_WRONGS = """
CREATE TABLE verification_wrongs (
    county_code text NOT NULL,
    verification_id uuid NOT NULL,
    part_no integer NOT NULL,
    wrong_no integer NOT NULL,
    table_name text NOT NULL,
    row_key text NOT NULL,
    column_name text,
    kept text,
    computed text,
    CONSTRAINT pk_verification_wrongs PRIMARY KEY (county_code, verification_id, part_no, wrong_no),
    CONSTRAINT fk_verification_wrongs_verification_parts FOREIGN KEY (county_code, verification_id, part_no)
        REFERENCES verification_parts (county_code, verification_id, part_no)
)
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statement in (SEALS, VERIFICATIONS, VERIFICATION_PARTS, VERIFICATION_WRONGS):
        op.execute(statement)
    op.execute("CREATE INDEX ix_seals_kind ON seals (county_code, kind, until)")
    op.execute("CREATE INDEX ix_postings_entry ON postings (county_code, entry_id) WHERE entry_id <> origin")
    for table in ("seals", "verifications", "verification_wrongs"):
        op.execute(
            f"CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
