"""Manual claims, applications for aid, back-pay; and no two live stays of a person that overlap, by whichever way."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

AUTHOR = """
    client_id text NOT NULL,
    operator text,
    at timestamptz NOT NULL"""
OPEN = "state IN ('registered', 'incomplete', 'under_review')"
OF_CLAIM = "FOREIGN KEY (county_code, claim_id) REFERENCES manual_claims (county_code, id)"
OF_IMPORT = "FOREIGN KEY (county_code, import_id) REFERENCES backpay_imports (county_code, id)"
OF_SETTLEMENT = "FOREIGN KEY (county_code, settlement_id) REFERENCES settlements (county_code, id)"

TABLES = {
    "manual_claims": f"""
CREATE TABLE manual_claims (
    county_code text NOT NULL,
    id uuid NOT NULL,
    person_no text NOT NULL,
    hospital_code text NOT NULL,
    visit_no text NOT NULL,
    interim_no integer NOT NULL,
    visit_type text NOT NULL,
    disease_code text,
    admitted_on date NOT NULL,
    last_day date NOT NULL,
    invoice_no text NOT NULL,
    reason text NOT NULL,
    body_enc bytea NOT NULL,
    state text NOT NULL,
    due_on date NOT NULL,
    needed text[] NOT NULL,
    settlement_id uuid,{AUTHOR},
    CONSTRAINT pk_manual_claims PRIMARY KEY (county_code, id),
    CONSTRAINT fk_manual_claims_settlements {OF_SETTLEMENT},
    CONSTRAINT ck_manual_claims_state
        CHECK (state IN ('registered', 'incomplete', 'under_review', 'approved', 'refused')),
    CONSTRAINT ck_manual_claims_reason CHECK (reason IN ('not_connected', 'outage', 'person_unknown_then')),
    CONSTRAINT ck_manual_claims_approved_is_settled CHECK ((state = 'approved') = (settlement_id IS NOT NULL)),
    CONSTRAINT ck_manual_claims_dates CHECK (admitted_on <= last_day)
)
""",
    "manual_claim_steps": f"""
CREATE TABLE manual_claim_steps (
    county_code text NOT NULL,
    claim_id uuid NOT NULL,
    serial smallint NOT NULL,
    state text NOT NULL,
    reason_enc bytea,{AUTHOR},
    CONSTRAINT pk_manual_claim_steps PRIMARY KEY (county_code, claim_id, serial),
    CONSTRAINT fk_manual_claim_steps_manual_claims {OF_CLAIM},
    CONSTRAINT ck_manual_claim_steps_serial CHECK (serial > 0)
)
""",
    "manual_claim_documents": f"""
CREATE TABLE manual_claim_documents (
    county_code text NOT NULL,
    claim_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    name_enc bytea NOT NULL,
    media_type text NOT NULL,
    size integer NOT NULL,
    content_hash bytea NOT NULL,
    content_enc bytea NOT NULL,{AUTHOR},
    CONSTRAINT pk_manual_claim_documents PRIMARY KEY (county_code, claim_id, id),
    CONSTRAINT uq_manual_claim_documents_content UNIQUE (county_code, claim_id, kind, content_hash),
    CONSTRAINT fk_manual_claim_documents_manual_claims {OF_CLAIM},
    CONSTRAINT ck_manual_claim_documents_kind CHECK (kind IN ('invoice', 'fee_list', 'poverty_proof', 'identity_card',
        'household_book', 'bank_card')),
    CONSTRAINT ck_manual_claim_documents_size CHECK (size > 0)
)
""",
    "aid_applications": f"""
CREATE TABLE aid_applications (
    county_code text NOT NULL,
    id uuid NOT NULL,
    case_id uuid NOT NULL,
    person_no text NOT NULL,
    expected bigint NOT NULL,
    due_on date NOT NULL,{AUTHOR},
    CONSTRAINT pk_aid_applications PRIMARY KEY (county_code, id),
    CONSTRAINT uq_aid_applications_county_code_case_id UNIQUE (county_code, case_id),
    CONSTRAINT fk_aid_applications_settlements
        FOREIGN KEY (county_code, case_id) REFERENCES settlements (county_code, id),
    CONSTRAINT ck_aid_applications_expected CHECK (expected > 0)
)
""",
    "aid_decisions": f"""
CREATE TABLE aid_decisions (
    county_code text NOT NULL,
    application_id uuid NOT NULL,
    outcome text NOT NULL,
    granted bigint NOT NULL,
    reason_enc bytea NOT NULL,
    version_id uuid NOT NULL,{AUTHOR},
    CONSTRAINT pk_aid_decisions PRIMARY KEY (county_code, application_id),
    CONSTRAINT fk_aid_decisions_aid_applications
        FOREIGN KEY (county_code, application_id) REFERENCES aid_applications (county_code, id),
    CONSTRAINT fk_aid_decisions_settlements
        FOREIGN KEY (county_code, version_id) REFERENCES settlements (county_code, id),
    CONSTRAINT ck_aid_decisions_outcome CHECK (CASE outcome WHEN 'approved' THEN granted > 0 WHEN 'cut' THEN granted > 0
        WHEN 'refused' THEN granted = 0 ELSE false END)
)
""",
    "backpay_imports": f"""
