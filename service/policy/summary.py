"""What a pack says, in plain words: for the person in a county who has to sign it."""

from collections.abc import Callable, Iterator
from typing import Any

from service.money import ratio, yuan
from service.policy.conditions import ALWAYS, Condition
from service.policy.cycles import CycleTerms
from service.policy.model import Layer, Pack, PayerName
from service.policy.terms import (
    AidTerms,
    BandTerms,
    Case,
    FloorTerms,
    OutOfPocketTerms,
    RatioTerms,
    Source,
    Table,
    Terms,
)


def summary(pack: Pack) -> list[str]:
    """The pack line by line, indented by depth: who pays in which turn, on what terms, from which source."""
    ends = pack.valid_to.isoformat() if pack.valid_to else "no end"
    lines = [
        f"{pack.id}: {pack.title.zh} / {pack.title.en}",
        f"  {pack.hash}",
        f"  in force for {', '.join(sorted(pack.county_codes))} from {pack.valid_from} to {ends}",
        f"  {len(pack.diseases)} chronic diseases",
    ]
    lines += [f"  {_clearing(payer)}" for payer in pack.payers.values() if payer.clearing is not None]
    for number, layer in enumerate(pack.layers, 1):
        payers = " + ".join(
            f"{pack.payers[one.payer].name.zh} {ratio(one.share)}"
            if len(layer.payers) > 1
            else pack.payers[one.payer].name.zh
            for one in layer.payers
        )
        lines.append(f"  {number}. {layer.name.zh} / {layer.name.en}, paid by {payers}; {_advanced(layer)}")
        for terms in layer.terms:
            lines += [f"     {line}" for line in _terms(terms)]
    return lines + ([f"  {_cycle(pack.chronic_cycle)}"] if pack.chronic_cycle else [])


def _cycle(cycle: CycleTerms) -> str:
    who = ", ".join(sorted(cycle.identities))
    return (
        f"once a cycle, {cycle.layer} pays chronic visits of {who} up to {ratio(cycle.floor)} of the total; the first"
        f" begins {cycle.first}, each later one {cycle.begins.month:02}-{cycle.begins.day:02}; paid by"
        f" {cycle.due.month:02}-{cycle.due.day:02}{_source(cycle.source)}"
    )


def _clearing(payer: PayerName) -> str:
    calendar = payer.clearing
    assert calendar is not None
    repays = f"repays hospitals every {calendar.every}, by day {calendar.due_day} of the month after"
    deemed = f"unanswered, confirmed after {calendar.deemed_confirmed_days} days{_source(calendar.deemed_source)}"
    return f"{payer.name.zh} / {payer.name.en} {repays}{_source(calendar.source)}; {deemed}"


def _advanced(layer: Layer) -> str:
    advance = layer.advance
    says = "advanced by the hospital"
    if advance.when != ALWAYS:
        says += f" where {condition(advance.when)}"
    if advance.needs_agreement:
        says += ", under an agreement in force"
    return says + _source(advance.source)


def _terms(terms: Terms) -> Iterator[str]:
    visits = ", ".join(sorted(terms.visit_types))
    ends = terms.valid_to.isoformat() if terms.valid_to else "no end"
    if terms.none:
        yield f"{visits}: pays nothing on the spot{_source(terms.eligible_source)}"
        return
    yield f"{visits}, {terms.valid_from} to {ends}:"
    if terms.eligible != ALWAYS:
        yield f"  for whom: {condition(terms.eligible)}{_source(terms.eligible_source)}"
    yield from (f"  {line}" for line in _rule(terms))
    for name, cap in (("a visit", terms.caps.visit), ("a year", terms.caps.year)):
        if cap is not None:
            yield from (f"  at most, {name}: {line}" for line in table(cap, _amount))
    if terms.caps.disease_year is not None:
        yield "  at most, a disease and year: the limit of the list of diseases"


