"""The national interface: institutions that call, their messages, and the sessions of stays."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("""
CREATE TABLE nhsa_institutions (
    fixmedins_code text NOT NULL,
    county_code text NOT NULL,
    hospital_code text NOT NULL,
    client_id text NOT NULL,
    profile text NOT NULL,
    open boolean NOT NULL,
    infcode text,
    amounts text,
    recorded boolean NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_nhsa_institutions PRIMARY KEY (fixmedins_code),
    CONSTRAINT ck_nhsa_institutions_infcode CHECK (infcode IN ('number', 'string')),
    CONSTRAINT ck_nhsa_institutions_amounts CHECK (amounts IN ('number', 'string'))
)""")
    op.execute("""
CREATE TABLE nhsa_credentials (
    auth text NOT NULL,
    account text NOT NULL,
    fixmedins_code text NOT NULL,
    secret_enc bytea NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_nhsa_credentials PRIMARY KEY (auth, account),
    CONSTRAINT fk_nhsa_credentials_nhsa_institutions
        FOREIGN KEY (fixmedins_code) REFERENCES nhsa_institutions (fixmedins_code) ON DELETE CASCADE,
    CONSTRAINT ck_nhsa_credentials_auth CHECK (auth IN ('a', 'b', 'd'))
)""")
    op.execute("""
CREATE TABLE nhsa_nonces (
    account text NOT NULL,
    nonce text NOT NULL,
    body_hash bytea NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT pk_nhsa_nonces PRIMARY KEY (account, nonce)
)""")
    op.execute("CREATE INDEX ix_nhsa_nonces_at ON nhsa_nonces (at)")
    op.execute("""
CREATE TABLE nhsa_messages (
    county_code text NOT NULL,
    fixmedins_code text NOT NULL,
    infno text NOT NULL,
    msgid text NOT NULL,
    body_hash bytea,
    outcome text NOT NULL,
    subject uuid,
    person_no text,
    answer_enc bytea,
    at timestamptz NOT NULL,
    reversed_by text,
    CONSTRAINT pk_nhsa_messages PRIMARY KEY (county_code, fixmedins_code, infno, msgid),
    CONSTRAINT ck_nhsa_messages_outcome CHECK (outcome IN ('taken', 'done', 'refused', 'reversed'))
)""")
    op.execute("""
CREATE TABLE nhsa_signins (
    county_code text NOT NULL,
    sign_no uuid NOT NULL,
    fixmedins_code text NOT NULL,
    opter_no text NOT NULL,
    mac text,
    ip text,
    signed_in_at timestamptz NOT NULL,
    signed_out_at timestamptz,
    CONSTRAINT pk_nhsa_signins PRIMARY KEY (county_code, sign_no)
)""")
    op.execute("""
CREATE TABLE nhsa_visits (
    county_code text NOT NULL,
    mdtrt_id uuid NOT NULL,
    fixmedins_code text NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    ipt_otp_no text NOT NULL,
    visit_no text NOT NULL,
    person_county text NOT NULL,
    person_no text NOT NULL,
    insutype text NOT NULL,
    cert_type text NOT NULL,
    med_type text NOT NULL,
    begins_on date NOT NULL,
    ends_on date,
    disease_code text,
    diagnoses jsonb NOT NULL,
    extension jsonb NOT NULL,
    last_line integer NOT NULL,
    opened_at timestamptz NOT NULL,
    CONSTRAINT pk_nhsa_visits PRIMARY KEY (county_code, mdtrt_id),
    CONSTRAINT ck_nhsa_visits_kind CHECK (kind IN ('stay', 'outpatient')),
    CONSTRAINT ck_nhsa_visits_state CHECK (state IN ('open', 'discharged', 'cancelled'))
)""")
    op.execute("CREATE INDEX ix_nhsa_visits_begins_on ON nhsa_visits (county_code, fixmedins_code, begins_on)")
    op.execute("CREATE INDEX ix_nhsa_visits_person ON nhsa_visits (county_code, fixmedins_code, person_no)")
    op.execute("""
CREATE UNIQUE INDEX uq_nhsa_visits_visit_no
ON nhsa_visits (county_code, fixmedins_code, kind, visit_no)
WHERE state <> 'cancelled'
""")
    op.execute("""
