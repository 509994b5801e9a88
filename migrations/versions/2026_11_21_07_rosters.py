"""Rosters: what an uploaded list says, what it would change, and which settlements that touches."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

OF_ROSTER = """
    FOREIGN KEY (county_code, roster_id) REFERENCES rosters (county_code, id) ON DELETE CASCADE"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("""
CREATE TABLE rosters (
    county_code text NOT NULL,
    id uuid NOT NULL,
    content_hash bytea NOT NULL,
    kind text NOT NULL,
    source text NOT NULL,
    as_of date NOT NULL,
    identity_class text,
    township_code text,
    filename text NOT NULL,
    state text NOT NULL,
    rows_read integer NOT NULL,
    columns jsonb NOT NULL,
    header jsonb NOT NULL,
    counts jsonb NOT NULL,
    digest text,
    uploaded_at timestamptz NOT NULL,
    uploaded_by text NOT NULL,
    uploaded_role text NOT NULL,
    allowed text[],
    applied_at timestamptz,
    applied_by text,
    CONSTRAINT pk_rosters PRIMARY KEY (county_code, id),
    CONSTRAINT ck_rosters_kind CHECK (kind IN ('full', 'changes')),
    CONSTRAINT ck_rosters_state CHECK (state IN ('reading', 'previewed', 'applied')),
    CONSTRAINT ck_rosters_applied_at CHECK ((state = 'applied') = (applied_at IS NOT NULL))
)""")
    op.execute("CREATE UNIQUE INDEX uq_rosters_content_hash ON rosters (county_code, content_hash)")
    op.execute(f"""
CREATE TABLE roster_rows (
    county_code text NOT NULL,
    roster_id uuid NOT NULL,
    row_no integer NOT NULL,
    part smallint NOT NULL,
    state text NOT NULL,
    faults jsonb NOT NULL,
    cells_enc bytea NOT NULL,
    key_kind text,
    key_hash bytea,
    card_hash bytea,
    person_no text,
    is_new boolean NOT NULL,
    rounded boolean NOT NULL,
    identity_class text,
    action text,
    valid_from date,
    valid_to date,
    duplicate_of integer,
    CONSTRAINT pk_roster_rows PRIMARY KEY (county_code, roster_id, row_no, part),
    CONSTRAINT fk_roster_rows_rosters {OF_ROSTER},
    CONSTRAINT ck_roster_rows_state CHECK (state IN ('listed', 'rejected', 'duplicate'))
)""")
    op.execute(f"""
CREATE TABLE roster_changes (
    county_code text NOT NULL,
    roster_id uuid NOT NULL,
    position integer NOT NULL,
    kind text NOT NULL,
    person_no text NOT NULL,
    identity_class text NOT NULL,
    row_no integer,
    superseded bigint[] NOT NULL,
    facts daterange[] NOT NULL,
    days datemultirange NOT NULL,
    other_source text,
    is_new boolean NOT NULL,
    CONSTRAINT pk_roster_changes PRIMARY KEY (county_code, roster_id, position),
    CONSTRAINT fk_roster_changes_rosters {OF_ROSTER},
    CONSTRAINT ck_roster_changes_kind CHECK (kind IN ('added', 'changed', 'ended', 'conflict', 'unfounded'))
)""")
    op.execute("CREATE INDEX ix_roster_changes_person ON roster_changes (county_code, roster_id, person_no)")
    op.execute(f"""
CREATE TABLE roster_touched (
    county_code text NOT NULL,
    roster_id uuid NOT NULL,
    settlement_id uuid NOT NULL,
    person_no text NOT NULL,
    last_day date NOT NULL,
    CONSTRAINT pk_roster_touched PRIMARY KEY (county_code, roster_id, settlement_id),
    CONSTRAINT fk_roster_touched_rosters {OF_ROSTER}
)""")
    joins()
    catalogues()


def catalogues() -> None:
    op.execute("""
CREATE TABLE catalogue_imports (
    county_code text NOT NULL,
    id uuid NOT NULL,
    content_hash bytea NOT NULL,
    kind text NOT NULL,
    as_of date NOT NULL,
    filename text NOT NULL,
    header jsonb NOT NULL,
    counts jsonb NOT NULL,
    digest text NOT NULL,
    uploaded_at timestamptz NOT NULL,
    uploaded_by text NOT NULL,
    applied_at timestamptz,
    applied_by text,
    CONSTRAINT pk_catalogue_imports PRIMARY KEY (county_code, id),
    CONSTRAINT ck_catalogue_imports_kind CHECK (kind IN ('full', 'changes'))
)""")
    op.execute("CREATE UNIQUE INDEX uq_catalogue_imports_content_hash ON catalogue_imports (county_code, content_hash)")
    of_import = "FOREIGN KEY (county_code, import_id) REFERENCES catalogue_imports (county_code, id) ON DELETE CASCADE"
    op.execute(f"""
CREATE TABLE catalogue_import_rows (
    county_code text NOT NULL,
    import_id uuid NOT NULL,
    row_no integer NOT NULL,
    cells jsonb NOT NULL,
    faults jsonb NOT NULL,
    CONSTRAINT pk_catalogue_import_rows PRIMARY KEY (county_code, import_id, row_no),
    CONSTRAINT fk_catalogue_import_rows_catalogue_imports {of_import}
)""")
    op.execute(f"""
CREATE TABLE catalogue_import_changes (
    county_code text NOT NULL,
    import_id uuid NOT NULL,
    position integer NOT NULL,
    kind text NOT NULL,
    item_code text NOT NULL,
    row_no integer,
    superseded bigint[] NOT NULL,
    added jsonb NOT NULL,
    CONSTRAINT pk_catalogue_import_changes PRIMARY KEY (county_code, import_id, position),
    CONSTRAINT fk_catalogue_import_changes_catalogue_imports {of_import},
    CONSTRAINT ck_catalogue_import_changes_kind CHECK (kind IN ('added', 'changed', 'ended'))
)""")


def joins() -> None:
    op.execute("""
CREATE TABLE person_joins (
    county_code text NOT NULL,
    person_no text NOT NULL,
    joined_into text NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    reason text NOT NULL DEFAULT '',
    CONSTRAINT pk_person_joins PRIMARY KEY (county_code, person_no),
    CONSTRAINT fk_person_joins_persons
        FOREIGN KEY (county_code, person_no) REFERENCES persons (county_code, person_no),
    CONSTRAINT fk_person_joins_joined_into
        FOREIGN KEY (county_code, joined_into) REFERENCES persons (county_code, person_no)
)""")
    op.execute("CREATE INDEX ix_person_joins_joined_into ON person_joins (county_code, joined_into)")
    op.execute("CREATE INDEX ix_persons_born_on ON persons (county_code, born_on)")
    op.execute("""
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON person_joins
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""")
    # A settlement that found the person before the join and took its turn after it would be lost to the person's year:
    # it is told to try again, and then finds the surviving entry.
    op.execute("""
CREATE FUNCTION refuse_joined() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM person_joins j WHERE j.county_code = NEW.county_code AND j.person_no = NEW.person_no) THEN
        RAISE EXCEPTION 'person % was joined into another one', NEW.person_no
            USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN NEW;
END $$""")
    op.execute(
        "CREATE TRIGGER refuse_joined BEFORE INSERT ON live_visits FOR EACH ROW EXECUTE FUNCTION refuse_joined()"
    )
