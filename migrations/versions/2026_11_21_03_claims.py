"""Settlements, their layers, documents and sums; what is settled can only grow."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SETTLEMENTS = """
CREATE TABLE settlements (
    county_code text NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    version smallint NOT NULL,
    reversal_of uuid,
    person_no text NOT NULL,
    order_no bigint NOT NULL,
    hospital_code text NOT NULL,
    visit_no text NOT NULL,
    interim_no integer NOT NULL,
    visit_type text NOT NULL,
    admitted_on date NOT NULL,
    last_day date NOT NULL,
    disease_code text,
    referral_no text,
    invoice_no text,
    identities jsonb NOT NULL,
    on_hold boolean NOT NULL,
    pack_id text NOT NULL,
    pack_hash text NOT NULL,
    total bigint NOT NULL,
    self_funded bigint NOT NULL,
    over_ceiling bigint NOT NULL,
    first_pay bigint NOT NULL,
    in_scope bigint NOT NULL,
    paid_total bigint NOT NULL,
    hospital_bears bigint NOT NULL,
    patient_pays bigint NOT NULL,
    hospital_advances bigint NOT NULL,
    owed_to_patient bigint NOT NULL,
    expected_aid bigint NOT NULL,
    held bigint NOT NULL,
    elsewhere bigint NOT NULL,
    other_credited bigint NOT NULL,
    other_to_patient bigint NOT NULL,
    due_at_discharge bigint NOT NULL,
    client_id text NOT NULL,
    operator text,
    settled_at timestamptz NOT NULL,
    settled_on date NOT NULL,
    query_code_hash bytea NOT NULL,
    CONSTRAINT pk_settlements PRIMARY KEY (county_code, id),
    CONSTRAINT fk_settlements_reversal_of
        FOREIGN KEY (county_code, reversal_of) REFERENCES settlements (county_code, id),
    CONSTRAINT ck_settlements_kind CHECK (kind IN ('settlement', 'reversal')),
    CONSTRAINT ck_settlements_reversal_names_original CHECK ((kind = 'reversal') = (reversal_of IS NOT NULL)),
    CONSTRAINT ck_settlements_settlement_not_negative CHECK (kind <> 'settlement' OR (
        total >= 0 AND self_funded >= 0 AND over_ceiling >= 0 AND first_pay >= 0 AND in_scope >= 0
        AND paid_total >= 0 AND hospital_bears >= 0 AND patient_pays >= 0 AND hospital_advances >= 0
        AND owed_to_patient >= 0 AND expected_aid >= 0 AND held >= 0 AND elsewhere >= 0
        AND other_credited >= 0 AND other_to_patient >= 0 AND due_at_discharge >= 0)),
    CONSTRAINT ck_settlements_reversal_not_positive CHECK (kind <> 'reversal' OR (
        total <= 0 AND self_funded <= 0 AND over_ceiling <= 0 AND first_pay <= 0 AND in_scope <= 0
        AND paid_total <= 0 AND hospital_bears <= 0 AND patient_pays <= 0 AND hospital_advances <= 0
        AND owed_to_patient <= 0 AND expected_aid <= 0 AND held <= 0 AND elsewhere <= 0
        AND other_credited <= 0 AND other_to_patient <= 0 AND due_at_discharge <= 0)),
    CONSTRAINT ck_settlements_parts_of_bill CHECK (total = self_funded + over_ceiling + first_pay + in_scope),
    CONSTRAINT ck_settlements_everyone_pays_the_total CHECK (total = paid_total + hospital_bears + patient_pays),
    CONSTRAINT ck_settlements_ways_of_payment CHECK (
        paid_total = hospital_advances + owed_to_patient + expected_aid + held + elsewhere
        + other_credited + other_to_patient),
    CONSTRAINT ck_settlements_due_at_discharge CHECK (
        due_at_discharge = total - hospital_advances - hospital_bears - elsewhere - other_credited),
    CONSTRAINT ck_settlements_dates CHECK (admitted_on <= last_day)
)
"""

SETTLEMENT_LAYERS = """
CREATE TABLE settlement_layers (
    county_code text NOT NULL,
    settlement_id uuid NOT NULL,
    position smallint NOT NULL,
    layer text NOT NULL,
    payer text NOT NULL,
    amount bigint NOT NULL,
    way text NOT NULL,
    CONSTRAINT pk_settlement_layers PRIMARY KEY (county_code, settlement_id, position),
    CONSTRAINT fk_settlement_layers_settlements
        FOREIGN KEY (county_code, settlement_id) REFERENCES settlements (county_code, id),
    CONSTRAINT ck_settlement_layers_way CHECK (
        way IN ('hospital', 'patient', 'expected', 'held', 'elsewhere', 'credited', 'beside'))
)
"""

SETTLEMENT_DOCUMENTS = """
CREATE TABLE settlement_documents (
    county_code text NOT NULL,
    settlement_id uuid NOT NULL,
    bill jsonb NOT NULL,
    trace jsonb NOT NULL,
    CONSTRAINT pk_settlement_documents PRIMARY KEY (county_code, settlement_id),
    CONSTRAINT fk_settlement_documents_settlements
        FOREIGN KEY (county_code, settlement_id) REFERENCES settlements (county_code, id)
) WITH (toast_tuple_target = 256)
"""

ACCUMULATORS = """
CREATE TABLE accumulators (
    county_code text NOT NULL,
    person_no text NOT NULL,
    period text NOT NULL,
    name text NOT NULL,
    value bigint NOT NULL,
    CONSTRAINT pk_accumulators PRIMARY KEY (county_code, person_no, period, name),
    CONSTRAINT ck_accumulators_not_negative CHECK (value >= 0)
) WITH (fillfactor = 80)
"""

ACCUMULATOR_ENTRIES = """
CREATE TABLE accumulator_entries (
    county_code text NOT NULL,
    settlement_id uuid NOT NULL,
    position smallint NOT NULL,
    person_no text NOT NULL,
    period text NOT NULL,
    name text NOT NULL,
    before bigint NOT NULL,
    delta bigint NOT NULL,
    cap bigint,
    CONSTRAINT pk_accumulator_entries PRIMARY KEY (county_code, settlement_id, position),
    CONSTRAINT fk_accumulator_entries_settlements
        FOREIGN KEY (county_code, settlement_id) REFERENCES settlements (county_code, id),
    CONSTRAINT ck_accumulator_entries_within_cap CHECK (
        cap IS NULL OR delta <= 0 OR before + delta <= greatest(cap, before))
)
"""

PERSON_ORDERS = """
CREATE TABLE person_orders (
    county_code text NOT NULL,
    person_no text NOT NULL,
    last_order bigint NOT NULL,
    CONSTRAINT pk_person_orders PRIMARY KEY (county_code, person_no)
) WITH (fillfactor = 80)
"""

LIVE_VISITS = """
CREATE TABLE live_visits (
    hospital_code text NOT NULL,
    visit_no text NOT NULL,
    interim_no integer NOT NULL,
    county_code text NOT NULL,
    person_no text NOT NULL,
    settlement_id uuid NOT NULL,
    visit_type text NOT NULL,
    admitted_on date NOT NULL,
    last_day date NOT NULL,
    CONSTRAINT pk_live_visits PRIMARY KEY (hospital_code, visit_no, interim_no),
    CONSTRAINT fk_live_visits_settlements
        FOREIGN KEY (county_code, settlement_id) REFERENCES settlements (county_code, id)
)
"""

INDEXES = [
    "CREATE UNIQUE INDEX uq_settlements_reversal_of ON settlements (county_code, reversal_of)",
    "CREATE INDEX ix_settlements_person ON settlements (county_code, person_no, order_no)",
    "CREATE INDEX ix_settlements_hospital ON settlements (hospital_code, id)",
    "CREATE INDEX ix_settlements_query_code ON settlements (query_code_hash)",
    "CREATE INDEX ix_live_visits_person ON live_visits (county_code, person_no, last_day)",
]

# The sums are carried here and nowhere else, so that they cannot drift from their entries. An entry that was
# computed from another value than the one on record is refused as a serialization failure: the second net
# under the lock on person_orders.
CARRY_SUM = """
CREATE FUNCTION carry_sum() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE accumulators SET value = NEW.before + NEW.delta
    WHERE county_code = NEW.county_code AND person_no = NEW.person_no
        AND period = NEW.period AND name = NEW.name AND value = NEW.before;
    IF NOT FOUND THEN
        INSERT INTO accumulators (county_code, person_no, period, name, value)
        SELECT NEW.county_code, NEW.person_no, NEW.period, NEW.name, NEW.delta WHERE NEW.before = 0
        ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'sum % of % is not % any more', NEW.name, NEW.period, NEW.before
                USING ERRCODE = 'serialization_failure';
        END IF;
    END IF;
    RETURN NULL;
