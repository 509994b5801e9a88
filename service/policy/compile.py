"""Turn a pack's checked shape into the model the kernel reads. Names are resolved here, and unknown ones refused."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from service.money import WHOLE
from service.policy import shape as s
from service.policy import values as v
from service.policy.clearing import compiled as payer_of
from service.policy.conditions import ALWAYS, Condition
from service.policy.cycle_shape import compiled as cycle_of
from service.policy.model import Advance, ChronicRules, Disease, Layer, Pack, PayerShare
from service.policy.objections import compiled as objection_days_of
from service.policy.payouts import compiled as to_patients_of
from service.policy.read import Origins, fault
from service.policy.refusals import Fault
from service.policy.terms import (
    AidClass,
    AidTerms,
    Band,
    BandTerms,
    Base,
    Caps,
    Case,
    Deductible,
    FloorTerms,
    OtherTerms,
    OutOfPocketTerms,
    RatioTerms,
    RuleTerms,
    Table,
    Term,
    Terms,
)
from service.policy.values import source_of
from service.text import Text

T = TypeVar("T")


def compile_pack(
    shape: s.PackShape, content_hash: str, document: Mapping[str, Any], origins: Origins
) -> tuple[Pack, list[Fault]]:
    """The pack, and the faults found on the way (names that the pack does not define)."""
    return _Compiler(shape, origins).pack(content_hash, document)


class _Compiler:
    def __init__(self, shape: s.PackShape, origins: Origins) -> None:
        self.shape = shape
        self.origins = origins
        self.faults: list[Fault] = []
        self.diseases = {
            one.code: Disease(one.code, one.name, one.monthly_deductible, one.annual_limit, source_of(one))
            for one in shape.diseases
        }
        self._open: list[str] = []
        self._used: set[str] = set()

    def pack(self, content_hash: str, document: Mapping[str, Any]) -> tuple[Pack, list[Fault]]:
        shape = self.shape
        self._check_names()
        layers = tuple(self._layer(name) for name in shape.order.layers if name in shape.layers)
        for name in shape.conditions.keys() - self._used:
            self._fault("unreachable", ("conditions", name), "no rule of the pack names this condition")
        chronic, waived, agreements = shape.chronic, shape.deposit_waived, shape.agreements
        pack = Pack(
            id=shape.id,
            hash=content_hash,
            title=Text(shape.title.zh, shape.title.en),
            county_codes=frozenset(shape.county_codes),
            valid_from=shape.in_force.valid_from,
            valid_to=shape.in_force.valid_to,
            payers={id_: payer_of(id_, payer) for id_, payer in shape.payers.items()},
            layers=layers,
            diseases=self.diseases,
            chronic=ChronicRules(
                chronic.certificate_months,
                frozenset(chronic.certificate_levels),
                frozenset(self.diseases),
                source_of(chronic),
            ),
            deposit_waived=Term(frozenset(waived.identities if waived else ()), source_of(waived)),
            agreement_warning=Term(agreements.warn_days, source_of(agreements)) if agreements else None,
            objection_days=objection_days_of(shape.objections),
            to_patients=to_patients_of(shape.to_patients),
            chronic_cycle=cycle_of(shape.chronic_cycle, layers, self._fault),
            refused_findings=frozenset(shape.findings.refused if shape.findings else ()),
            document=document,
        )
        return pack, self.faults

    def _fault(self, code: str, path: tuple[str, ...], says: str) -> None:
        self.faults.append(fault(code, self.origins.file_of(path), ".".join(path), says))

    def _check_names(self) -> None:
        shape = self.shape
        for name in set(shape.order.layers) ^ set(shape.layers):
            self._fault("unknown_name", ("order", "layers"), f"'{name}' is not in both order and layers")
        if len(set(shape.order.layers)) != len(shape.order.layers):
            self._fault("overlap", ("order", "layers"), "a layer stands twice in the order")
        if len(self.diseases) != len(shape.diseases):
            self._fault("duplicate_key", ("diseases",), "a disease code stands twice")

    def _layer(self, name: str) -> Layer:
        layer, path = self.shape.layers[name], ("layers", name)
        payers = tuple(PayerShare(one.payer, one.share) for one in layer.payers)
        if (layer.payer is None) == (not payers):
            self._fault("invalid", (*path, "payers"), "name one payer, or several payers with their shares")
        elif payers and sum(one.share for one in payers) != WHOLE:
            self._fault("invalid", (*path, "payers"), "the shares of the payers do not add up to 1")
        payers = payers or (PayerShare(layer.payer or "", WHOLE),)
        for one in payers:
            if one.payer not in self.shape.payers:
                self._fault("unknown_name", (*path, "payer"), f"'{one.payer}' is not among the pack's payers")
        advance = Advance(
            self._when(layer.advance.when, (*path, "advance")),
            layer.advance.agreement,
            layer.advance.on_application,
            source_of(layer.advance),
        )
        terms = tuple(self._terms(name, one, (*path, f"terms[{i}]")) for i, one in enumerate(layer.terms))
        return Layer(name, Text(layer.name.zh, layer.name.en), layer.rule, payers, advance, terms)

    def _terms(self, layer: str, terms: s.TermsShape, path: tuple[str, ...]) -> Terms:
        eligible, reason = ALWAYS, source_of(terms.none)
        if terms.eligible is not None:
            eligible, reason = self._when(terms.eligible.when, path), source_of(terms.eligible)
        return Terms(
            visit_types=frozenset(terms.visit_types),
            valid_from=terms.valid_from or self.shape.in_force.valid_from,
            valid_to=terms.valid_to or self.shape.in_force.valid_to,
            eligible=eligible,
            eligible_source=reason,
            none=terms.none is not None,
            rule=None if terms.none is not None else self._rule(layer, terms, path),
            pool=terms.pool or layer,
            caps=self._caps(terms.caps, path),
        )

    def _rule(self, layer: str, terms: s.TermsShape, path: tuple[str, ...]) -> RuleTerms:
        base = self._base(layer, getattr(terms, "base", v.BaseShape()), path)
        match terms:
            case s.RatioTermsShape():
                entering = self._table(terms.entering_ceiling, path) if terms.entering_ceiling else None
                deductible = self._deductible(terms.deductible, path) if terms.deductible else None
                return RatioTerms(
                    base,
                    self._table(terms.ratio, path),
                    self._table(terms.points, path),
                    deductible,
                    entering,
                )
            case s.BandTermsShape():
                bands = terms.bands
                rows = tuple(Band(one.to, one.ratio) for one in bands.rows) if bands else ()
                return BandTerms(
                    base,
                    terms.over,
                    self._table(terms.deductible, path),
                    rows,
                    bands.origin if bands else "absolute",
                    source_of(bands),
                    self._table(terms.points, path),
                    terms.catch_up,
                )
            case s.AidTermsShape():
                classes = tuple(
                    AidClass(
                        one.id,
                        self._when(one.when, path),
                        one.ratio,
                        one.annual_cap,
                        one.deductible,
                        source_of(one),
                    )
                    for one in terms.classes
                )
                return AidTerms(base, classes, terms.deductible_pool)
            case s.FloorTermsShape():
                return FloorTerms(terms.denominator, terms.excluded, self._table(terms.floor, path), terms.over)
            case s.OutOfPocketTermsShape():
                return OutOfPocketTerms(base, self._table(terms.cap, path))
            case _:
                return OtherTerms()

    def _base(self, layer: str, base: v.BaseShape, path: tuple[str, ...]) -> Base:
        order = list(self.shape.order.layers)
        earlier = order[: order.index(layer)] if layer in order else []
        for one in base.less:
            if one not in earlier:
                self._fault("unknown_name", (*path, "base", "less"), f"'{one}' is no earlier layer")
        return Base(base.parts, base.less)

    def _deductible(self, deductible: s.DeductibleShape, path: tuple[str, ...]) -> Deductible:
        repeat = deductible.repeat
        by_disease = {code: Term(one.monthly_deductible, one.source) for code, one in self.diseases.items()}
        return Deductible(
            per=deductible.per,
            amount=self._table(deductible.amount, path) if deductible.amount else None,
            by_disease=by_disease if deductible.per == "disease_month" else None,
            repeat_factors=repeat.factors if repeat else (),
            repeat_source=source_of(repeat),
            floor=repeat.floor if repeat else None,
        )

    def _caps(self, caps: s.CapsShape, path: tuple[str, ...]) -> Caps:
        limits = {code: Term(one.annual_limit, one.source) for code, one in self.diseases.items()}
        return Caps(
            visit=self._table(caps.visit, path) if caps.visit else None,
            year=self._table(caps.year, path) if caps.year else None,
            disease_year=limits if caps.disease_year else None,
        )

    def _table(self, cases: Iterable[Any], path: tuple[str, ...]) -> Table[Any]:
        return Table(
            tuple(Case(self._when(one.when, path), one.value, one.by_level or {}, source_of(one)) for one in cases)
        )

    def _when(self, when: v.When, path: tuple[str, ...]) -> Condition:
        if when is None:
            return ALWAYS
        if isinstance(when, str):
            return self._named(when, path)
        return Condition(
            identities=_set(when.identities),
            all_identities=_set(when.all_identities),
            without_identities=_set(when.without_identities),
            locations=_set(when.locations),
            levels=_set(when.levels),
            specialist=when.specialist,
            referred=when.referred,
            any_of=tuple(self._when(one, path) for one in when.any_of),
            all_of=tuple(self._when(one, path) for one in when.all_of),
        )

    def _named(self, name: str, path: tuple[str, ...]) -> Condition:
        shape = self.shape.conditions.get(name)
        if shape is None or name in self._open:
            self._fault("unknown_name", (*path, "when"), f"'{name}' is not among the pack's conditions")
            return ALWAYS
        self._used.add(name)
        self._open.append(name)
        condition = self._when(shape, ("conditions", name))
        self._open.pop()
        return condition


def _set(values: Iterable[T] | None) -> frozenset[T] | None:
    return frozenset(values) if values is not None else None
