"""
The registers' tables. Everything about a person or money leads with the insured county.

All but the plain registers of persons, their keys and hospitals are dated facts (`columns.py`).
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)

from service.db import metadata
from service.registers.columns import dated, one_of, recorded, required, superseded
from service.registers.model import AidMode, CardStatus, Grade, Sex
from service.words import HospitalLevel, Location

CURRENT = text("superseded_at IS NULL")


def _of_person() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["county_code", "person_no"], ["persons.county_code", "persons.person_no"])


def _of_hospital(column: str = "hospital_code") -> ForeignKeyConstraint:
    return ForeignKeyConstraint([column], ["hospitals.hospital_code"])


def _person_columns() -> list[Column[Any]]:
    return [
        Column("township_code", Text),
        Column("household_no", Text),
        required("name_enc", LargeBinary),
        Column("id_type", Text, nullable=False, server_default="id_card"),
        Column("id_no_enc", LargeBinary),
        Column("social_card_no_enc", LargeBinary),
        Column("phone_enc", LargeBinary),
        Column("bank_account_enc", LargeBinary),
        Column("payee_enc", LargeBinary),
        Column("born_on", Date),
        Column("died_on", Date),
        Column("sex", Text),
        *recorded(),
    ]


persons = Table(
    "persons",
    metadata,
    required("county_code"),
    required("person_no"),
    *_person_columns(),
    PrimaryKeyConstraint("county_code", "person_no"),
    one_of("sex", Sex),
    Index("ix_persons_township", "township_code", "county_code", "person_no"),
    Index("ix_persons_household", "household_no", "county_code"),
    Index("ix_persons_born_on", "born_on", "county_code"),
)

person_versions = Table(
    "person_versions",
    metadata,
    required("county_code"),
    Column("id", BigInteger, Identity(always=True), nullable=False),
    required("person_no"),
    *_person_columns(),
    *superseded(),
    PrimaryKeyConstraint("county_code", "id"),
    _of_person(),
    Index("ix_person_versions_person", "county_code", "person_no"),
)
"""What `persons` said before each correction."""

person_keys = Table(
    "person_keys",
    metadata,
    required("kind"),
    required("key_hash", LargeBinary),
    required("county_code"),
    required("person_no"),
    PrimaryKeyConstraint("kind", "key_hash", "county_code"),
    _of_person(),
    Index("ix_person_keys_person", "county_code", "person_no"),
    Index("uq_person_keys_person_no", "key_hash", unique=True, postgresql_where=text("kind = 'person_no'")),
)
"""Finds a person without knowing the county; holds keyed hashes, never a number."""

insured_periods = dated(
    "insured_periods",
    required("county_code"),
    required("person_no"),
    _of_person(),
    Index("ix_insured_periods_person", "county_code", "person_no"),
    key=("county_code", "person_no"),
    found_by="person_no",
)

identities = dated(
    "identities",
    required("county_code"),
    required("person_no"),
    required("identity_class"),
    Column("source", Text, nullable=False, server_default=""),
    _of_person(),
    Index("ix_identities_person", "county_code", "person_no"),
    key=("county_code", "person_no", "identity_class"),
    found_by="person_no",
)

barred_periods = dated(
    "barred_periods",
    required("county_code"),
    required("person_no"),
    required("cause"),
    _of_person(),
    Index("ix_barred_periods_person", "county_code", "person_no"),
    key=("county_code", "person_no"),
)

hospitals = Table(
    "hospitals",
    metadata,
    required("hospital_code"),
    required("county_code"),
    *recorded(),
    PrimaryKeyConstraint("hospital_code"),
    Index("ix_hospitals_county", "county_code", "hospital_code"),
)
"""A hospital and the county that registers it; what else is known of it is dated."""

hospital_terms = dated(
    "hospital_terms",
    required("hospital_code"),
    required("name"),
    required("level"),
    required("location"),
    required("specialist", Boolean),
    required("connected", Boolean),
    required("aid"),
    Column("bank_account_enc", LargeBinary),
    _of_hospital(),
    one_of("level", HospitalLevel),
    one_of("location", Location),
    one_of("aid", AidMode),
    Index("ix_hospital_terms_hospital", "hospital_code"),
    key=("hospital_code",),
)

hospital_locations = dated(
    "hospital_locations",
    required("hospital_code"),
    required("county_code"),
    required("location"),
    _of_hospital(),
    one_of("location", Location),
    Index("ix_hospital_locations_hospital", "hospital_code", "county_code"),
    key=("hospital_code", "county_code"),
)
"""Where a hospital lies as seen from counties other than the one that registers it."""

hospital_suspensions = dated(
    "hospital_suspensions",
    required("hospital_code"),
    required("cause"),
    _of_hospital(),
    Index("ix_hospital_suspensions_hospital", "hospital_code"),
    key=("hospital_code",),
)

agreements = dated(
    "agreements",
    required("county_code"),
    required("agreement_id", Uuid),
    required("insurer"),
    required("hospital_code"),
    required("policy_no"),
    _of_hospital(),
    Index("uq_agreements_current", "county_code", "agreement_id", unique=True, postgresql_where=CURRENT),
    Index("ix_agreements_hospital", "county_code", "hospital_code"),
    key=("county_code", "hospital_code", "insurer"),
)

referrals = dated(
    "referrals",
    required("county_code"),
    required("referral_no"),
    required("person_no"),
    required("hospital_code"),
    _of_person(),
    _of_hospital(),
    Index("uq_referrals_current", "county_code", "referral_no", unique=True, postgresql_where=CURRENT),
    Index("ix_referrals_person", "county_code", "person_no"),
    key=("county_code", "referral_no"),
)
"""Valid from the day of approval."""

chronic_cards = dated(
    "chronic_cards",
    required("county_code"),
    required("card_id", Uuid),
    required("person_no"),
    required("disease_code"),
    required("certificate_hospital_code"),
    required("certificate_issued_on", Date),
    required("applied_on", Date),
    required("status"),
    Column("decision_reason", Text),
    Column("decided_at", DateTime(timezone=True)),
    Column("decided_by", Text),
    _of_person(),
    _of_hospital("certificate_hospital_code"),
    one_of("status", CardStatus),
    CheckConstraint("(status = 'applied') = (decided_at IS NULL)", name="decided_at_once"),
    Index("uq_chronic_cards_current", "county_code", "card_id", unique=True, postgresql_where=CURRENT),
    Index("ix_chronic_cards_person", "county_code", "person_no"),
    key=("county_code", "person_no", "disease_code"),
    only="status <> 'refused'",
)

catalogue_items = dated(
    "catalogue_items",
    required("county_code"),
    required("item_code"),
    required("name"),
    required("category"),
    required("grade"),
    required("self_pay_ratio", Integer),
    *(Column(f"ceiling_{level}", BigInteger) for level in HospitalLevel),
    one_of("grade", Grade),
    CheckConstraint("self_pay_ratio BETWEEN 0 AND 1000000", name="self_pay_ratio_at_most_whole"),
    Index("ix_catalogue_items_item", "county_code", "item_code"),
    key=("county_code", "item_code"),
)
"""Ceilings in millionths of a yuan, the self-pay ratio in parts per million."""
