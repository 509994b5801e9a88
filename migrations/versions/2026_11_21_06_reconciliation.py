"""Statements, their lines and what became of them; files matched against them, and the differences found."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE statements (
    county_code text NOT NULL,
    id uuid NOT NULL,
    payer text NOT NULL,
    hospital_code text NOT NULL,
    period text NOT NULL,
    period_from date NOT NULL,
    period_to date NOT NULL,
    lines_total bigint NOT NULL,
    carried_forward bigint NOT NULL,
    line_count integer NOT NULL,
    due_on date NOT NULL,
    deemed_on date NOT NULL,
    client_id text NOT NULL,
    operator text,
    at timestamptz NOT NULL,
    CONSTRAINT pk_statements PRIMARY KEY (county_code, id),
    CONSTRAINT uq_statements_period UNIQUE (county_code, payer, hospital_code, period),
    CONSTRAINT ck_statements_carried_forward CHECK (carried_forward <= 0),
    CONSTRAINT ck_statements_line_count CHECK (line_count > 0)
)
"""

STATEMENT_LINES = """
CREATE TABLE statement_lines (
    county_code text NOT NULL,
    statement_id uuid NOT NULL,
    line_no integer NOT NULL,
    origin uuid NOT NULL,
    settlement_id uuid NOT NULL,
    case_id uuid NOT NULL,
    payer text NOT NULL,
    kind text NOT NULL,
    amount bigint NOT NULL,
    original_statement_id uuid,
    original_line_no integer,
    CONSTRAINT pk_statement_lines PRIMARY KEY (county_code, statement_id, line_no),
    CONSTRAINT fk_statement_lines_statements
        FOREIGN KEY (county_code, statement_id) REFERENCES statements (county_code, id),
    CONSTRAINT uq_statement_lines_origin UNIQUE (county_code, payer, origin),
    CONSTRAINT ck_statement_lines_kind CHECK (kind IN ('advance', 'reversal', 'adjustment')),
    CONSTRAINT ck_statement_lines_amount CHECK (amount <> 0)
)
"""

STATEMENT_CARRIES = """
CREATE TABLE statement_carries (
    county_code text NOT NULL,
    statement_id uuid NOT NULL,
    into_id uuid NOT NULL,
    CONSTRAINT pk_statement_carries PRIMARY KEY (county_code, statement_id),
    CONSTRAINT fk_statement_carries_statements
        FOREIGN KEY (county_code, statement_id) REFERENCES statements (county_code, id),
    CONSTRAINT fk_statement_carries_into
        FOREIGN KEY (county_code, into_id) REFERENCES statements (county_code, id)
)
"""

STATEMENT_CONFIRMATIONS = """
CREATE TABLE statement_confirmations (
    county_code text NOT NULL,
    statement_id uuid NOT NULL,
    side text NOT NULL,
    client_id text NOT NULL,
    operator text,
    at timestamptz NOT NULL,
    CONSTRAINT pk_statement_confirmations PRIMARY KEY (county_code, statement_id, side),
    CONSTRAINT uq_statement_confirmations_client UNIQUE (county_code, statement_id, client_id),
    CONSTRAINT fk_statement_confirmations_statements
        FOREIGN KEY (county_code, statement_id) REFERENCES statements (county_code, id),
    CONSTRAINT ck_statement_confirmations_side CHECK (side IN ('hospital', 'payer'))
)
"""

PAYMENTS = """
CREATE TABLE payments (
    county_code text NOT NULL,
    id uuid NOT NULL,
    payer text NOT NULL,
    hospital_code text NOT NULL,
    bank_reference text NOT NULL,
    paid_on date NOT NULL,
    amount bigint NOT NULL,
    client_id text NOT NULL,
    operator text,
    at timestamptz NOT NULL,
    CONSTRAINT pk_payments PRIMARY KEY (county_code, id),
    CONSTRAINT uq_payments_bank_reference UNIQUE (county_code, payer, bank_reference),
    CONSTRAINT ck_payments_amount CHECK (amount > 0)
)
"""

