"""Rosters: settlements touched are found when asked, people move, rows say what they were judged by and are purged."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # A settlement under way while a list is applied would never get onto a list made once.
    op.execute("DROP TABLE roster_touched")
    op.execute("ALTER TABLE rosters ADD COLUMN round integer NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE rosters ALTER COLUMN round DROP DEFAULT")
    op.execute("ALTER TABLE rosters ADD COLUMN purged_at timestamptz")
    op.execute("DROP INDEX uq_rosters_content_hash")
    op.execute("CREATE UNIQUE INDEX uq_rosters_content_hash ON rosters (county_code, content_hash, round)")
    op.execute("ALTER TABLE roster_rows ADD COLUMN judged_as bytea")
    op.execute("ALTER TABLE roster_rows ADD COLUMN township_code text")
    op.execute("ALTER TABLE roster_rows ADD COLUMN household_no text")
    op.execute("ALTER TABLE roster_changes DROP CONSTRAINT ck_roster_changes_kind")
    op.execute("""
ALTER TABLE roster_changes ADD CONSTRAINT ck_roster_changes_kind
    CHECK (kind IN ('added', 'changed', 'ended', 'conflict', 'unfounded', 'interrupted'))""")
    op.execute("""
CREATE TABLE roster_moves (
    county_code text NOT NULL,
    roster_id uuid NOT NULL,
    person_no text NOT NULL,
    row_no integer NOT NULL,
    township_before text,
    township_after text,
    household_before text,
    household_after text,
    CONSTRAINT pk_roster_moves PRIMARY KEY (county_code, roster_id, person_no),
    CONSTRAINT fk_roster_moves_rosters
        FOREIGN KEY (county_code, roster_id) REFERENCES rosters (county_code, id) ON DELETE CASCADE
)""")
    op.execute("ALTER TABLE catalogue_imports DROP COLUMN digest")
