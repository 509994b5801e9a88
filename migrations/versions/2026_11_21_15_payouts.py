"""Money to patients: batches of bank transfers, what became of them, and the yearly top-up of chronic visits."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

CAUSE = (
    "ALTER TABLE ledger_entries DROP CONSTRAINT ck_ledger_entries_cause",
    """ALTER TABLE ledger_entries ADD CONSTRAINT ck_ledger_entries_cause CHECK (cause IN ('settlement', 'reversal',
        'readjudication', 'statement', 'payment', 'return', 'deduction', 'release', 'hold', 'refund', 'cycle',
        'payout'))""",
)
TABLES = {
    "payout_sources": """
CREATE TABLE payout_sources (
    county_code text NOT NULL,
    origin uuid NOT NULL,
    kind text NOT NULL,
    source_id uuid NOT NULL,
    due_on date,
    at timestamptz NOT NULL,
    CONSTRAINT pk_payout_sources PRIMARY KEY (county_code, origin),
    CONSTRAINT fk_payout_sources_ledger_entries
        FOREIGN KEY (county_code, origin) REFERENCES ledger_entries (county_code, id),
    CONSTRAINT ck_payout_sources_kind
        CHECK (kind IN ('settlement', 'difference', 'cycle', 'manual', 'aid', 'backpay', 'release'))
)
""",
    "payout_batches": """
CREATE TABLE payout_batches (
    county_code text NOT NULL,
    id uuid NOT NULL,
    number bigint NOT NULL,
    payer text NOT NULL,
    pay_on date NOT NULL,
    layout text NOT NULL,
    filter jsonb NOT NULL,
    line_count integer NOT NULL,
    total bigint NOT NULL,
    client_id text NOT NULL,
    operator text,
    at timestamptz NOT NULL,
    CONSTRAINT pk_payout_batches PRIMARY KEY (county_code, id),
    CONSTRAINT uq_payout_batches_number UNIQUE (county_code, number),
    CONSTRAINT ck_payout_batches_total CHECK (total > 0 AND line_count > 0)
)
""",
    "payout_items": """
CREATE TABLE payout_items (
    county_code text NOT NULL,
    id uuid NOT NULL,
    batch_id uuid NOT NULL,
    line_no integer NOT NULL,
    reference text NOT NULL,
    person_no text NOT NULL,
    relation text,
    account_enc bytea NOT NULL,
    account_key bytea NOT NULL,
    amount bigint NOT NULL,
    attempt smallint NOT NULL,
    CONSTRAINT pk_payout_items PRIMARY KEY (county_code, id),
    CONSTRAINT uq_payout_items_line UNIQUE (county_code, batch_id, line_no),
    CONSTRAINT uq_payout_items_reference UNIQUE (county_code, reference),
    CONSTRAINT fk_payout_items_payout_batches
        FOREIGN KEY (county_code, batch_id) REFERENCES payout_batches (county_code, id),
    CONSTRAINT ck_payout_items_amount CHECK (amount > 0),
    CONSTRAINT ck_payout_items_attempt CHECK (attempt > 0)
)
""",
    "payout_parts": """
CREATE TABLE payout_parts (
    county_code text NOT NULL,
    item_id uuid NOT NULL,
    position integer NOT NULL,
    origin uuid NOT NULL,
    layer text NOT NULL,
    payer text NOT NULL,
    amount bigint NOT NULL,
    live boolean NOT NULL,
    CONSTRAINT pk_payout_parts PRIMARY KEY (county_code, item_id, position),
    CONSTRAINT fk_payout_parts_payout_items
        FOREIGN KEY (county_code, item_id) REFERENCES payout_items (county_code, id),
    CONSTRAINT fk_payout_parts_ledger_entries
        FOREIGN KEY (county_code, origin) REFERENCES ledger_entries (county_code, id),
    CONSTRAINT ck_payout_parts_amount CHECK (amount <> 0)
)
""",
    "payout_steps": """
CREATE TABLE payout_steps (
    county_code text NOT NULL,
    id uuid NOT NULL,
    batch_id uuid NOT NULL,
    kind text NOT NULL,
    item_id uuid,
    content_hash bytea,
    reason text,
    client_id text NOT NULL,
    operator text,
    at timestamptz NOT NULL,
    CONSTRAINT pk_payout_steps PRIMARY KEY (county_code, id),
    CONSTRAINT fk_payout_steps_payout_batches
        FOREIGN KEY (county_code, batch_id) REFERENCES payout_batches (county_code, id),
    CONSTRAINT fk_payout_steps_payout_items
        FOREIGN KEY (county_code, item_id) REFERENCES payout_items (county_code, id),
    CONSTRAINT ck_payout_steps_kind
        CHECK (kind IN ('made', 'released', 'withdrawn', 'answered', 'returned', 'cleared')),
    CONSTRAINT ck_payout_steps_item CHECK ((item_id IS NOT NULL) = (kind IN ('returned', 'cleared')))
)
""",
    "payout_outcomes": """
