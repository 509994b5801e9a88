"""
The bill and the trace of a settlement are kept as the text of JSON where nothing has been settled yet. PostgreSQL packs
text better than the binary form, whose numbers and offsets look like noise to it: a settlement of 20 lines takes a
tenth less on the disk, and its documents fit into their row. Nobody asks for a part of them often; whoever does parses
what it reads.

Where something has been settled, the columns stay as they are: another type would mean writing the table anew, which
nobody could settle or read meanwhile, and which a dump or a proof that has begun would see as empty. What reads them
takes either; the digests of seals are of the values, and the same for both. Who wants the room may run the statements
below by hand while the service stands still and nothing is backed up: 13 s for 100,000 settlements.
"""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

# Its size, and not its rows: those of a county are hidden from who does not say which.
AS_TEXT = """
DO $$
BEGIN
    IF pg_relation_size('settlement_documents') = 0 THEN
        ALTER TABLE settlement_documents RESET (toast_tuple_target);
        ALTER TABLE settlement_documents ALTER COLUMN bill TYPE json, ALTER COLUMN trace TYPE json;
    END IF;
END $$
"""
# The laws of the database that read a document, otherwise word for word as they stand.
READ_AS_EITHER = """
DO $$
DECLARE
    law text;
BEGIN
    law := pg_get_functiondef('prove_settlement()'::regprocedure);
    ASSERT strpos(law, 'jsonb_array_elements(d.bill)') > 0;
    EXECUTE replace(law, 'jsonb_array_elements(d.bill)', 'jsonb_array_elements(CAST(d.bill AS jsonb))');

    law := pg_get_functiondef('prove_posted()'::regprocedure);
    ASSERT strpos(law, 'jsonb_array_elements(d.trace -> ''stays_posted'')') > 0;
    EXECUTE replace(law, 'jsonb_array_elements(d.trace -> ''stays_posted'')',
        'jsonb_array_elements(CAST(d.trace -> ''stays_posted'' AS jsonb))');
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(AS_TEXT)
    op.execute(READ_AS_EITHER)
