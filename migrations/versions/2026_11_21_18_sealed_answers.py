"""Kept answers that hold what people wrote (objections) are sealed, as the same words are in their own tables."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("""
ALTER TABLE idempotency_answers
    ALTER COLUMN body DROP NOT NULL,
    ADD COLUMN body_enc bytea,
    ADD CONSTRAINT ck_idempotency_answers_one_body CHECK (num_nonnulls(body, body_enc) = 1)
""")