CREATE TABLE payout_outcomes (
    county_code text NOT NULL,
    item_id uuid NOT NULL,
    outcome text NOT NULL,
    step_id uuid NOT NULL,
    on_day date NOT NULL,
    reason text,
    CONSTRAINT pk_payout_outcomes PRIMARY KEY (county_code, item_id, outcome),
    CONSTRAINT fk_payout_outcomes_payout_items
        FOREIGN KEY (county_code, item_id) REFERENCES payout_items (county_code, id),
    CONSTRAINT fk_payout_outcomes_payout_steps
        FOREIGN KEY (county_code, step_id) REFERENCES payout_steps (county_code, id),
    CONSTRAINT ck_payout_outcomes_outcome CHECK (outcome IN ('paid', 'returned')),
    CONSTRAINT ck_payout_outcomes_reason CHECK ((outcome = 'returned') = (reason IS NOT NULL))
)
""",
    "cycle_runs": """
CREATE TABLE cycle_runs (
    county_code text NOT NULL,
    id uuid NOT NULL,
    cycle_start date NOT NULL,
    reached text,
    persons integer NOT NULL,
    changed integer NOT NULL,
    finished_at timestamptz,
    client_id text NOT NULL,
    operator text,
    at timestamptz NOT NULL,
    CONSTRAINT pk_cycle_runs PRIMARY KEY (county_code, id)
)
""",
    "cycle_lines": """
CREATE TABLE cycle_lines (
    county_code text NOT NULL,
    id uuid NOT NULL,
    run_id uuid NOT NULL,
    cycle_start date NOT NULL,
    person_no text NOT NULL,
    serial smallint NOT NULL,
    pack_hash text NOT NULL,
    total bigint NOT NULL,
    reimbursed bigint NOT NULL,
    target bigint NOT NULL,
    amount bigint NOT NULL,
    difference bigint NOT NULL,
    visits jsonb NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT pk_cycle_lines PRIMARY KEY (county_code, id),
    CONSTRAINT uq_cycle_lines_serial UNIQUE (county_code, cycle_start, person_no, serial),
    CONSTRAINT fk_cycle_lines_cycle_runs
        FOREIGN KEY (county_code, run_id) REFERENCES cycle_runs (county_code, id),
    CONSTRAINT ck_cycle_lines_serial CHECK (serial > 0),
    CONSTRAINT ck_cycle_lines_amount
        CHECK (total >= 0 AND amount = greatest(0, target - reimbursed) AND (serial > 1 OR difference = amount))
)
""",
}
INDEXES = (
    "CREATE UNIQUE INDEX uq_payout_parts_live ON payout_parts (county_code, origin, layer, payer) WHERE live",
    "CREATE INDEX ix_payout_parts_origin ON payout_parts (county_code, origin)",
    "CREATE INDEX ix_payout_items_person ON payout_items (county_code, person_no)",
    """CREATE UNIQUE INDEX uq_payout_steps_leaves_draft ON payout_steps (county_code, batch_id)
        WHERE kind IN ('released', 'withdrawn')""",
    """CREATE UNIQUE INDEX uq_payout_steps_once ON payout_steps (county_code, batch_id, kind)
        WHERE item_id IS NULL""",
    "CREATE UNIQUE INDEX uq_payout_steps_item ON payout_steps (county_code, item_id, kind) WHERE item_id IS NOT NULL",
    "CREATE INDEX ix_cycle_runs_cycle ON cycle_runs (county_code, cycle_start)",
    "CREATE INDEX ix_cycle_lines_person ON cycle_lines (county_code, person_no)",
)
GROWING = (
    "payout_sources",
    "payout_batches",
    "payout_steps",
    "payout_outcomes",
    "cycle_lines",
)

# What a transfer is made of is decided once; only that it has come to its end may be written.
END_ONCE = """
CREATE FUNCTION payout_parts_end_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.live AND NOT NEW.live AND to_jsonb(OLD) - 'live' = to_jsonb(NEW) - 'live' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'payout_parts: a part may only come to its end, once' USING ERRCODE = 'restrict_violation';
END $$
"""

# A batch that was made: its total is that of its lines, each line that of its parts.
PROVE_BATCH = """
CREATE FUNCTION prove_payout_batch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM payout_items i WHERE i.county_code = NEW.county_code AND i.batch_id = NEW.id
            HAVING count(*) = NEW.line_count AND sum(i.amount) = NEW.total)
        OR EXISTS (SELECT FROM payout_items i LEFT JOIN payout_parts p
                ON p.county_code = i.county_code AND p.item_id = i.id
            WHERE i.county_code = NEW.county_code AND i.batch_id = NEW.id
            GROUP BY i.id, i.amount HAVING i.amount IS DISTINCT FROM sum(p.amount)) THEN
        RAISE EXCEPTION 'payout batch % is not the sum of its lines', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payout_batch_is_its_lines';
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statement in (*CAUSE, *TABLES.values(), *INDEXES, END_ONCE, PROVE_BATCH):
        op.execute(statement)
    for table in GROWING:
        op.execute(
            f"CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    for table in ("payout_items", "payout_parts"):
        op.execute(
            f"CREATE TRIGGER only_grows BEFORE DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    # An account may be sealed anew; nothing else of a line changes.
    op.execute(
        "CREATE TRIGGER keeps_history BEFORE UPDATE ON payout_items FOR EACH ROW EXECUTE FUNCTION registers_refuse()"
    )
    op.execute(
        "CREATE TRIGGER ends_once BEFORE UPDATE ON payout_parts FOR EACH ROW EXECUTE FUNCTION payout_parts_end_once()"
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER prove_payout_batch AFTER INSERT ON payout_batches DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION prove_payout_batch()"
    )