def _rule(terms: Terms) -> Iterator[str]:
    rule = terms.rule
    match rule:
        case RatioTerms():
            yield _base(rule.base.parts, rule.base.less)
            if rule.deductible is not None and rule.deductible.amount is not None:
                yield from (f"deductible, per {rule.deductible.per}: {x}" for x in table(rule.deductible.amount, yuan))
            elif rule.deductible is not None:
                yield "deductible, per disease and month: the amount of the list of diseases"
            if rule.entering_ceiling is not None:
                yield from (f"at most enters, a year: {x}" for x in table(rule.entering_ceiling, _amount))
            yield from (f"ratio: {line}" for line in table(rule.ratio, _percent))
            yield from (f"points: {line}" for line in table(rule.points, _percent))
        case BandTerms():
            yield _base(rule.base.parts, rule.base.less) + f", cumulative over the {rule.over}"
            yield from (f"deductible: {line}" for line in table(rule.deductible, yuan))
            bands = "; ".join(f"to {yuan(b.to) if b.to is not None else 'any'} {_percent(b.ratio)}" for b in rule.bands)
            yield f"bands, {rule.band_origin.replace('_', ' ')}: {bands}{_source(rule.bands_source)}"
            yield from (f"points: {line}" for line in table(rule.points, _percent))
            if rule.catch_up:
                yield "what the year is short of is caught up"
        case AidTerms():
            yield _base(rule.base.parts, rule.base.less) + "; of several classes the one that pays most"
            for one in rule.classes:
                cap = f", at most {yuan(one.annual_cap)} a year" if one.annual_cap is not None else ""
                above = f" above {yuan(one.deductible)} a year" if one.deductible else ""
                yield f"{one.id} ({condition(one.when)}): {_percent(one.ratio)}{above}{cap}{_source(one.source)}"
        case FloorTerms():
            excluded = f" less {', '.join(rule.excluded)}" if rule.excluded else ""
            what = f"all payments of the {rule.over} together, of {rule.denominator}{excluded}"
            yield from (f"{what}: at least {line}" for line in table(rule.floor, _percent))
        case OutOfPocketTerms():
            yield _base(rule.base.parts, rule.base.less)
            yield from (f"borne in a year at most: {line}" for line in table(rule.cap, yuan))
        case _:
            yield "what the caller reports, at most what is left"


def table(cases: Table[Any], write: Callable[[Any], str]) -> Iterator[str]:
    """The cases of a table, in the order in which they are tried."""
    for case in cases.cases:
        when = f" if {condition(case.when)}" if case.when != ALWAYS else ""
        yield f"{_value(case, write)}{when}{_source(case.source)}"


def _value(case: Case[Any], write: Callable[[Any], str]) -> str:
    if case.by_level:
        return ", ".join(f"{level} {write(value)}" for level, value in case.by_level.items())
    return write(case.value)


def condition(when: Condition) -> str:
    """A condition in words."""
    parts = []
    for what, values in (
        ("any identity of", when.identities),
        ("all identities of", when.all_identities),
        ("no identity of", when.without_identities),
        ("hospital in", when.locations),
        ("level", when.levels),
    ):
        if values is not None:
            parts.append(f"{what} {', '.join(sorted(values))}")
    if when.specialist is not None:
        parts.append("a specialist hospital" if when.specialist else "not a specialist hospital")
    if when.referred is not None:
        parts.append("referred" if when.referred else "not referred")
    parts += [condition(one) for one in when.all_of]
    if when.any_of:
        parts.append("(" + " or ".join(condition(one) for one in when.any_of) + ")")
    return " and ".join(parts) or "always"


def _base(parts: tuple[str, ...], less: tuple[str, ...]) -> str:
    return f"on {' + '.join(parts)}{f' less what {chr(44).join(less)} paid' if less else ''}"


def _percent(value: int) -> str:
    return ratio(value)


def _amount(value: int | None) -> str:
    return "no cap" if value is None else yuan(value)


def _source(source: Source) -> str:
    marks = [*source.clauses, *(["demonstration"] if source.demonstration else [])]
    return f"  [{'; '.join(marks)}]" if marks else ""
