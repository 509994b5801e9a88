"""What a pack may not say although each value is well formed: said twice, for nothing, or against itself."""

from collections import Counter
from collections.abc import Iterable, Iterator

from service.policy import shape as s
from service.policy import values as v
from service.policy.conditions import VisitType
from service.policy.read import Origins, fault
from service.policy.refusals import Fault
from service.policy.terms import Part

Path = tuple[str, ...]
Found = tuple[str, Path, str]
"""A fault's code, where it stands, and what it says."""

CONDITIONS_AT_MOST = 1_000
"""How many conditions a named one may unfold into: more is a mistake, and would never be evaluated in time."""

_ALONE_WITH_NONE = frozenset({"visit_types", "valid_from", "valid_to", "none"})
_OF_OTHER = frozenset({"visit_types", "valid_from", "valid_to"})


def contradictions_of(shape: s.PackShape, origins: Origins) -> list[Fault]:
    """Everything in a well-formed pack that cannot be meant."""
    found = [*_names(shape), *_conditions(shape)]
    for name, layer in shape.layers.items():
        path = ("layers", name)
        if twice := _twice(one.payer for one in layer.payers):
            found.append(("invalid", (*path, "payers"), f"{twice} stands twice"))
        for index, terms in enumerate(layer.terms):
            found += _terms(terms, (*path, f"terms[{index}]"))
    return [fault(code, origins.file_of(path), ".".join(path), says) for code, path, says in found]


def _names(shape: s.PackShape) -> Iterator[Found]:
    if twice := _twice(shape.county_codes):
        yield "duplicate_key", ("county_codes",), f"{twice} stands twice"
    others = [name for name in shape.layers if shape.layers[name].rule == "other"]
    if len(others) > 1:
        yield "overlap", ("layers", others[1]), f"{others[0]} credits what others give already"
    owners: dict[tuple[str, str], str] = {}
    for name, layer in shape.layers.items():
        for index, terms in enumerate(layer.terms):
            pools = {"pool": terms.pool or name, "deductible_pool": getattr(terms, "deductible_pool", None)}
            for key, pool in pools.items():
                if pool is not None and owners.setdefault((key, pool), name) != name:
                    says = f"'{pool}' holds the sums of {owners[key, pool]} already"
                    yield "overlap", ("layers", name, f"terms[{index}]", key), says


def _conditions(shape: s.PackShape) -> Iterator[Found]:
    sizes: dict[str, int] = {}

    def size(when: v.When, open_: tuple[str, ...]) -> int:
        if isinstance(when, str):
            if when in open_ or when not in shape.conditions:
                return 1
            if when not in sizes:
                sizes[when] = size(shape.conditions[when], (*open_, when))
            return sizes[when]
        return 1 if when is None else 1 + sum(size(one, open_) for one in when.any_of + when.all_of)

    for name in shape.conditions:
        if size(name, ()) > CONDITIONS_AT_MOST:
            yield "invalid", ("conditions", name), f"it unfolds into more than {CONDITIONS_AT_MOST} conditions"


def _terms(terms: s.TermsShape, path: Path) -> Iterator[Found]:
    stated = terms.model_fields_set
    if terms.none is not None and (beside := stated - _ALONE_WITH_NONE):
        yield "invalid", (*path, "none"), f"nothing is paid here, so nothing may stand beside it: {_list(beside)}"
        return
    match terms:
        case s.OtherTermsShape() if beside := stated - _OF_OTHER - {"none"}:
            yield "invalid", path, f"what others give is taken as reported, without {_list(beside)}"
        case s.RatioTermsShape():
            yield from _deductible(terms, path)
        case s.BandTermsShape() if terms.catch_up and terms.over != "year":
            yield "invalid", (*path, "catch_up"), "only what was paid over a year can be caught up with"
        case s.AidTermsShape() if twice := _twice(one.id for one in terms.classes):
            yield "duplicate_key", (*path, "classes"), f"class {twice} stands twice"
        case s.FloorTermsShape():
            if twice := _twice(terms.excluded):
                yield "invalid", (*path, "excluded"), f"{twice} stands twice"
            elif terms.excluded and (terms.denominator == "in_scope" or Part.IN_SCOPE in terms.excluded):
                yield "invalid", (*path, "excluded"), "only parts outside the scope can be excluded, and from the total"
        case _:
            pass
    base = getattr(terms, "base", v.BaseShape())
    for key, names in (("parts", base.parts), ("less", base.less)):
        if twice := _twice(names):
            yield "invalid", (*path, "base", key), f"{twice} stands twice"


def _deductible(terms: s.RatioTermsShape, path: Path) -> Iterator[Found]:
    deductible = terms.deductible
    if deductible is None:
        return
    if deductible.per == "stay" and set(terms.visit_types) != {VisitType.INPATIENT}:
        yield "invalid", (*path, "deductible", "per"), "only inpatients have a stay"
    if deductible.repeat is not None and deductible.per != "stay":
        yield "invalid", (*path, "deductible", "repeat"), "only a deductible per stay depends on the stay's ordinal"


def _twice(names: Iterable[str]) -> str | None:
    return next((str(name) for name, count in Counter(names).items() if count > 1), None)


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
