"""Change without editing: versions that replace one another, reversals, and the invoices of live visits."""

from alembic import op

revision = "0011"
down_revision = "0007"
branch_labels = None
depends_on = None

# What was settled before has one version each: its case is itself, and nobody owes anything to collect.
# The column is filled while the table's own trigger is off, since a settlement refuses every other change.
VERSIONS = [
    (
        "ALTER TABLE settlements ADD COLUMN case_id uuid, ADD COLUMN replaces uuid, ADD COLUMN cause text,"
        " ADD COLUMN to_collect bigint"
    ),
    "ALTER TABLE settlements DISABLE TRIGGER only_grows",
    "UPDATE settlements SET case_id = coalesce(reversal_of, id), to_collect = 0",
    "ALTER TABLE settlements ENABLE TRIGGER only_grows",
    "ALTER TABLE settlements ALTER COLUMN case_id SET NOT NULL, ALTER COLUMN to_collect SET NOT NULL",
    """
ALTER TABLE settlements
    ADD CONSTRAINT fk_settlements_replaces
        FOREIGN KEY (county_code, replaces) REFERENCES settlements (county_code, id),
    ADD CONSTRAINT fk_settlements_case_id
        FOREIGN KEY (county_code, case_id) REFERENCES settlements (county_code, id),
    ADD CONSTRAINT ck_settlements_version_replaces CHECK (
        CASE kind WHEN 'reversal' THEN replaces IS NULL ELSE (version = 1) = (replaces IS NULL) END),
    ADD CONSTRAINT ck_settlements_opens_case CHECK ((case_id = id) = (kind = 'settlement' AND version = 1)),
    ADD CONSTRAINT ck_settlements_cause CHECK (
        (replaces IS NULL) = (cause IS NULL) AND cause IN ('identity', 'policy_amendment', 'catalogue',
            'hospital_correction', 'appeal', 'late_aid', 'aid_refused', 'injury', 'refusal', 'chain')),
    ADD CONSTRAINT ck_settlements_to_collect CHECK (to_collect >= 0)
""",
    "CREATE UNIQUE INDEX uq_settlements_replaces ON settlements (county_code, replaces)",
    "CREATE UNIQUE INDEX uq_settlements_ends_once ON settlements (county_code, coalesce(reversal_of, replaces))",
    "CREATE INDEX ix_settlements_case ON settlements (county_code, case_id) WHERE case_id <> id",
]

INVOICES = """
CREATE TABLE invoices (
    hospital_code text NOT NULL,
    invoice_no text NOT NULL,
    county_code text NOT NULL,
    case_id uuid NOT NULL,
    attached_at timestamptz NOT NULL,
    CONSTRAINT pk_invoices PRIMARY KEY (hospital_code, invoice_no),
    CONSTRAINT uq_invoices_county_code_case_id UNIQUE (county_code, case_id),
    CONSTRAINT fk_invoices_settlements
        FOREIGN KEY (county_code, case_id) REFERENCES settlements (county_code, id)
)
"""
LIVE_INVOICES = """
INSERT INTO invoices (hospital_code, invoice_no, county_code, case_id, attached_at)
SELECT s.hospital_code, s.invoice_no, s.county_code, s.case_id, s.settled_at FROM settlements s
JOIN live_visits v ON v.county_code = s.county_code AND v.settlement_id = s.id
WHERE s.invoice_no IS NOT NULL ORDER BY s.settled_at
ON CONFLICT DO NOTHING
"""

