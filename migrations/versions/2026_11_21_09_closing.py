"""Recoveries until used up, deemed confirmations, closed periods, the order of events; sums that the tables prove."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

RECOVERIES = """
CREATE TABLE recoveries (
    county_code text NOT NULL,
    id uuid NOT NULL,
    statement_id uuid NOT NULL,
    payer text NOT NULL,
    hospital_code text NOT NULL,
    document_no text NOT NULL,
    amount bigint NOT NULL,
    lines jsonb NOT NULL,
    reason text NOT NULL,
    client_id text NOT NULL,
    operator text,
    at timestamptz NOT NULL,
    CONSTRAINT pk_recoveries PRIMARY KEY (county_code, id),
    CONSTRAINT uq_recoveries_document UNIQUE (county_code, payer, hospital_code, document_no),
    CONSTRAINT fk_recoveries_statements
        FOREIGN KEY (county_code, statement_id) REFERENCES statements (county_code, id),
    CONSTRAINT ck_recoveries_amount CHECK (amount > 0)
)
"""

RECOVERY_CASES = """
CREATE TABLE recovery_cases (
    county_code text NOT NULL,
    recovery_id uuid NOT NULL,
    case_id uuid NOT NULL,
    amount bigint NOT NULL,
    CONSTRAINT pk_recovery_cases PRIMARY KEY (county_code, recovery_id, case_id),
    CONSTRAINT fk_recovery_cases_recoveries
        FOREIGN KEY (county_code, recovery_id) REFERENCES recoveries (county_code, id),
    CONSTRAINT ck_recovery_cases_amount CHECK (amount > 0)
)
"""

STATEMENT_DEEMINGS = """
CREATE TABLE statement_deemings (
    county_code text NOT NULL,
    statement_id uuid NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT pk_statement_deemings PRIMARY KEY (county_code, statement_id),
    CONSTRAINT fk_statement_deemings_statements
        FOREIGN KEY (county_code, statement_id) REFERENCES statements (county_code, id)
)
"""

CLOSINGS = """
CREATE TABLE closings (
    county_code text NOT NULL,
    id uuid NOT NULL,
    payer text NOT NULL,
    period text NOT NULL,
    period_from date NOT NULL,
    period_to date NOT NULL,
    client_id text NOT NULL,
    operator text,
    at timestamptz NOT NULL,
    CONSTRAINT pk_closings PRIMARY KEY (county_code, id),
    CONSTRAINT uq_closings_period UNIQUE (county_code, payer, period)
)
"""

CLOSING_BALANCES = """
CREATE TABLE closing_balances (
    county_code text NOT NULL,
    closing_id uuid NOT NULL,
    payee text NOT NULL,
    state text NOT NULL,
    amount bigint NOT NULL,
    CONSTRAINT pk_closing_balances PRIMARY KEY (county_code, closing_id, payee, state),
    CONSTRAINT fk_closing_balances_closings
        FOREIGN KEY (county_code, closing_id) REFERENCES closings (county_code, id),
    CONSTRAINT ck_closing_balances_amount CHECK (amount <> 0)
)
"""

EVENT_QUEUE = """
CREATE TABLE event_queue (
    county_code text NOT NULL,
    txid bigint NOT NULL,
    seq bigint NOT NULL,
    CONSTRAINT pk_event_queue PRIMARY KEY (county_code, txid, seq)
)
"""

EVENT_POSITIONS = """
CREATE TABLE event_positions (
    county_code text NOT NULL,
    position bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    txid bigint NOT NULL,
    seq bigint NOT NULL,
    CONSTRAINT pk_event_positions PRIMARY KEY (county_code, position),
    CONSTRAINT uq_event_positions_event UNIQUE (county_code, txid, seq),
    CONSTRAINT fk_event_positions_events
        FOREIGN KEY (county_code, txid, seq) REFERENCES events (county_code, txid, seq)
)
"""

QUEUE_EVENTS = """
CREATE FUNCTION queue_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO event_queue (county_code, txid, seq) SELECT county_code, txid, seq FROM written;
    RETURN NULL;
END $$
"""

# Asked after the whole statement of SQL that issues a bill, when both its row and its lines are there.
PROVE_LINES = """
CREATE FUNCTION prove_statement_lines() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong uuid;
BEGIN
    SELECT s.id INTO wrong FROM statements s
    JOIN (SELECT DISTINCT county_code, statement_id FROM written) w
        ON w.county_code = s.county_code AND w.statement_id = s.id
    CROSS JOIN LATERAL (SELECT count(*) AS lines, sum(amount) AS amount FROM statement_lines l
        WHERE l.county_code = s.county_code AND l.statement_id = s.id) l
    WHERE (l.lines, l.amount) IS DISTINCT FROM (s.line_count::bigint, s.lines_total::numeric) LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'the lines of statement % are not what it says', wrong
            USING ERRCODE = 'check_violation', CONSTRAINT = 'statement_is_its_lines';
    END IF;
    RETURN NULL;
