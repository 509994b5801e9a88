"""
The bill and the trace of a settlement are kept as the text of JSON. PostgreSQL packs text better than the binary form,
whose numbers and offsets look like noise to it: a settlement of 20 lines takes a tenth less on the disk. Nobody asks
for a part of them often; whoever does parses what it reads. Seals hold: their digests are of the same values.

So packed they fit into their row, which needs no place beside it any more, nor the way there.

What has been settled is written anew, and settling waits for it: README, "Run it", says how long.
"""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

AS_TEXT = """
    ALTER TABLE settlement_documents
        ALTER COLUMN bill TYPE json USING CAST(bill AS json), ALTER COLUMN trace TYPE json USING CAST(trace AS json)
"""
# The laws of the database that read a document, otherwise word for word as they stand.
READ_AS_TEXT = """
DO $$
DECLARE
    law regprocedure;
BEGIN
    FOREACH law IN ARRAY ARRAY['prove_settlement()', 'prove_posted()']::regprocedure[] LOOP
        EXECUTE replace(replace(pg_get_functiondef(law),
            'jsonb_array_elements(d.bill)', 'jsonb_array_elements(CAST(d.bill AS jsonb))'),
            'jsonb_array_elements(d.trace -> ''stays_posted'')', 'json_array_elements(d.trace -> ''stays_posted'')');
    END LOOP;
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE settlement_documents RESET (toast_tuple_target)")
    op.execute(AS_TEXT)
    op.execute(READ_AS_TEXT)
