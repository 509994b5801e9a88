"""
Entries of deductions and releases are found by their time: some have an id made of what they are about, so that they
are made once, and such an id does not tell when.
"""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("""
        CREATE INDEX ix_ledger_entries_deducted ON ledger_entries (county_code, at)
        WHERE cause IN ('deduction', 'release')
    """)