END $$
"""
PROVE_STATEMENT = """
CREATE FUNCTION prove_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM statement_lines WHERE county_code = NEW.county_code AND statement_id = NEW.id) THEN
        RAISE EXCEPTION 'statement % has no lines', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'statement_is_its_lines';
    END IF;
    RETURN NULL;
END $$
"""
PROVE_PAYMENT = """
CREATE FUNCTION prove_payment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT sum(a.asked) > p.amount FROM payments p JOIN payment_allocations a
            ON a.county_code = p.county_code AND a.payment_id = p.id
        WHERE p.county_code = NEW.county_code AND p.id = NEW.payment_id GROUP BY p.amount) THEN
        RAISE EXCEPTION 'transfer % is allocated more than once', NEW.payment_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payment_is_allocated_once';
    END IF;
    RETURN NULL;
END $$
"""
REFUSE_CLOSED = """
CREATE FUNCTION refuse_closed_day() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    closed text;
BEGIN
    SELECT c.period INTO closed FROM written w
    JOIN closings c ON c.county_code = w.county_code AND c.payer = w.payer AND c.period_to >= w.on_day LIMIT 1;
    IF closed IS NOT NULL THEN
        RAISE EXCEPTION 'period % is closed', closed
            USING ERRCODE = 'check_violation', CONSTRAINT = 'period_is_closed';
    END IF;
    RETURN NULL;
END $$
"""

# Recoveries entered before they were kept apart from what they take of a statement.
KEEP_APART = """
INSERT INTO recoveries SELECT d.county_code, d.id, d.statement_id, s.payer, s.hospital_code,
    d.document_no || CASE WHEN row_number() OVER again > 1 THEN ' (' || row_number() OVER again || ')' ELSE '' END,
    d.amount, d.lines, d.reason, d.client_id, d.operator, d.at
FROM deductions d JOIN statements s ON s.county_code = d.county_code AND s.id = d.statement_id
WHERE d.kind = 'recovery'
WINDOW again AS (PARTITION BY d.county_code, s.payer, s.hospital_code, d.document_no ORDER BY d.id)
"""

GROWING = ("recoveries", "recovery_cases", "statement_deemings", "closings", "closing_balances", "event_positions")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in (
        RECOVERIES,
        RECOVERY_CASES,
        STATEMENT_DEEMINGS,
        CLOSINGS,
        CLOSING_BALANCES,
        EVENT_QUEUE,
        EVENT_POSITIONS,
    ):
        op.execute(table)
    op.execute("CREATE INDEX ix_recovery_cases_case ON recovery_cases (county_code, case_id)")
    op.execute("CREATE INDEX ix_closings_payer ON closings (county_code, payer, period_to)")
    _keep_recoveries_apart()
    op.execute("ALTER TABLE statement_confirmations ADD COLUMN reason text")
    for function in (QUEUE_EVENTS, PROVE_LINES, PROVE_STATEMENT, PROVE_PAYMENT, REFUSE_CLOSED):
        op.execute(function)
    for table, name in (
        ("events", "queue_events"),
        ("statement_lines", "prove_statement_lines"),
        ("postings", "refuse_closed_day"),
    ):
        op.execute(
            f"CREATE TRIGGER {name} AFTER INSERT ON {table} REFERENCING NEW TABLE AS written"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
        )
    for table, name in (("statements", "prove_statement"), ("payment_allocations", "prove_payment")):
        op.execute(
            f"CREATE CONSTRAINT TRIGGER {name} AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED"
            f" FOR EACH ROW EXECUTE FUNCTION {name}()"
        )
    for table in GROWING:
        op.execute(
            f"CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute("INSERT INTO event_queue SELECT county_code, txid, seq FROM events")


def _keep_recoveries_apart() -> None:
    op.execute("ALTER TABLE deductions ADD COLUMN recovery_id uuid")
    op.execute(KEEP_APART)
    op.execute("ALTER TABLE deductions DISABLE TRIGGER only_grows")
    op.execute("UPDATE deductions SET recovery_id = id WHERE kind = 'recovery'")
    op.execute("ALTER TABLE deductions ENABLE TRIGGER only_grows")
    op.execute(
        "ALTER TABLE deductions"
        " ADD CONSTRAINT fk_deductions_recoveries"
        " FOREIGN KEY (county_code, recovery_id) REFERENCES recoveries (county_code, id),"
        " ADD CONSTRAINT ck_deductions_recovery_is_kept CHECK ((kind = 'recovery') = (recovery_id IS NOT NULL))"
    )
    op.execute("CREATE INDEX ix_deductions_recovery ON deductions (county_code, recovery_id)")