END $$
"""

# Settlement rows, layers and lines are written apart; at commit they must say the same.
PROVE_SETTLEMENT = """
CREATE FUNCTION prove_settlement() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ways record;
    lines record;
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
        IS DISTINCT FROM (abs(NEW.total), abs(NEW.self_funded), abs(NEW.over_ceiling), abs(NEW.first_pay),
            abs(NEW.in_scope)) THEN
        RAISE EXCEPTION 'the fee lines of settlement % do not add up to its row', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'settlement_lines_add_up';
    END IF;
    RETURN NULL;
END $$
"""

REFUSE_CHANGE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% only grows: correct it by adding', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""

# One round trip takes the person's turn and reads what the visit is decided on: inside a function each
# statement sees what was committed while it waited. The visit's number is taken after the person: two persons
# may claim parts of one stay at the same time, and only one of them can be right.
OPEN_PERSON = """
CREATE FUNCTION open_person(
    p_county text, p_person text, p_lock boolean, p_periods text[],
    p_hospital text, p_visit text, p_from date, p_to date
) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    turn bigint;
BEGIN
    IF p_lock THEN
        INSERT INTO person_orders AS o (county_code, person_no, last_order) VALUES (p_county, p_person, 1)
        ON CONFLICT (county_code, person_no) DO UPDATE SET last_order = o.last_order + 1
        RETURNING last_order INTO turn;
        PERFORM pg_advisory_xact_lock(hashtextextended(p_hospital || ' ' || p_visit, 0));
    ELSE
        SELECT coalesce(max(last_order), 0) + 1 INTO turn FROM person_orders
        WHERE county_code = p_county AND person_no = p_person;
    END IF;
    RETURN json_build_object(
        'order_no', turn,
        'sums', (SELECT coalesce(json_agg(json_build_array(period, name, value)), '[]') FROM accumulators
            WHERE county_code = p_county AND person_no = p_person AND period = ANY (p_periods) AND value <> 0),
        'parts', (SELECT coalesce(json_agg(json_build_array(hospital_code, visit_no, interim_no, county_code,
                person_no, settlement_id, visit_type, admitted_on, last_day)), '[]') FROM live_visits
            WHERE hospital_code = p_hospital AND visit_no = p_visit),
        'others', (SELECT coalesce(json_agg(json_build_array(hospital_code, visit_no, interim_no, county_code,
                person_no, settlement_id, visit_type, admitted_on, last_day)), '[]') FROM live_visits
            WHERE county_code = p_county AND person_no = p_person AND admitted_on <= p_to AND last_day >= p_from
                AND (hospital_code, visit_no) <> (p_hospital, p_visit)));
END $$
"""

ONLY_GROW = ("settlements", "settlement_layers", "settlement_documents", "accumulator_entries")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in (
        SETTLEMENTS,
        SETTLEMENT_LAYERS,
        SETTLEMENT_DOCUMENTS,
        ACCUMULATORS,
        ACCUMULATOR_ENTRIES,
        PERSON_ORDERS,
        LIVE_VISITS,
        *INDEXES,
        CARRY_SUM,
        PROVE_SETTLEMENT,
        REFUSE_CHANGE,
        OPEN_PERSON,
    ):
        op.execute(table)
    op.execute("CREATE TRIGGER carry_sum AFTER INSERT ON accumulator_entries FOR EACH ROW EXECUTE FUNCTION carry_sum()")
    op.execute(
        "CREATE TRIGGER only_carried BEFORE INSERT OR UPDATE OR DELETE ON accumulators FOR EACH ROW"
        " WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER prove_settlement AFTER INSERT ON settlements"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION prove_settlement()"
    )
    for table in ONLY_GROW:
        op.execute(
            f"CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