PAYMENT_ALLOCATIONS = """
CREATE TABLE payment_allocations (
    county_code text NOT NULL,
    payment_id uuid NOT NULL,
    statement_id uuid NOT NULL,
    asked bigint NOT NULL,
    amount bigint NOT NULL,
    CONSTRAINT pk_payment_allocations PRIMARY KEY (county_code, payment_id, statement_id),
    CONSTRAINT fk_payment_allocations_payments
        FOREIGN KEY (county_code, payment_id) REFERENCES payments (county_code, id),
    CONSTRAINT fk_payment_allocations_statements
        FOREIGN KEY (county_code, statement_id) REFERENCES statements (county_code, id),
    CONSTRAINT ck_payment_allocations_amount CHECK (amount >= 0 AND amount <= asked)
)
"""

PAYMENT_OUTCOMES = """
CREATE TABLE payment_outcomes (
    county_code text NOT NULL,
    id uuid NOT NULL,
    payment_id uuid NOT NULL,
    outcome text NOT NULL,
    on_day date NOT NULL,
    reason text NOT NULL,
    client_id text NOT NULL,
    operator text,
    at timestamptz NOT NULL,
    CONSTRAINT pk_payment_outcomes PRIMARY KEY (county_code, id),
    CONSTRAINT uq_payment_outcomes_payment UNIQUE (county_code, payment_id),
    CONSTRAINT fk_payment_outcomes_payments
        FOREIGN KEY (county_code, payment_id) REFERENCES payments (county_code, id),
    CONSTRAINT ck_payment_outcomes_outcome CHECK (outcome IN ('received', 'returned'))
)
"""

DEDUCTIONS = """
CREATE TABLE deductions (
    county_code text NOT NULL,
    id uuid NOT NULL,
    statement_id uuid NOT NULL,
    kind text NOT NULL,
    amount bigint NOT NULL,
    lines jsonb NOT NULL,
    document_no text,
    reason text NOT NULL,
    client_id text NOT NULL,
    operator text,
    at timestamptz NOT NULL,
    CONSTRAINT pk_deductions PRIMARY KEY (county_code, id),
    CONSTRAINT fk_deductions_statements
        FOREIGN KEY (county_code, statement_id) REFERENCES statements (county_code, id),
    CONSTRAINT ck_deductions_amount CHECK (amount > 0),
    CONSTRAINT ck_deductions_kind CHECK (
        kind IN ('retention', 'prepayment_offset', 'refusal', 'recovery', 'difference')),
    CONSTRAINT ck_deductions_recovery_has_document CHECK (kind <> 'recovery' OR document_no IS NOT NULL)
)
"""

DEDUCTION_RELEASES = """
CREATE TABLE deduction_releases (
    county_code text NOT NULL,
    id uuid NOT NULL,
    deduction_id uuid NOT NULL,
    reason text NOT NULL,
    client_id text NOT NULL,
    operator text,
    at timestamptz NOT NULL,
    CONSTRAINT pk_deduction_releases PRIMARY KEY (county_code, id),
    CONSTRAINT uq_deduction_releases_deduction UNIQUE (county_code, deduction_id),
    CONSTRAINT fk_deduction_releases_deductions
        FOREIGN KEY (county_code, deduction_id) REFERENCES deductions (county_code, id)
)
"""

LINE_HOLDS = """
CREATE TABLE line_holds (
    county_code text NOT NULL,
    id uuid NOT NULL,
    statement_id uuid NOT NULL,
    line_no integer NOT NULL,
    amount bigint NOT NULL,
    client_id text NOT NULL,
    operator text,
    at timestamptz NOT NULL,
    CONSTRAINT pk_line_holds PRIMARY KEY (county_code, id),
    CONSTRAINT uq_line_holds_line UNIQUE (county_code, statement_id, line_no),
    CONSTRAINT fk_line_holds_statement_lines
        FOREIGN KEY (county_code, statement_id, line_no)
        REFERENCES statement_lines (county_code, statement_id, line_no),
    CONSTRAINT ck_line_holds_amount CHECK (amount <> 0)
)
"""

