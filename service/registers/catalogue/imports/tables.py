"""Uploaded catalogues: what was read and what it would change. Nothing personal in them."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from service.db import metadata
from service.registers.columns import required


def _of_import() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["county_code", "import_id"], ["catalogue_imports.county_code", "catalogue_imports.id"], ondelete="CASCADE"
    )


catalogue_imports = Table(
    "catalogue_imports",
    metadata,
    required("county_code"),
    required("id", Uuid),
    required("content_hash", LargeBinary),
    required("kind"),
    required("as_of", Date),
    required("filename"),
    required("header", JSONB),
    required("counts", JSONB),
    required("uploaded_at", DateTime(timezone=True)),
    required("uploaded_by"),
    Column("applied_at", DateTime(timezone=True)),
    Column("applied_by", Text),
    PrimaryKeyConstraint("county_code", "id"),
    CheckConstraint("kind IN ('full', 'changes')", name="kind"),
    Index("uq_catalogue_imports_content_hash", "county_code", "content_hash", unique=True),
)

catalogue_import_rows = Table(
    "catalogue_import_rows",
    metadata,
    required("county_code"),
    required("import_id", Uuid),
    required("row_no", Integer),
    required("cells", JSONB),
    required("faults", JSONB),
    PrimaryKeyConstraint("county_code", "import_id", "row_no"),
    _of_import(),
)
"""The rejected rows."""

catalogue_import_changes = Table(
    "catalogue_import_changes",
    metadata,
    required("county_code"),
    required("import_id", Uuid),
    required("position", Integer),
    required("kind"),
    required("item_code"),
    Column("row_no", Integer),
    required("superseded", ARRAY(BigInteger)),
    required("added", JSONB),
    PrimaryKeyConstraint("county_code", "import_id", "position"),
    _of_import(),
    CheckConstraint("kind IN ('added', 'changed', 'ended')", name="kind"),
)
