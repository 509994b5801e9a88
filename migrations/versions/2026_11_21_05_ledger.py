"""The ledger: entries and postings that only grow; and the events that tell of every change of state."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

LEDGER_ENTRIES = """
CREATE TABLE ledger_entries (
    county_code text NOT NULL,
    id uuid NOT NULL,
    cause text NOT NULL,
    settlement_id uuid,
    case_id uuid,
    at timestamptz NOT NULL,
    on_day date NOT NULL,
    CONSTRAINT pk_ledger_entries PRIMARY KEY (county_code, id),
    CONSTRAINT ck_ledger_entries_cause CHECK (cause IN ('settlement', 'reversal', 'readjudication', 'statement',
        'payment', 'return', 'deduction', 'release', 'hold', 'refund'))
)
"""

POSTINGS = """
CREATE TABLE postings (
    county_code text NOT NULL,
    origin uuid NOT NULL,
    entry_id uuid NOT NULL,
    position smallint NOT NULL,
    amount bigint NOT NULL,
    on_day date NOT NULL,
    layer text NOT NULL,
    payer text NOT NULL,
    payee text NOT NULL,
    source text NOT NULL,
    target text NOT NULL,
    CONSTRAINT pk_postings PRIMARY KEY (county_code, origin, entry_id, position),
    CONSTRAINT fk_postings_ledger_entries
        FOREIGN KEY (county_code, entry_id) REFERENCES ledger_entries (county_code, id),
    CONSTRAINT ck_postings_amount CHECK (amount > 0),
    CONSTRAINT ck_postings_moves CHECK (source <> target),
    CONSTRAINT ck_postings_source CHECK (source IN (
        'fund', 'unbilled', 'billed', 'paid', 'deducted', 'returned', 'prepaid')),
    CONSTRAINT ck_postings_target CHECK (target IN (
        'fund', 'unbilled', 'billed', 'paid', 'deducted', 'returned', 'prepaid'))
)
"""

EVENTS = """
CREATE TABLE events (
    county_code text NOT NULL,
    txid bigint NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    subject uuid NOT NULL,
    hospital_code text NOT NULL,
    payer text,
    data jsonb,
    CONSTRAINT pk_events PRIMARY KEY (county_code, txid, seq)
)
"""

# A settlement and what payers owe by it are written in one statement; at commit the ledger must know all of it.
# A later version adds only its difference, so it is not asked here. Named so that it is asked after the settlement's
# own sums have been proved.
PROVE_POSTED = """
CREATE FUNCTION prove_posted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    posted bigint;
BEGIN
    SELECT coalesce(sum(CASE WHEN source = 'fund' THEN amount ELSE -amount END), 0) INTO posted
    FROM postings WHERE county_code = NEW.county_code AND origin = NEW.id AND entry_id = NEW.id;
    IF posted IS DISTINCT FROM NEW.hospital_advances + NEW.owed_to_patient THEN
        RAISE EXCEPTION 'the ledger does not know what settlement % makes payers owe', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'settlement_is_posted';
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(LEDGER_ENTRIES)
    op.execute("CREATE INDEX ix_ledger_entries_case ON ledger_entries (county_code, case_id) WHERE case_id <> id")
    op.execute(POSTINGS)
    op.execute("CREATE INDEX ix_postings_account ON postings (county_code, payer, payee, on_day)")
    op.execute(EVENTS)
    op.execute(PROVE_POSTED)
    op.execute(
        "CREATE CONSTRAINT TRIGGER prove_settlement_posted AFTER INSERT ON settlements DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW WHEN (NEW.version = 1 OR NEW.kind = 'reversal') EXECUTE FUNCTION prove_posted()"
    )
    for table in ("ledger_entries", "postings", "events"):
        op.execute(
            f"CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
