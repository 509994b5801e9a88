"""Persons that were entered twice."""

from sqlalchemy import ForeignKeyConstraint, Index, PrimaryKeyConstraint, Table

from service.db import metadata
from service.registers.columns import recorded, required

person_joins = Table(
    "person_joins",
    metadata,
    required("county_code"),
    required("person_no"),
    required("joined_into"),
    *recorded(),
    PrimaryKeyConstraint("county_code", "person_no"),
    ForeignKeyConstraint(
        ["county_code", "person_no"], ["persons.county_code", "persons.person_no"], name="fk_person_joins_persons"
    ),
    ForeignKeyConstraint(
        ["county_code", "joined_into"], ["persons.county_code", "persons.person_no"], name="fk_person_joins_joined_into"
    ),
    Index("ix_person_joins_joined_into", "county_code", "joined_into"),
)
"""An entry that was joined into another one: its numbers lead there, what it said stays on record."""
