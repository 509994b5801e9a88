"""Access again: terms of clients, signed operators, counts of tries, row-level security, sealing anew."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Adding a column with a constant default rewrites no table.
CLIENTS = """
ALTER TABLE clients
    ADD COLUMN scopes text[] NOT NULL DEFAULT '{}',
    ADD COLUMN networks cidr[] NOT NULL DEFAULT '{}',
    ADD COLUMN operator_key_enc bytea,
    ADD COLUMN operator_signed boolean NOT NULL DEFAULT false,
    ADD COLUMN tokens_after timestamptz,
    ADD CONSTRAINT ck_clients_signs_with_a_key CHECK (NOT operator_signed OR operator_key_enc IS NOT NULL)
"""

AUDIT_LOG = """
ALTER TABLE audit_log
    ADD COLUMN operator_signed boolean NOT NULL DEFAULT false,
    ADD COLUMN purpose text
"""

LIMIT_COUNTS = """
CREATE TABLE limit_counts (
    kind text NOT NULL,
    key_hash bytea NOT NULL,
    window_start timestamptz NOT NULL,
    window_end timestamptz NOT NULL,
    most integer NOT NULL,
    tries integer NOT NULL,
    CONSTRAINT pk_limit_counts PRIMARY KEY (kind, key_hash, window_start),
    CONSTRAINT ck_limit_counts_within_limit CHECK (tries BETWEEN 0 AND most),
    CONSTRAINT ck_limit_counts_window CHECK (window_start < window_end)
)
"""

LIMIT_COUNTS_BY_END = "CREATE INDEX ix_limit_counts_window_end ON limit_counts (window_end)"

# Run after every upgrade (migrations/env.py), so that no new table about people can be forgotten: whatever has a county
# is shown only to transactions that were begun for it. Without protection: who may call, and what institutions are.
# The role belongs to the whole server, where another database may just be making it too.
PROTECT_TABLES = """
CREATE FUNCTION protect_tables() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    own text := current_setting('role');
    each text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'onestop_app') THEN
        BEGIN
            CREATE ROLE onestop_app NOLOGIN;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN
                RAISE DEBUG 'onestop_app was made meanwhile';
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION 'the role onestop_app is missing and % may not make it: have somebody run'
                    ' CREATE ROLE onestop_app NOLOGIN; GRANT onestop_app TO %;',
                    current_user, quote_ident(current_user);
        END;
    END IF;
    BEGIN
        PERFORM set_config('role', 'onestop_app', true);
        PERFORM set_config('role', own, true);
    EXCEPTION WHEN insufficient_privilege THEN
        BEGIN
            EXECUTE format('GRANT onestop_app TO %I', current_user);
        EXCEPTION WHEN insufficient_privilege THEN
            RAISE EXCEPTION '% may not act as onestop_app: have somebody run GRANT onestop_app TO %;',
                current_user, quote_ident(current_user);
        END;
    END;

    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO onestop_app', current_database());
    GRANT USAGE ON SCHEMA public TO onestop_app;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO onestop_app;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO onestop_app;
    REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM onestop_app;

    FOR each IN
        SELECT c.relname FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'county_code' AND NOT a.attisdropped
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity
            AND c.relname NOT IN ('clients', 'hospitals', 'hospital_locations')
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', each);
        EXECUTE format($policy$CREATE POLICY of_its_county ON %I USING (
            county_code = current_setting('onestop.county', true)
            OR current_setting('onestop.county', true) = '*')$policy$, each);
    END LOOP;
END $$
"""

# Only who owns a table may have its statistics renewed, which what was just written in bulk needs.
RENEW_STATISTICS = """
CREATE FUNCTION renew_statistics(VARIADIC tables text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    each text;
BEGIN
    FOREACH each IN ARRAY tables LOOP
        EXECUTE format('ANALYZE %I', each);
    END LOOP;
END $$
"""

# What is kept for good may be sealed anew, and nothing else about it may change.
ONLY_SEALS_DIFFER = r"""
CREATE FUNCTION only_seals_differ(was jsonb, becomes jsonb) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(current_setting('onestop.resealing', true), '') = 'on' AND NOT EXISTS (
        SELECT FROM jsonb_each(was) w FULL JOIN jsonb_each(becomes) b USING (key)
        WHERE w.value IS DISTINCT FROM b.value AND key NOT LIKE '%\_enc')
$$
"""

REGISTERS_REFUSE = """
CREATE OR REPLACE FUNCTION registers_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND only_seals_differ(to_jsonb(OLD), to_jsonb(NEW)) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% keeps its history: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$
"""

REGISTERS_ONLY_SUPERSEDE = """
CREATE OR REPLACE FUNCTION registers_only_supersede() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    mutable CONSTANT text[] := ARRAY['superseded_at', 'superseded_by', 'superseded_reason'];
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.superseded_at IS NULL AND NEW.superseded_at IS NOT NULL
        AND to_jsonb(OLD) - mutable = to_jsonb(NEW) - mutable THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND only_seals_differ(to_jsonb(OLD), to_jsonb(NEW)) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% keeps its history: a row may only be superseded, once', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$
"""

STATEMENTS = (
    CLIENTS,
    AUDIT_LOG,
    LIMIT_COUNTS,
    LIMIT_COUNTS_BY_END,
    PROTECT_TABLES,
    RENEW_STATISTICS,
    ONLY_SEALS_DIFFER,
    REGISTERS_REFUSE,
    REGISTERS_ONLY_SUPERSEDE,
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statement in STATEMENTS:
        op.execute(statement)
