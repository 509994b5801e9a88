"""Files of the bureau, their rows, and the settlements that they made. Only grow."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from service.db import metadata
from service.reconciliation.columns import author, of, required

backpay_imports = Table(
    "backpay_imports",
    metadata,
    required("county_code"),
    required("id", Uuid),
    required("content_hash", LargeBinary),
    required("filename"),
    required("agreement_on", Date),
    required("due_on", Date),
    *author(),
    PrimaryKeyConstraint("county_code", "id"),
)

backpay_rows = Table(
    "backpay_rows",
    metadata,
    required("county_code"),
    required("import_id", Uuid),
    required("row_no", Integer),
    required("outcome"),
    Column("person_no", Text),
    Column("amount", BigInteger),
    Column("body_enc", LargeBinary),
    Column("reason_code", Text),
    Column("reason_enc", LargeBinary),
    PrimaryKeyConstraint("county_code", "import_id", "row_no"),
    of("backpay_imports", "import_id"),
    CheckConstraint(
        "CASE outcome WHEN 'ready' THEN person_no IS NOT NULL AND amount >= 0 AND body_enc IS NOT NULL"
        " AND reason_code IS NULL WHEN 'settled' THEN reason_code IS NOT NULL"
        " WHEN 'rejected' THEN reason_code IS NOT NULL ELSE false END",
        name="outcome",
    ),
)

backpay_posts = Table(
    "backpay_posts",
    metadata,
    required("county_code"),
    required("import_id", Uuid),
    required("content_hash", LargeBinary),
    *author(),
    PrimaryKeyConstraint("county_code", "import_id"),
    UniqueConstraint("county_code", "content_hash"),
    of("backpay_imports", "import_id"),
)
"""A content is posted once, however often it is uploaded."""

backpay_stays = Table(
    "backpay_stays",
    metadata,
    required("county_code"),
    required("import_id", Uuid),
    required("row_no", Integer),
    required("settlement_id", Uuid),
    PrimaryKeyConstraint("county_code", "import_id", "row_no"),
    ForeignKeyConstraint(
        ["county_code", "import_id", "row_no"],
        ["backpay_rows.county_code", "backpay_rows.import_id", "backpay_rows.row_no"],
    ),
    of("settlements", "settlement_id"),
)
