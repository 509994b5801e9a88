"""${message[0].upper() + message[1:]}."""

from alembic import op

revision = "${up_revision}"
down_revision = "${down_revision}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Rather fail and be tried again than make every discharge wait behind a lock.
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("")