MATCHES = """
CREATE TABLE matches (
    county_code text NOT NULL,
    id uuid NOT NULL,
    statement_id uuid NOT NULL,
    filename text NOT NULL,
    side text NOT NULL,
    format text NOT NULL,
    row_count integer NOT NULL,
    theirs_total bigint NOT NULL,
    difference_count integer NOT NULL,
    level boolean NOT NULL,
    client_id text NOT NULL,
    operator text,
    at timestamptz NOT NULL,
    CONSTRAINT pk_matches PRIMARY KEY (county_code, id),
    CONSTRAINT fk_matches_statements
        FOREIGN KEY (county_code, statement_id) REFERENCES statements (county_code, id)
)
"""

DIFFERENCES = """
CREATE TABLE differences (
    county_code text NOT NULL,
    id uuid NOT NULL,
    statement_id uuid NOT NULL,
    match_id uuid,
    payment_id uuid,
    kind text NOT NULL,
    line_no integer,
    row_no integer,
    reference text NOT NULL,
    ours bigint,
    theirs bigint,
    elsewhere text,
    owner text NOT NULL,
    opened_on date NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT pk_differences PRIMARY KEY (county_code, id),
    CONSTRAINT fk_differences_statements
        FOREIGN KEY (county_code, statement_id) REFERENCES statements (county_code, id),
    CONSTRAINT ck_differences_found_by CHECK ((match_id IS NULL) <> (payment_id IS NULL)),
    CONSTRAINT ck_differences_kind CHECK (
        kind IN ('missing_here', 'missing_there', 'amount', 'duplicate', 'wrong_period', 'wrong_payer',
        'reversed_one_side', 'overpaid', 'underpaid')),
    CONSTRAINT ck_differences_owner CHECK (owner IN ('hospital', 'payer', 'agency'))
)
"""

DIFFERENCE_STEPS = """
CREATE TABLE difference_steps (
    county_code text NOT NULL,
    difference_id uuid NOT NULL,
    step_no integer NOT NULL,
    status text NOT NULL,
    resolution text,
    note text NOT NULL,
    client_id text NOT NULL,
    operator text,
    at timestamptz NOT NULL,
    CONSTRAINT pk_difference_steps PRIMARY KEY (county_code, difference_id, step_no),
    CONSTRAINT fk_difference_steps_differences
        FOREIGN KEY (county_code, difference_id) REFERENCES differences (county_code, id),
    CONSTRAINT ck_difference_steps_status CHECK (status IN ('open', 'proposed', 'resolved', 'gone')),
    CONSTRAINT ck_difference_steps_resolution CHECK (
        resolution IN ('accept_theirs', 'keep_ours', 'hold_back', 'correct'))
)
"""

TABLES = {
    "statements": STATEMENTS,
    "statement_lines": STATEMENT_LINES,
    "statement_carries": STATEMENT_CARRIES,
    "statement_confirmations": STATEMENT_CONFIRMATIONS,
    "payments": PAYMENTS,
    "payment_allocations": PAYMENT_ALLOCATIONS,
    "payment_outcomes": PAYMENT_OUTCOMES,
    "deductions": DEDUCTIONS,
    "deduction_releases": DEDUCTION_RELEASES,
    "line_holds": LINE_HOLDS,
    "matches": MATCHES,
    "differences": DIFFERENCES,
    "difference_steps": DIFFERENCE_STEPS,
}

INDEXES = [
    "CREATE INDEX ix_statements_hospital ON statements (hospital_code, period_from)",
    "CREATE INDEX ix_statement_lines_case ON statement_lines (county_code, payer, case_id)",
    "CREATE INDEX ix_statement_carries_into ON statement_carries (county_code, into_id)",
    "CREATE INDEX ix_payments_hospital ON payments (hospital_code, paid_on)",
    "CREATE INDEX ix_payment_allocations_statement ON payment_allocations (county_code, statement_id)",
    "CREATE INDEX ix_deductions_statement ON deductions (county_code, statement_id)",
    "CREATE INDEX ix_matches_statement ON matches (county_code, statement_id)",
    "CREATE INDEX ix_differences_statement ON differences (county_code, statement_id)",
]


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in TABLES.values():
        op.execute(table)
    for index in INDEXES:
        op.execute(index)
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
