"""Near misses that a clerk has looked at: two claims that were found to be two encounters, and why."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

DISMISSALS = """
CREATE TABLE near_miss_dismissals (
    county_code text NOT NULL,
    one uuid NOT NULL,
    other uuid NOT NULL,
    likeness text NOT NULL,
    reason_enc bytea NOT NULL,
    client_id text NOT NULL,
    operator text,
    at timestamptz NOT NULL,
    CONSTRAINT pk_near_miss_dismissals PRIMARY KEY (county_code, one, other, likeness),
    CONSTRAINT ck_near_miss_dismissals_order CHECK (one < other),
    CONSTRAINT ck_near_miss_dismissals_likeness CHECK (likeness IN ('overlap', 'touching', 'same_day', 'invoice'))
)
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DISMISSALS)
    op.execute(
        "CREATE TRIGGER only_grows BEFORE DELETE OR TRUNCATE ON near_miss_dismissals"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    # What is sealed may be sealed anew; nothing else of a row changes.
    op.execute(
        "CREATE TRIGGER keeps_history BEFORE UPDATE ON near_miss_dismissals"
        " FOR EACH ROW EXECUTE FUNCTION registers_refuse()"
    )
