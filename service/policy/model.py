"""
The words of a policy pack, as the kernel reads them: every value whole (fen, parts per million), cited and dated.

A pack is made once, when it is loaded, and never changes; its hash names it in every decision.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

from service.money import Fen, Ppm
from service.text import Text

T = TypeVar("T")


class VisitType(StrEnum):
    """The two kinds of visit that are settled (domain §8)."""

    INPATIENT = "inpatient"
    CHRONIC_OUTPATIENT = "chronic_outpatient"


class Level(StrEnum):
    """Hospital level (domain §5)."""

    TOWNSHIP = "township"
    LEVEL2 = "level2"
    LEVEL3_CITY = "level3_city"
    LEVEL3_REGION = "level3_region"


class Location(StrEnum):
    """Where a hospital lies, seen from the person's county (domain §5)."""

    COUNTY = "county"
    CITY = "city"
    REGION = "region"
    OUTSIDE = "outside"


class Part(StrEnum):
    """A part of the bill (domain §2, fee-line identity)."""

    SELF_FUNDED = "self_funded"
    OVER_CEILING = "over_ceiling"
    FIRST_PAY = "first_pay"
    IN_SCOPE = "in_scope"


class Situation(NamedTuple):
    """What conditions ask about: the visit and its hospital, as seen from the person."""

    visit_type: VisitType
    identities: frozenset[str]
    location: Location
    level: Level
    specialist: bool
    referred: bool


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from: clauses, or the mark of a demonstration value that no text states."""

    clauses: tuple[str, ...] = ()
    demonstration: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds when everything it names holds; what it leaves out does not matter. `any_of` needs one of its own."""

    identities: frozenset[str] | None = None
    without_identities: frozenset[str] | None = None
    locations: frozenset[Location] | None = None
    levels: frozenset[Level] | None = None
    specialist: bool | None = None
    referred: bool | None = None
    all_identities: frozenset[str] | None = None
    any_of: tuple["Condition", ...] = ()
    all_of: tuple["Condition", ...] = ()

    def holds(self, situation: Situation) -> bool:
        """Whether it holds in a situation."""
        return (
            (self.identities is None or not self.identities.isdisjoint(situation.identities))
            and (self.all_identities is None or self.all_identities <= situation.identities)
            and (self.without_identities is None or self.without_identities.isdisjoint(situation.identities))
            and (self.locations is None or situation.location in self.locations)
            and (self.levels is None or situation.level in self.levels)
            and (self.specialist is None or self.specialist == situation.specialist)
            and (self.referred is None or self.referred == situation.referred)
            and (not self.any_of or any(one.holds(situation) for one in self.any_of))
            and all(one.holds(situation) for one in self.all_of)
        )

    def mentioned(self) -> frozenset[str]:
        """Every identity class it speaks of."""
        own = frozenset().union(*(s for s in (self.identities, self.without_identities, self.all_identities) if s))
        return own.union(*(one.mentioned() for one in self.any_of + self.all_of))


ALWAYS = Condition()


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
    by_level: Mapping[Level, T]
    source: Source

    def at(self, level: Level) -> T:
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


@dataclass(frozen=True, slots=True)
class PayerShare:
    """A payer and its share of a layer; the odd fen goes to the first named."""

    payer: str
    share: Ppm


@dataclass(frozen=True, slots=True)
class Advance:
    """When the hospital lays a layer's payment out; otherwise it is owed to the patient's account."""

    when: Condition
    needs_agreement: bool
    on_application: bool
    source: Source


@dataclass(frozen=True, slots=True)
class Layer:
    """One payer in its turn: its rule, its dated terms, and who lays the money out."""

    id: str
    name: Text
    rule: str
    payers: tuple[PayerShare, ...]
    advance: Advance
    terms: tuple[Terms, ...]

    def on(self, visit_type: VisitType, day: date) -> Terms:
        """The terms for a visit type on a day. The loader has proved that there is exactly one."""
        for terms in self.terms:
            if terms.hold(visit_type, day):
                return terms
        raise AssertionError(f"no terms of {self.id} for {visit_type} on {day}")


@dataclass(frozen=True, slots=True)
class Disease:
    """A chronic disease whose visits are settled with a card (000, annex)."""

    code: str
    name: str
    monthly_deductible: Fen
    annual_limit: Fen
    source: Source


@dataclass(frozen=True, slots=True)
class ChronicRules:
    """Who may certify a chronic disease and how fresh the certificate must be (api, chronic-cards)."""

    certificate_months: int
    certificate_levels: frozenset[str]
    disease_codes: frozenset[str]
    source: Source


@dataclass(frozen=True, slots=True)
class Clearing:
    """
    When a payer repays hospitals (domain §5): for every `month` or `quarter`, by a day of the month after it.

    A statement that nobody objects to counts as confirmed that many days after it was issued.
    """

    every: str
    due_day: int
    deemed_confirmed_days: int
    source: Source
    deemed_source: Source


@dataclass(frozen=True, slots=True)
class PayerName:
    """A payer as people call it, and its clearing calendar, where it has one."""

    id: str
    name: Text
    clearing: Clearing | None = None


@dataclass(frozen=True, slots=True)
class Pack:
    """A county's law over a span of days. `hash` is of its content: two packs that differ have two hashes."""

    id: str
    hash: str
    title: Text
    county_codes: frozenset[str]
    valid_from: date
    valid_to: date | None
    payers: Mapping[str, PayerName]
    layers: tuple[Layer, ...]
    diseases: Mapping[str, Disease]
    chronic: ChronicRules
    refused_findings: frozenset[str]
    document: Mapping[str, object] = field(repr=False, compare=False, default_factory=dict)

    def covers(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Packs:
    """Every pack that is loaded, found by county and day or by hash."""

    packs: tuple[Pack, ...]

    def on(self, county_code: str, day: date) -> Pack | None:
        """The pack of a county in force on a day, or None."""
        for pack in self.packs:
            if county_code in pack.county_codes and pack.covers(day):
                return pack
        return None

    def by_hash(self, content_hash: str) -> Pack | None:
        return next((pack for pack in self.packs if pack.hash == content_hash), None)

    def by_id(self, pack_id: str) -> Pack | None:
        return next((pack for pack in self.packs if pack.id == pack_id), None)

    def payer(self, county_code: str, payer: str, day: date) -> PayerName | None:
        """A payer as the newest pack that names it has it, of those in force by a day: a payer outlives its pack."""
        known = [pack for pack in self.packs if county_code in pack.county_codes and pack.valid_from <= day]
        named = [pack for pack in sorted(known, key=lambda pack: pack.valid_from) if payer in pack.payers]
        return named[-1].payers[payer] if named else None

    def payers(self, county_code: str, day: date) -> dict[str, PayerName]:
        """Every payer that a county has had up to a day, by its id."""
        found = {name for pack in self.packs if county_code in pack.county_codes for name in pack.payers}
        known = {name: self.payer(county_code, name, day) for name in sorted(found)}
        return {name: payer for name, payer in known.items() if payer is not None}

    def chronic_rules(self, county_code: str, day: date) -> ChronicRules | None:
        """The rules for chronic cards of a county on a day, or None where no pack is in force."""
        pack = self.on(county_code, day)
        return pack.chronic if pack is not None else None
