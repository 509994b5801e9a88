"""
${message}.

Revision ${up_revision}, after ${down_revision | comma,n}.
"""

from alembic import op
${"import sqlalchemy as sa\n" + imports if imports else "import sqlalchemy as sa"}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Rather fail and be tried again than make every discharge wait behind a lock.
    op.execute("SET LOCAL lock_timeout = '5s'")
    ${upgrades if upgrades else "pass"}
