"""The words of near misses: two claims that may be one encounter, and what a clerk found."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID


class Likeness(StrEnum):
    """
    Why two claims look like one: stays that overlap by more than a day, or share the day on which one ends; chronic
    visits of one day; one invoice number at two hospitals.
    """

    OVERLAP = "overlap"
    TOUCHING = "touching"
    SAME_DAY = "same_day"
    INVOICE = "invoice"


class Pair(NamedTuple):
    """Two claims by their keys, the smaller one first, and why they look like one."""

    one: UUID
    other: UUID
    likeness: Likeness


class Encounter(NamedTuple):
    """
    A settled visit (`id` of its settlement), or a manual claim that is open (`id` of the claim). The `key` stays the
    same through versions and approval: the claim's id, or the visit's first settlement's.
    """

    id: UUID
    key: UUID
    route: str
    state: str
    person_no: str
    hospital_code: str
    visit_no: str
    visit_type: str
    admitted_on: date
    last_day: date
    invoice_no: str | None


@dataclass(frozen=True, slots=True)
class Dismissal:
    """That a clerk found two encounters in two claims, and why."""

    reason: str
    client_id: str
    operator: str | None
    at: datetime


class NearMiss(NamedTuple):
    likeness: Likeness
    one: Encounter
    other: Encounter
    dismissal: Dismissal | None

    @property
    def pair(self) -> Pair:
        return Pair(self.one.key, self.other.key, self.likeness)
