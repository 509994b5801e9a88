"""
Clients and their secrets, signing keys, the audit trail, idempotency keys and the answers they stand for, and counts
of tries.
"""

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import CIDR

from service.db import metadata

_INSTANT = DateTime(timezone=True)

clients = Table(
    "clients",
    metadata,
    Column("client_id", Text, primary_key=True),
    Column("county_code", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("hospital_code", Text),
    Column("payers", ARRAY(Text), nullable=False),
    Column("township_code", Text),
    Column("created_at", _INSTANT, nullable=False),
    Column("disabled_at", _INSTANT),
    Column("scopes", ARRAY(Text), nullable=False, server_default="{}"),
    Column("networks", ARRAY(CIDR), nullable=False, server_default="{}"),
    Column("operator_key_enc", LargeBinary),
    Column("operator_signed", Boolean, nullable=False, server_default=text("false")),
    Column("tokens_after", _INSTANT),
    CheckConstraint("role IN ('hospital', 'payer', 'township', 'agency', 'auditor')", name="role"),
    CheckConstraint("(role = 'hospital') = (hospital_code IS NOT NULL)", name="hospital"),
    CheckConstraint("(role = 'payer') = (cardinality(payers) > 0)", name="payers"),
    CheckConstraint("(role = 'township') = (township_code IS NOT NULL)", name="township"),
    CheckConstraint("NOT operator_signed OR operator_key_enc IS NOT NULL", name="signs_with_a_key"),
)
"""Who may call. No scopes: all that the role may; no networks: from anywhere. No token of before `tokens_after`."""

client_secrets = Table(
    "client_secrets",
    metadata,
    Column("client_id", Text, ForeignKey("clients.client_id"), primary_key=True),
    Column("slot", SmallInteger, primary_key=True, autoincrement=False),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("created_at", _INSTANT, nullable=False),
    Column("expires_at", _INSTANT),
    CheckConstraint("slot IN (1, 2)", name="two_live_at_most"),
    CheckConstraint("octet_length(secret_hash) = 32", name="hashed"),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", Text, primary_key=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("private_key_enc", LargeBinary, nullable=False),
    Column("created_at", _INSTANT, nullable=False),
    Column("retired_at", _INSTANT),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("county_code", Text, primary_key=True),
    # In the key so that the table can be partitioned by month.
    Column("at", _INSTANT, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("client_id", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("operator", Text),
    Column("request_id", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("person_no", Text),
    Column("subject", Text),
    Column("operator_signed", Boolean, nullable=False, server_default=text("false")),
    Column("purpose", Text),
    Index(None, "county_code", "person_no", "at", postgresql_where=text("person_no IS NOT NULL")),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("county_code", Text, primary_key=True),
    Column("client_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    Column("result_id", Uuid, nullable=False),
    Column("created_at", _INSTANT, nullable=False),
)

idempotency_answers = Table(
    "idempotency_answers",
    metadata,
    Column("county_code", Text, primary_key=True),
    Column("result_id", Uuid, primary_key=True),
    Column("status", SmallInteger, nullable=False),
    Column("body", LargeBinary),
    Column("created_at", _INSTANT, nullable=False),
    Column("body_enc", LargeBinary),
    CheckConstraint("status BETWEEN 200 AND 299", name="only_successes"),
    CheckConstraint("num_nonnulls(body, body_enc) = 1", name="one_body"),
)

limit_counts = Table(
    "limit_counts",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("key_hash", LargeBinary, primary_key=True),
    Column("window_start", _INSTANT, primary_key=True),
    Column("window_end", _INSTANT, nullable=False),
    Column("most", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    CheckConstraint("tries BETWEEN 0 AND most", name="within_limit"),
    CheckConstraint("window_start < window_end", name="window"),
    Index(None, "window_end"),
)
"""How often something was tried in a window of time; of what, only a keyed hash says. Ended windows are swept away."""
