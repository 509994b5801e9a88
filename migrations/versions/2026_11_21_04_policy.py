"""The packs that settlements rest on, kept by their hash."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

POLICY_PACKS = """
CREATE TABLE policy_packs (
    hash text NOT NULL,
    pack_id text NOT NULL,
    document jsonb NOT NULL,
    kept_at timestamptz NOT NULL,
    CONSTRAINT pk_policy_packs PRIMARY KEY (hash)
)
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(POLICY_PACKS)
    op.execute(
        "CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON policy_packs"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