CREATE TABLE nhsa_fee_lines (
    county_code text NOT NULL,
    mdtrt_id uuid NOT NULL,
    feedetl_sn text NOT NULL,
    line_no integer NOT NULL,
    chrg_bchno text,
    item_code text NOT NULL,
    item_name text NOT NULL,
    category text NOT NULL,
    grade text,
    unit_price bigint NOT NULL,
    quantity bigint NOT NULL,
    amount bigint NOT NULL,
    self_pay_ratio integer,
    price_ceiling bigint,
    charged_on date NOT NULL,
    returns text,
    setl_id uuid,
    CONSTRAINT pk_nhsa_fee_lines PRIMARY KEY (county_code, mdtrt_id, feedetl_sn),
    CONSTRAINT fk_nhsa_fee_lines_nhsa_visits
        FOREIGN KEY (county_code, mdtrt_id) REFERENCES nhsa_visits (county_code, mdtrt_id) ON DELETE CASCADE,
    CONSTRAINT uq_nhsa_fee_lines_county_code_mdtrt_id_line_no UNIQUE (county_code, mdtrt_id, line_no)
)""")
    op.execute("""
CREATE TABLE nhsa_settled (
    county_code text NOT NULL,
    setl_id uuid NOT NULL,
    mdtrt_id uuid NOT NULL,
    fixmedins_code text NOT NULL,
    settlement_id uuid NOT NULL,
    msgid text NOT NULL,
    person_no text NOT NULL,
    insutype text NOT NULL,
    clr_type text NOT NULL,
    clr_optins text NOT NULL,
    interim_no integer NOT NULL,
    chrg_bchno text,
    last_day date NOT NULL,
    medfee_sumamt bigint NOT NULL,
    fund_pay_sumamt bigint NOT NULL,
    psn_cash_pay bigint NOT NULL,
    settled_at timestamptz NOT NULL,
    cancelled_at timestamptz,
    cancel_msgid text,
    reversal_id uuid,
    CONSTRAINT pk_nhsa_settled PRIMARY KEY (county_code, setl_id),
    CONSTRAINT fk_nhsa_settled_nhsa_visits
        FOREIGN KEY (county_code, mdtrt_id) REFERENCES nhsa_visits (county_code, mdtrt_id)
)""")
    op.execute("CREATE INDEX ix_nhsa_settled_mdtrt_id ON nhsa_settled (county_code, mdtrt_id)")
    op.execute("CREATE INDEX ix_nhsa_settled_settled_at ON nhsa_settled (county_code, fixmedins_code, settled_at)")
    op.execute("""
CREATE TABLE nhsa_files (
    county_code text NOT NULL,
    file_qury_no uuid NOT NULL,
    fixmedins_code text NOT NULL,
    filename text NOT NULL,
    content_enc bytea NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT pk_nhsa_files PRIMARY KEY (county_code, file_qury_no)
)""")
    op.execute("""
CREATE TABLE nhsa_clearings (
    county_code text NOT NULL,
    clr_appy_evt_id uuid NOT NULL,
    fixmedins_code text NOT NULL,
    clr_type text NOT NULL,
    begins_on date NOT NULL,
    ends_on date NOT NULL,
    visits integer NOT NULL,
    medfee_sumamt bigint NOT NULL,
    fund_appy_sum bigint NOT NULL,
    applied_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    CONSTRAINT pk_nhsa_clearings PRIMARY KEY (county_code, clr_appy_evt_id)
)""")
    op.execute("""
CREATE UNIQUE INDEX uq_nhsa_clearings_period
ON nhsa_clearings (county_code, fixmedins_code, clr_type, begins_on, ends_on)
WHERE withdrawn_at IS NULL
""")
    op.execute("""
CREATE TABLE nhsa_recorded (
    county_code text NOT NULL,
    id uuid NOT NULL,
    fixmedins_code text NOT NULL,
    infno text NOT NULL,
    msgid text NOT NULL,
    at timestamptz NOT NULL,
    request jsonb NOT NULL,
    answer jsonb NOT NULL,
    CONSTRAINT pk_nhsa_recorded PRIMARY KEY (county_code, id)
)""")
    op.execute("CREATE INDEX ix_nhsa_recorded_msgid ON nhsa_recorded (county_code, fixmedins_code, msgid)")
