"""
What the national interface keeps of its own: each message once, and the session of a stay until it is settled. Money
is in the settlements, not here.
"""

from sqlalchemy import (
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
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from service.db import metadata

messages = Table(
    "nhsa_messages",
    metadata,
    Column("county_code", Text, nullable=False),
    Column("fixmedins_code", Text, nullable=False),
    Column("infno", Text, nullable=False),
    Column("msgid", Text, nullable=False),
    Column("body_hash", LargeBinary),
    Column("outcome", Text, nullable=False),
    Column("subject", Uuid),
    Column("person_no", Text),
    Column("answer_enc", LargeBinary),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("reversed_by", Text),
    PrimaryKeyConstraint("county_code", "fixmedins_code", "infno", "msgid"),
    CheckConstraint("outcome IN ('taken', 'done', 'refused', 'reversed')", name="outcome"),
    # Small, and asked once a day, when old answers go.
    Index("ix_nhsa_messages_at", "at", postgresql_using="brin"),
)
"""Each message once, with its first answer. `reversed`: a 2601 named it; it never does anything again."""

signins = Table(
    "nhsa_signins",
    metadata,
    Column("county_code", Text, nullable=False),
    Column("sign_no", Uuid, nullable=False),
    Column("fixmedins_code", Text, nullable=False),
    Column("opter_no", Text, nullable=False),
    Column("mac", Text),
    Column("ip", Text),
    Column("signed_in_at", DateTime(timezone=True), nullable=False),
    Column("signed_out_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("county_code", "sign_no"),
)
"""Who signed in at which desk."""

visits = Table(
    "nhsa_visits",
    metadata,
    Column("county_code", Text, nullable=False),
    Column("mdtrt_id", Uuid, nullable=False),
    Column("fixmedins_code", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("ipt_otp_no", Text, nullable=False),
    Column("visit_no", Text, nullable=False),
    Column("person_county", Text, nullable=False),
    Column("person_no", Text, nullable=False),
    Column("insutype", Text, nullable=False),
    Column("cert_type", Text, nullable=False),
    Column("med_type", Text, nullable=False),
    Column("begins_on", Date, nullable=False),
    Column("ends_on", Date),
    Column("disease_code", Text),
    Column("diagnoses", JSONB, nullable=False),
    Column("extension", JSONB, nullable=False),
    Column("last_line", Integer, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("county_code", "mdtrt_id"),
    CheckConstraint("kind IN ('stay', 'outpatient')", name="kind"),
    CheckConstraint("state IN ('open', 'discharged', 'cancelled')", name="state"),
    Index("ix_nhsa_visits_person", "county_code", "fixmedins_code", "person_no"),
    Index("ix_nhsa_visits_begins_on", "county_code", "fixmedins_code", "begins_on"),
    Index(
        "uq_nhsa_visits_visit_no",
        "county_code",
        "fixmedins_code",
        "kind",
        "visit_no",
        unique=True,
        postgresql_where="state <> 'cancelled'",
    ),
)
"""The session of a stay or an outpatient visit: from registration to settlement."""

fee_lines = Table(
    "nhsa_fee_lines",
    metadata,
    Column("county_code", Text, nullable=False),
    Column("mdtrt_id", Uuid, nullable=False),
    Column("feedetl_sn", Text, nullable=False),
    Column("line_no", Integer, nullable=False),
    Column("chrg_bchno", Text),
    Column("item_code", Text, nullable=False),
    Column("item_name", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("grade", Text),
    Column("unit_price", BigInteger, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("self_pay_ratio", Integer),
    Column("price_ceiling", BigInteger),
    Column("charged_on", Date, nullable=False),
    Column("returns", Text),
    Column("setl_id", Uuid),
    PrimaryKeyConstraint("county_code", "mdtrt_id", "feedetl_sn"),
    ForeignKeyConstraint(
        ["county_code", "mdtrt_id"], ["nhsa_visits.county_code", "nhsa_visits.mdtrt_id"], ondelete="CASCADE"
    ),
    UniqueConstraint("county_code", "mdtrt_id", "line_no"),
    # Each line is written once more, when it is settled: with room beside it no index is touched.
    postgresql_with={"fillfactor": 50},
)
"""Fee lines as uploaded; `setl_id` says by which settlement they are settled."""

settled = Table(
    "nhsa_settled",
    metadata,
    Column("county_code", Text, nullable=False),
    Column("setl_id", Uuid, nullable=False),
    Column("mdtrt_id", Uuid, nullable=False),
    Column("fixmedins_code", Text, nullable=False),
    Column("settlement_id", Uuid, nullable=False),
    Column("msgid", Text, nullable=False),
    Column("person_no", Text, nullable=False),
    Column("insutype", Text, nullable=False),
    Column("clr_type", Text, nullable=False),
    Column("clr_optins", Text, nullable=False),
    Column("interim_no", Integer, nullable=False),
    Column("chrg_bchno", Text),
    Column("last_day", Date, nullable=False),
    Column("medfee_sumamt", BigInteger, nullable=False),
    Column("fund_pay_sumamt", BigInteger, nullable=False),
    Column("psn_cash_pay", BigInteger, nullable=False),
    Column("settled_at", DateTime(timezone=True), nullable=False),
    Column("cancelled_at", DateTime(timezone=True)),
    Column("cancel_msgid", Text),
    Column("reversal_id", Uuid),
    PrimaryKeyConstraint("county_code", "setl_id"),
    ForeignKeyConstraint(["county_code", "mdtrt_id"], ["nhsa_visits.county_code", "nhsa_visits.mdtrt_id"]),
    Index("ix_nhsa_settled_mdtrt_id", "county_code", "mdtrt_id"),
    Index("ix_nhsa_settled_settled_at", "county_code", "fixmedins_code", "settled_at"),
)
"""Which settlement answers to which setl_id, and what 3201 compares. A cancelled one counts twice: + and -."""

files = Table(
    "nhsa_files",
    metadata,
    Column("county_code", Text, nullable=False),
    Column("file_qury_no", Uuid, nullable=False),
    Column("fixmedins_code", Text, nullable=False),
    Column("filename", Text, nullable=False),
    Column("content_enc", LargeBinary, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("county_code", "file_qury_no"),
)
"""Files up (9101) and down (9102)."""

recorded = Table(
    "nhsa_recorded",
    metadata,
    Column("county_code", Text, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("fixmedins_code", Text, nullable=False),
    Column("infno", Text, nullable=False),
    Column("msgid", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("request", JSONB, nullable=False),
    Column("answer", JSONB, nullable=False),
    PrimaryKeyConstraint("county_code", "id"),
    Index("ix_nhsa_recorded_msgid", "county_code", "fixmedins_code", "msgid"),
)
"""Envelopes kept for support, masked; only of institutions for which the recorder is on."""
