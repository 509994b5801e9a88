"""
Does a pack make sense? Every day covered once, every question answered, no ratio above 1, no case that never applies.

The questions are asked for every situation that the pack can tell apart, so that no discharge is the first to ask.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import chain, combinations, pairwise, product
from typing import Any

from service.money import WHOLE
from service.policy.conditions import ALWAYS, Condition, Situation, VisitType
from service.policy.model import Layer, Pack
from service.policy.read import Origins, fault
from service.policy.refusals import Fault
from service.policy.terms import AidTerms, BandTerms, FloorTerms, OutOfPocketTerms, RatioTerms, Table, Terms
from service.words import HospitalLevel, Location

DAY = timedelta(days=1)


def faults_of(pack: Pack, origins: Origins) -> list[Fault]:
    """Everything that does not make sense in one pack."""
    check = _Check(origins)
    for layer in pack.layers:
        check.cover(pack, layer)
        for index, terms in enumerate(layer.terms):
            if not terms.none:
                check.terms(terms, ("layers", layer.id, f"terms[{index}]"))
    return check.faults


def faults_between(packs: Sequence[Pack]) -> list[Fault]:
    """Packs of one county that overlap or leave a gap, and two packs with one name."""
    faults = [
        fault("overlap", pack.id, "id", "two packs have this id")
        for pack, other in combinations(packs, 2)
        if pack.id == other.id
    ]
    for county in sorted({county for pack in packs for county in pack.county_codes}):
        of_county = sorted((p for p in packs if county in p.county_codes), key=lambda p: p.valid_from)
        for earlier, later in pairwise(of_county):
            ends = earlier.valid_to
            if ends is None or ends >= later.valid_from:
                says = f"{earlier.id} and {later.id} are both in force for {county} on {later.valid_from}"
                faults.append(fault("overlap", later.id, "in_force.from", says))
            elif ends + DAY < later.valid_from:
                says = f"no pack is in force for {county} from {ends + DAY} to {later.valid_from - DAY}"
                faults.append(fault("gap", later.id, "in_force.from", says))
    return faults


def told_apart(conditions: Iterable[Condition]) -> list[str]:
    """The identity classes that make a difference: of those always named side by side, one speaks for all."""
    sides = [pair for one in conditions for pair in one.identity_sets()]
    together = [side for side, needs_all in sides if needs_all]
    spoken_for: dict[tuple[object, ...], str] = {}
    for identity in sorted(frozenset().union(*(side for side, _ in sides))):
        alone = identity if any(identity in side for side in together) else ""
        spoken_for.setdefault((alone, *(identity in side for side, _ in sides)), identity)
    return sorted(spoken_for.values())


def situations(conditions: Iterable[Condition], visit_type: VisitType) -> Iterator[Situation]:
    """Every situation that these conditions can tell apart."""
    identities = told_apart(conditions)
    subsets = chain.from_iterable(combinations(identities, n) for n in range(len(identities) + 1))
    for subset, location, level, specialist, referred in product(
        subsets, Location, HospitalLevel, (False, True), (False, True)
    ):
        yield Situation(visit_type, frozenset(subset), location, level, specialist, referred)


@dataclass
class _Check:
    origins: Origins
    faults: list[Fault] = field(default_factory=list)

    def add(self, code: str, path: tuple[str, ...], says: str) -> None:
        self.faults.append(fault(code, self.origins.file_of(path), ".".join(path), says))

    def cover(self, pack: Pack, layer: Layer) -> None:
        """Each visit type has exactly one set of terms on every day in force."""
        path = ("layers", layer.id, "terms")
        for visit_type in VisitType:
            spans = sorted((t.valid_from, t.valid_to or date.max) for t in layer.terms if visit_type in t.visit_types)
            ends = pack.valid_to or date.max
            reached = pack.valid_from
            for begins, span_ends in spans:
                if begins > reached:
                    self.add("gap", path, f"no terms for {visit_type} from {reached} to {begins - DAY}")
                elif begins < reached:
                    self.add("overlap", path, f"two sets of terms for {visit_type} on {begins}")
                if span_ends > ends:
                    self.add("overlap", path, f"terms for {visit_type} outlast the pack, which ends on {ends}")
                reached = span_ends + DAY if span_ends < date.max else date.max
            if reached <= ends and reached != date.max:
                self.add("gap", path, f"no terms for {visit_type} from {reached} on")

    def terms(self, terms: Terms, path: tuple[str, ...]) -> None:
        rule = terms.rule
        tables: dict[str, tuple[Table[Any], bool]] = {}
        conditions = [terms.eligible]
        match rule:
            case RatioTerms():
                tables = {"ratio": (rule.ratio, True), "points": (rule.points, False)}
                if rule.deductible is not None and rule.deductible.amount is not None:
                    tables["deductible"] = (rule.deductible.amount, True)
                if rule.entering_ceiling is not None:
                    tables["entering_ceiling"] = (rule.entering_ceiling, False)
                if rule.deductible is not None and rule.deductible.by_disease is not None:
                    self._diseases(terms, path, bool(rule.deductible.by_disease))
            case BandTerms():
                tables = {"deductible": (rule.deductible, True), "points": (rule.points, False)}
                self._bands(rule, path)
            case FloorTerms():
                tables = {"floor": (rule.floor, True)}
            case OutOfPocketTerms():
                tables = {"cap": (rule.cap, True)}
            case AidTerms():
                conditions += [one.when for one in rule.classes]
                self._classes(rule, path)
            case _:
                pass
        for name, caps in (("visit", terms.caps.visit), ("year", terms.caps.year)):
            if caps is not None:
                tables[f"caps.{name}"] = (caps, False)
        if terms.caps.disease_year is not None:
            self._diseases(terms, path, bool(terms.caps.disease_year))
        conditions += [case.when for table, _ in tables.values() for case in table.cases]
        self._ask(terms, tables, conditions, path)

    def _ask(
        self,
        terms: Terms,
        tables: dict[str, tuple[Table[Any], bool]],
        conditions: list[Condition],
        path: tuple[str, ...],
    ) -> None:
        classes = terms.rule.classes if isinstance(terms.rule, AidTerms) else ()
        nobody = {one.id for one in classes}
        spoken: dict[str, set[int]] = {name: set() for name in tables}
        silent: set[str] = set()
        too_much = reached = False
        for visit_type in sorted(terms.visit_types):
            for situation in situations(conditions, visit_type):
                if not terms.eligible.holds(situation):
                    continue
                reached = True
                nobody -= {one.id for one in classes if one.when.holds(situation)}
                for name, (table, must_speak) in tables.items():
                    index = next((i for i, c in enumerate(table.cases) if c.when.holds(situation)), None)
                    if index is not None:
                        spoken[name].add(index)
                    elif must_speak:
                        silent.add(name)
                too_much = too_much or any(not 0 <= one <= WHOLE for one in _ratios(terms, situation))
        if not reached:
            self.add("unreachable", (*path, "eligible"), "no visit can ever be eligible")
        for name in sorted(nobody) if reached else ():
            self.add("unreachable", (*path, "classes"), f"nobody can ever be in class {name}")
        for name in sorted(silent):
            self.add("incomplete", (*path, name), "some visits find no case here")
        if too_much:
            self.add("ratio_above_one", (*path, "points"), "a ratio and its points together leave 0 to 1")
        for name, (table, _) in tables.items():
            for index in range(len(table.cases)):
                if reached and index not in spoken[name]:
                    self.add("unreachable", (*path, f"{name}[{index}]"), "earlier cases leave nothing for this one")

    def _bands(self, rule: BandTerms, path: tuple[str, ...]) -> None:
        ends = [band.to for band in rule.bands]
        if not ends or ends[-1] is not None or None in ends[:-1]:
            self.add("incomplete", (*path, "bands"), "the last band, and only the last, has no end")
        bounds = [0, *(end for end in ends if end is not None)]
        if any(one >= other for one, other in pairwise(bounds)):
            self.add("overlap", (*path, "bands"), "each band must end above the one before it")

    def _classes(self, rule: AidTerms, path: tuple[str, ...]) -> None:
        if not rule.classes:
            self.add("incomplete", (*path, "classes"), "no class of aid is named")
        for index, one in enumerate(rule.classes):
            if one.when == ALWAYS:
                self.add("invalid", (*path, f"classes[{index}].when"), "a class must say who belongs to it")
        if any(one.deductible for one in rule.classes) and rule.deductible_pool is None:
            self.add("invalid", (*path, "deductible_pool"), "a class has a deductible: name what it is used up in")

    def _diseases(self, terms: Terms, path: tuple[str, ...], known: bool) -> None:
        if terms.visit_types != {VisitType.CHRONIC_OUTPATIENT}:
            self.add("invalid", (*path, "visit_types"), "only chronic visits have a disease")
        if not known:
            self.add("incomplete", ("diseases",), "the pack lists no diseases")


def _ratios(terms: Terms, situation: Situation) -> list[int]:
    """The ratios in force in a situation, points added; none for rules without them."""
    match terms.rule:
        case RatioTerms():
            stated = terms.rule.ratio.read(situation)
            ratios: list[int] = [stated.value] if stated else []
            points = terms.rule.points.read(situation)
        case BandTerms():
            ratios = [band.ratio for band in terms.rule.bands]
            points = terms.rule.points.read(situation)
        case _:
            return []
    return [one + (points.value if points else 0) for one in ratios]