# A reversal's lines are flipped as its row is: compared with their sign, so that a copy with the wrong sign is refused.
PROVE_SETTLEMENT = """
CREATE OR REPLACE FUNCTION prove_settlement() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ways record;
    lines record;
    ended record;
BEGIN
    SELECT coalesce(sum(amount), 0) AS paid,
        coalesce(sum(amount) FILTER (WHERE way = 'hospital'), 0) AS hospital,
        coalesce(sum(amount) FILTER (WHERE way = 'patient'), 0) AS patient,
        coalesce(sum(amount) FILTER (WHERE way = 'expected'), 0) AS expected,
        coalesce(sum(amount) FILTER (WHERE way = 'held'), 0) AS held,
        coalesce(sum(amount) FILTER (WHERE way = 'elsewhere'), 0) AS elsewhere,
        coalesce(sum(amount) FILTER (WHERE way = 'credited'), 0) AS credited,
        coalesce(sum(amount) FILTER (WHERE way = 'beside'), 0) AS beside,
        coalesce(bool_and(sign(amount) IN (0, CASE NEW.kind WHEN 'reversal' THEN -1 ELSE 1 END)), true) AS signs
    INTO ways FROM settlement_layers
    WHERE county_code = NEW.county_code AND settlement_id = NEW.id;
    IF NOT ways.signs OR (ways.paid, ways.hospital, ways.patient, ways.expected, ways.held, ways.elsewhere,
            ways.credited, ways.beside)
        IS DISTINCT FROM (NEW.paid_total, NEW.hospital_advances, NEW.owed_to_patient, NEW.expected_aid, NEW.held,
            NEW.elsewhere, NEW.other_credited, NEW.other_to_patient) THEN
        RAISE EXCEPTION 'the layers of settlement % do not add up to its row', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'settlement_layers_add_up';
    END IF;

    SELECT sum((line ->> 7)::bigint) AS total, sum((line ->> 12)::bigint) AS self_funded,
        sum((line ->> 13)::bigint) AS over_ceiling, sum((line ->> 14)::bigint) AS first_pay,
        sum((line ->> 15)::bigint) AS in_scope
    INTO lines FROM settlement_documents d, jsonb_array_elements(d.bill) AS line
    WHERE d.county_code = NEW.county_code AND d.settlement_id = NEW.id;
    IF (lines.total, lines.self_funded, lines.over_ceiling, lines.first_pay, lines.in_scope)
        IS DISTINCT FROM (NEW.total, NEW.self_funded, NEW.over_ceiling, NEW.first_pay, NEW.in_scope) THEN
        RAISE EXCEPTION 'the fee lines of settlement % do not add up to its row', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'settlement_lines_add_up';
    END IF;

    IF NEW.kind = 'reversal' OR NEW.replaces IS NOT NULL THEN
        SELECT * INTO ended FROM settlements
        WHERE county_code = NEW.county_code AND id = coalesce(NEW.reversal_of, NEW.replaces);
        IF ended.kind <> 'settlement'
            OR (ended.case_id, ended.person_no, ended.hospital_code, ended.visit_no, ended.interim_no, ended.order_no)
                IS DISTINCT FROM (NEW.case_id, NEW.person_no, NEW.hospital_code, NEW.visit_no, NEW.interim_no,
                    NEW.order_no)
            OR NEW.version <> ended.version + (NEW.kind <> 'reversal')::int
            OR (NEW.kind = 'reversal' AND (-NEW.total, -NEW.paid_total, -NEW.hospital_bears, -NEW.patient_pays,
                    -NEW.hospital_advances, -NEW.owed_to_patient, -NEW.due_at_discharge)
                IS DISTINCT FROM (ended.total, ended.paid_total, ended.hospital_bears, ended.patient_pays,
                    ended.hospital_advances, ended.owed_to_patient, ended.due_at_discharge)) THEN
            RAISE EXCEPTION 'settlement % does not end the one that it names', NEW.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'settlement_ends_another';
        END IF;
    END IF;
    RETURN NULL;
END $$
"""

# A first version posts what it makes payers owe, as before. What ends another is asked over the whole case, where
# `stays_posted` is what the case keeps beside it: what a patient has received already, or a payer has refused.
PROVE_POSTED = """
CREATE OR REPLACE FUNCTION prove_posted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    posted bigint;
    owed bigint := NEW.hospital_advances + NEW.owed_to_patient;
BEGIN
    IF NEW.kind = 'settlement' AND NEW.version = 1 THEN
        SELECT coalesce(sum(CASE WHEN source = 'fund' THEN amount ELSE -amount END), 0) INTO posted
        FROM postings WHERE county_code = NEW.county_code AND origin = NEW.id AND entry_id = NEW.id;
    ELSIF EXISTS (SELECT FROM settlements
            WHERE county_code = NEW.county_code AND coalesce(reversal_of, replaces) = NEW.id) THEN
        RETURN NULL;
    ELSE
        SELECT coalesce(sum(CASE WHEN p.source = 'fund' THEN p.amount ELSE -p.amount END), 0) INTO posted
        FROM ledger_entries e
        JOIN postings p ON p.county_code = e.county_code AND p.origin = e.id AND p.entry_id = e.id
        WHERE e.county_code = NEW.county_code
            AND (e.id = NEW.case_id OR (e.case_id = NEW.case_id AND e.case_id <> e.id))
            AND e.cause IN ('settlement', 'readjudication', 'reversal');
        SELECT CASE NEW.kind WHEN 'reversal' THEN 0 ELSE owed + NEW.hospital_bears END
            + coalesce(sum((kept ->> 3)::bigint), 0) INTO owed
        FROM settlement_documents d, jsonb_array_elements(d.trace -> 'stays_posted') AS kept
        WHERE d.county_code = NEW.county_code AND d.settlement_id = NEW.id;
    END IF;
    IF posted IS DISTINCT FROM owed THEN
        RAISE EXCEPTION 'the ledger does not know what settlement % makes payers owe', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'settlement_is_posted';
    END IF;
    RETURN NULL;
END $$
"""
PROVE_ALL_POSTED = [
    "DROP TRIGGER prove_settlement_posted ON settlements",
    (
        "CREATE CONSTRAINT TRIGGER prove_settlement_posted AFTER INSERT ON settlements DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION prove_posted()"
    ),
]


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statement in (*VERSIONS, INVOICES, LIVE_INVOICES, PROVE_SETTLEMENT, PROVE_POSTED, *PROVE_ALL_POSTED):
        op.execute(statement)
