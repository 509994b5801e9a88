"""
Indexes that no look-up by key can be mistaken for.

While a table is small, or its statistics are young, the planner may answer a look-up by (county_code, id) from any
index that begins with the county, and reads the whole county: every foreign key of the discharge path asks such a
question.
"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

ANEW = {
    "ix_settlements_person": "INDEX ix_settlements_person ON settlements (person_no, county_code, order_no)",
    "ix_live_visits_person": "INDEX ix_live_visits_person ON live_visits (person_no, county_code, last_day)",
    "uq_settlements_reversal_of": "UNIQUE INDEX uq_settlements_reversal_of ON settlements (county_code, reversal_of)"
    " WHERE reversal_of IS NOT NULL",
    "uq_settlements_replaces": "UNIQUE INDEX uq_settlements_replaces ON settlements (county_code, replaces)"
    " WHERE replaces IS NOT NULL",
    "uq_settlements_ends_once": "UNIQUE INDEX uq_settlements_ends_once"
    " ON settlements (county_code, coalesce(reversal_of, replaces))"
    " WHERE reversal_of IS NOT NULL OR replaces IS NOT NULL",
    "ix_persons_township": "INDEX ix_persons_township ON persons (township_code, county_code, person_no)",
    "ix_persons_household": "INDEX ix_persons_household ON persons (household_no, county_code)",
    "ix_persons_born_on": "INDEX ix_persons_born_on ON persons (born_on, county_code)",
}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for name, made in ANEW.items():
        op.execute(f"DROP INDEX {name}")
        op.execute(f"CREATE {made}")
