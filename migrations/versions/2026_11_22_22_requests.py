"""
Requests for a statement: what a hospital asks for by 3203 is seen, refused or billed by whoever pays.

They were kept by the national interface alone; now they are the reconciliation's, with how they ended. Messages are
found by their age, so that old answers can go. And the end of a stay may be settled without fee lines.
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


# As before, but the end of a stay may have no lines of its own: its document is still there, and its row is zero.
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

    SELECT sum(coalesce((line ->> 7)::bigint, 0)) AS total, sum(coalesce((line ->> 12)::bigint, 0)) AS self_funded,
        sum(coalesce((line ->> 13)::bigint, 0)) AS over_ceiling, sum(coalesce((line ->> 14)::bigint, 0)) AS first_pay,
        sum(coalesce((line ->> 15)::bigint, 0)) AS in_scope
    INTO lines FROM settlement_documents d LEFT JOIN LATERAL jsonb_array_elements(d.bill) AS line ON true
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

STEPS = """
ALTER TABLE nhsa_clearings RENAME TO statement_requests;
ALTER TABLE statement_requests RENAME CONSTRAINT pk_nhsa_clearings TO pk_statement_requests;
ALTER TABLE statement_requests RENAME COLUMN clr_appy_evt_id TO id;
ALTER TABLE statement_requests RENAME COLUMN medfee_sumamt TO total;
ALTER TABLE statement_requests RENAME COLUMN fund_appy_sum TO amount;
ALTER TABLE statement_requests RENAME COLUMN applied_at TO at;
ALTER TABLE statement_requests
    ADD COLUMN hospital_code text,
    ADD COLUMN refused_at timestamptz,
    ADD COLUMN refusal text,
    ADD CONSTRAINT ck_statement_requests_ends_once CHECK (withdrawn_at IS NULL OR refused_at IS NULL),
    ADD CONSTRAINT ck_statement_requests_refusal CHECK ((refused_at IS NULL) = (refusal IS NULL));
UPDATE statement_requests r SET hospital_code = coalesce(
    (SELECT i.hospital_code FROM nhsa_institutions i WHERE i.fixmedins_code = r.fixmedins_code), r.fixmedins_code);
DROP INDEX uq_nhsa_clearings_period;
ALTER TABLE statement_requests
    ALTER COLUMN hospital_code SET NOT NULL,
    DROP COLUMN fixmedins_code;
CREATE UNIQUE INDEX uq_statement_requests_period
ON statement_requests (county_code, hospital_code, clr_type, begins_on, ends_on)
WHERE withdrawn_at IS NULL AND refused_at IS NULL;
CREATE INDEX ix_nhsa_messages_at ON nhsa_messages USING brin (at)
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for step in STEPS.split(";"):
        op.execute(step)
    op.execute(PROVE_SETTLEMENT)
