"""Access again: counts of tries."""

from alembic import op

revision = "0013"
down_revision = "0007"
branch_labels = None
depends_on = None

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


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statement in (LIMIT_COUNTS, LIMIT_COUNTS_BY_END):
        op.execute(statement)