CREATE TABLE backpay_imports (
    county_code text NOT NULL,
    id uuid NOT NULL,
    content_hash bytea NOT NULL,
    filename text NOT NULL,
    agreement_on date NOT NULL,
    due_on date NOT NULL,{AUTHOR},
    CONSTRAINT pk_backpay_imports PRIMARY KEY (county_code, id)
)
""",
    "backpay_rows": f"""
CREATE TABLE backpay_rows (
    county_code text NOT NULL,
    import_id uuid NOT NULL,
    row_no integer NOT NULL,
    outcome text NOT NULL,
    person_no text,
    amount bigint,
    body_enc bytea,
    reason_code text,
    reason_enc bytea,
    CONSTRAINT pk_backpay_rows PRIMARY KEY (county_code, import_id, row_no),
    CONSTRAINT fk_backpay_rows_backpay_imports {OF_IMPORT},
    CONSTRAINT ck_backpay_rows_outcome CHECK (CASE outcome
        WHEN 'ready' THEN person_no IS NOT NULL AND amount >= 0 AND body_enc IS NOT NULL AND reason_code IS NULL
        WHEN 'settled' THEN reason_code IS NOT NULL WHEN 'rejected' THEN reason_code IS NOT NULL ELSE false END)
)
""",
    "backpay_posts": f"""
CREATE TABLE backpay_posts (
    county_code text NOT NULL,
    import_id uuid NOT NULL,
    content_hash bytea NOT NULL,{AUTHOR},
    CONSTRAINT pk_backpay_posts PRIMARY KEY (county_code, import_id),
    CONSTRAINT uq_backpay_posts_county_code_content_hash UNIQUE (county_code, content_hash),
    CONSTRAINT fk_backpay_posts_backpay_imports {OF_IMPORT}
)
""",
    "backpay_stays": f"""
CREATE TABLE backpay_stays (
    county_code text NOT NULL,
    import_id uuid NOT NULL,
    row_no integer NOT NULL,
    settlement_id uuid NOT NULL,
    CONSTRAINT pk_backpay_stays PRIMARY KEY (county_code, import_id, row_no),
    CONSTRAINT fk_backpay_stays_backpay_rows FOREIGN KEY (county_code, import_id, row_no)
        REFERENCES backpay_rows (county_code, import_id, row_no),
    CONSTRAINT fk_backpay_stays_settlements {OF_SETTLEMENT}
)
""",
}
INDEXES = (
    f"""CREATE UNIQUE INDEX uq_manual_claims_encounter ON manual_claims (county_code, person_no, hospital_code,
        visit_type, admitted_on, last_day, coalesce(disease_code, '')) WHERE {OPEN}""",
    f"CREATE UNIQUE INDEX uq_manual_claims_visit ON manual_claims (hospital_code, visit_no, interim_no) WHERE {OPEN}",
    f"CREATE UNIQUE INDEX uq_manual_claims_invoice ON manual_claims (hospital_code, invoice_no) WHERE {OPEN}",
    "CREATE INDEX ix_manual_claims_person ON manual_claims (county_code, person_no)",
    "CREATE INDEX ix_aid_applications_person ON aid_applications (county_code, person_no)",
)
CLAIMS_MOVE = """
CREATE FUNCTION manual_claims_move() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    mutable CONSTANT text[] := ARRAY['state', 'due_on', 'settlement_id', 'body_enc'];
BEGIN
    IF to_jsonb(OLD) - mutable = to_jsonb(NEW) - mutable
        AND (OLD.state NOT IN ('approved', 'refused') OR (OLD.state, OLD.settlement_id) IS NOT DISTINCT FROM
            (NEW.state, NEW.settlement_id)) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'manual_claims keeps its history: only its state moves on, until it ends'
        USING ERRCODE = 'restrict_violation';
END $$
"""
# Half-open days: on the day of transfer one stay ends and the next begins.
NO_OVERLAP = """
ALTER TABLE live_visits ADD CONSTRAINT ex_live_visits_overlap EXCLUDE USING gist (
    county_code WITH =, person_no WITH =, daterange(admitted_on, last_day) WITH &&) WHERE (visit_type = 'inpatient')
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statement in (*TABLES.values(), *INDEXES, CLAIMS_MOVE, NO_OVERLAP):
        op.execute(statement)
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER only_grows BEFORE DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        guard = "manual_claims_move" if table == "manual_claims" else "registers_refuse"
        # What is sealed may be sealed anew; nothing else of a row changes.
        op.execute(f"CREATE TRIGGER keeps_history BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {guard}()")
