"""Patients' sessions that were left: by a keyed hash of the token, until it would have ended anyway."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("""
CREATE TABLE left_sessions (
    token_hash bytea NOT NULL,
    until timestamptz NOT NULL,
    CONSTRAINT pk_left_sessions PRIMARY KEY (token_hash)
)
""")
    op.execute("CREATE INDEX ix_left_sessions_until ON left_sessions (until)")
