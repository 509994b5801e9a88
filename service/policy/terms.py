"""The terms of each kind of rule, as the kernel reads them: values with their sources, whole and dated."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Generic, TypeVar

from service.money import Fen, Ppm
from service.policy.conditions import Condition, Situation, VisitType
from service.words import HospitalLevel

T = TypeVar("T")


class Part(StrEnum):
    """A part of the bill (domain §2, fee-line identity)."""

    SELF_FUNDED = "self_funded"
    OVER_CEILING = "over_ceiling"
    FIRST_PAY = "first_pay"
    IN_SCOPE = "in_scope"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from: clauses, or the mark of a demonstration value that no text states."""

    clauses: tuple[str, ...] = ()
    demonstration: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Term(Generic[T]):
    """A value with its source."""

    value: T
    source: Source


@dataclass(frozen=True, slots=True)
class Case(Generic[T]):
    """One row of a table: the value where its condition holds, the same for all levels or one for each."""

    when: Condition
    value: T
    by_level: Mapping[HospitalLevel, T]
    source: Source

    def at(self, level: HospitalLevel) -> T:
        return self.by_level.get(level, self.value)


@dataclass(frozen=True, slots=True)
class Table(Generic[T]):
    """Cases in order: the first whose condition holds is the one that speaks."""

    cases: tuple[Case[T], ...]

    def read(self, situation: Situation) -> Term[T] | None:
        """The term for a situation, or None where no case speaks."""
        for case in self.cases:
            if case.when.holds(situation):
                return Term(case.at(situation.level), case.source)
        return None


@dataclass(frozen=True, slots=True)
class Base:
    """What a layer works on: parts of the bill, less what the named earlier layers paid (fen)."""

    parts: tuple[Part, ...]
    less: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deductible:
    """
    What the patient pays before a ratio layer starts (起付线, fen).

    `per` says what it is used up over: a stay with its interim parts, a disease and calendar month, or the year.
    `repeat_factors` scale it by the ordinal of the stay in the year, never below `floor`.
    """

    per: str
    amount: Table[Fen] | None
    by_disease: Mapping[str, Term[Fen]] | None = None
    repeat_factors: tuple[Ppm, ...] = ()
    repeat_source: Source = field(default_factory=Source)
    floor: Fen | None = None


@dataclass(frozen=True, slots=True)
class RatioTerms:
    """Ratio layer (domain §4.1): base less deductible, up to a ceiling on what enters, times a ratio."""

    base: Base
    ratio: Table[Ppm]
    points: Table[Ppm]
    deductible: Deductible | None
    entering_ceiling: Table[Fen] | None


@dataclass(frozen=True, slots=True)
class Band:
    """A band of the cumulative amount: up to and including `to` (None: no end), at `ratio`."""

    to: Fen | None
    ratio: Ppm


@dataclass(frozen=True, slots=True)
class BandTerms:
    """
    Cumulative band layer (domain §4.2): F(A+a) - F(A) over what is left to the patient.

    `over` is the span in which amounts add up: `year` or `stay` (each stay by itself, its parts together).
    """

    base: Base
    over: str
    deductible: Table[Fen]
    bands: tuple[Band, ...]
    band_origin: str
    bands_source: Source
    points: Table[Ppm]
    catch_up: bool


@dataclass(frozen=True, slots=True)
class AidClass:
    """A class of aid: who belongs to it, its ratio, its annual cap and its annual deductible (fen)."""

    id: str
    when: Condition
    ratio: Ppm
    annual_cap: Fen | None
    deductible: Fen
    source: Source


@dataclass(frozen=True, slots=True)
class AidTerms:
    """Aid layer (domain §4.3): of several classes the one that pays most, never two added."""

    base: Base
    classes: tuple[AidClass, ...]
    deductible_pool: str | None


@dataclass(frozen=True, slots=True)
class OtherTerms:
    """Other compensation (domain §4.4): what the caller reports, at most what is left."""


@dataclass(frozen=True, slots=True)
class FloorTerms:
    """
    Guarantee (domain §4.5): raise all payments together to a share of the denominator.

    `over` is `stay` (its interim parts together) or `year`. `excluded` parts are taken out of the denominator.
    """

    denominator: str
    excluded: tuple[Part, ...]
    floor: Table[Ppm]
    over: str


@dataclass(frozen=True, slots=True)
class OutOfPocketTerms:
    """Guarantee (domain §4.5): what a person bears in a year, by hospital level, ends at a cap (fen)."""

    base: Base
    cap: Table[Fen]


RuleTerms = RatioTerms | BandTerms | AidTerms | OtherTerms | FloorTerms | OutOfPocketTerms


@dataclass(frozen=True, slots=True)
class Caps:
    """The most a layer pays for one visit, in a benefit year, and for a disease in a benefit year (fen)."""

    visit: Table[Fen | None] | None = None
    year: Table[Fen | None] | None = None
    disease_year: Mapping[str, Term[Fen]] | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """A layer's terms for some visit types over some days. `pool` names the sums that they feed and read."""

    visit_types: frozenset[VisitType]
    valid_from: date
    valid_to: date | None
    eligible: Condition
    eligible_source: Source
    none: bool
    rule: RuleTerms | None
    pool: str
    caps: Caps

    def hold(self, visit_type: VisitType, day: date) -> bool:
        return (
            visit_type in self.visit_types
            and self.valid_from <= day
            and (self.valid_to is None or day <= self.valid_to)
        )
