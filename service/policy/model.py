"""
The words of a policy pack, as the kernel reads them: every value whole (fen, parts per million), cited and dated.

A pack is made once, when it is loaded, and never changes; its hash names it in every decision.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from service.money import Fen, Ppm
from service.policy.conditions import Condition, VisitType
from service.policy.cycles import CycleTerms
from service.policy.terms import Source, Term, Terms
from service.policy.to_patients import ToPatients
from service.text import Text


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
    deposit_waived: Term[frozenset[str]]
    agreement_warning: Term[int] | None
    objection_days: Term[int] | None
    chronic_cycle: CycleTerms | None
    refused_findings: frozenset[str]
    to_patients: ToPatients
    document: Mapping[str, object] = field(repr=False, compare=False, default_factory=dict)

    def covers(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Amendment:
    """A county's new text of a pack: in the place of the text with the hash `replaces`, from `first` on."""

    county_code: str
    replaces: str
    first: date
    pack: Pack


@dataclass(frozen=True, slots=True)
class Packs:
    """
    Every pack that is loaded, found by county and day or by hash, and what counties have amended of them.

    Amendments stand in the order in which they were approved: each replaces what was in force until then.
    """

    packs: tuple[Pack, ...]
    amendments: tuple[Amendment, ...] = ()

    def on(self, county_code: str, day: date) -> Pack | None:
        """The pack of a county in force on a day, or None."""
        for pack in self.packs:
            if county_code in pack.county_codes and pack.covers(day):
                return self._amended(pack, county_code, day)
        return None

    def _amended(self, pack: Pack, county_code: str, day: date) -> Pack:
        for each in self.amendments:
            if (each.county_code, each.replaces) == (county_code, pack.hash) and day >= each.first:
                pack = each.pack
        return pack

    def newest(self, pack: Pack, county_code: str) -> Pack:
        """The text that has taken a loaded pack's place in a county, however late in its time; itself where none."""
        return self._amended(pack, county_code, date.max)

    def _of(self, county_code: str) -> list[Pack]:
        amended = [each.pack for each in self.amendments if each.county_code == county_code]
        return [*(pack for pack in self.packs if county_code in pack.county_codes), *amended]

    def in_order(self) -> list[Pack]:
        """All packs, by the day they came into force."""
        return sorted(self.packs, key=lambda pack: (pack.valid_from, pack.id))

    def by_hash(self, content_hash: str) -> Pack | None:
        known = (*self.packs, *(each.pack for each in self.amendments))
        return next((pack for pack in known if pack.hash == content_hash), None)

    def by_id(self, pack_id: str) -> Pack | None:
        return next((pack for pack in self.packs if pack.id == pack_id), None)

    def payer(self, county_code: str, payer: str, day: date) -> PayerName | None:
        """A payer as the newest pack that names it has it, of those in force by a day: a payer outlives its pack."""
        known = [pack for pack in self._of(county_code) if pack.valid_from <= day]
        named = [pack for pack in sorted(known, key=lambda pack: pack.valid_from) if payer in pack.payers]
        return named[-1].payers[payer] if named else None

    def payers(self, county_code: str, day: date) -> dict[str, PayerName]:
        """Every payer that a county has had up to a day, by its id."""
        found = {name for pack in self._of(county_code) for name in pack.payers}
        known = {name: self.payer(county_code, name, day) for name in sorted(found)}
        return {name: payer for name, payer in known.items() if payer is not None}

    def chronic_rules(self, county_code: str, day: date) -> ChronicRules | None:
        """The rules for chronic cards of a county on a day, or None where no pack is in force."""
        pack = self.on(county_code, day)
        return pack.chronic if pack is not None else None

    def agreement_warning_days(self, county_code: str, day: date) -> int | None:
        """From how many days before its end an agreement is warned of; None where no pack says so."""
        pack = self.on(county_code, day)
        return pack.agreement_warning.value if pack is not None and pack.agreement_warning is not None else None

    def objection_days(self, county_code: str, day: date) -> int | None:
        """Within how many days of its receipt an objection is decided; None where no pack says so."""
        pack = self.on(county_code, day)
        return pack.objection_days.value if pack is not None and pack.objection_days is not None else None

    def to_patients(self, county_code: str, day: date) -> ToPatients:
        """What holds for money that reaches patients beside the discharge; without a pack, nothing does."""
        pack = self.on(county_code, day)
        return pack.to_patients if pack is not None else ToPatients()

    def deposit_waived(self, county_code: str, day: date) -> frozenset[str]:
        """The identity classes that are treated first and pay afterwards (先诊疗后付费, 000 §五(二))."""
        pack = self.on(county_code, day)
        return pack.deposit_waived.value if pack is not None else frozenset()
