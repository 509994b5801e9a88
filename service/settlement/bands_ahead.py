"""How far a person's year is from the next band of a cumulative layer. Pure; reads the terms as the rule does."""

from typing import NamedTuple

from service.money import WHOLE
from service.policy.model import Pack
from service.policy.terms import BandTerms
from service.settlement.remaining import Person


class BandAhead(NamedTuple):
    """Once `left` more (fen) has been borne, what is borne beyond `threshold` is paid at `ratio` (ppm)."""

    layer: str
    threshold: int
    left: int
    ratio: int


def bands_ahead(pack: Pack, person: Person) -> list[BandAhead]:
    """The next band of each layer that adds up over the year, for a visit of this person."""
    found = (_ahead(pack, layer.id, person) for layer in pack.layers)
    return [each for each in found if each is not None]


def _ahead(pack: Pack, layer_id: str, person: Person) -> BandAhead | None:
    layer = next(each for each in pack.layers if each.id == layer_id)
    terms = layer.on(person.situation.visit_type, person.day)
    rule = terms.rule
    if not isinstance(rule, BandTerms) or rule.over != "year" or terms.none:
        return None
    deductible, points = rule.deductible.read(person.situation), rule.points.read(person.situation)
    if deductible is None or not terms.eligible.holds(person.situation):
        return None
    borne, start = person.used(f"{terms.pool}.base"), deductible.value
    offset = start if rule.band_origin == "above_deductible" else 0
    begins = [start, *(band.to + offset for band in rule.bands if band.to is not None)]
    ratios = [min(WHOLE, band.ratio + (points.value if points else 0)) for band in rule.bands]
    # Bands that end below the deductible begin and end with it: the last of them is the one that counts.
    above = {max(begin, start): ratio for begin, ratio in zip(begins, ratios, strict=True)}
    ahead = [each for each in above if each > borne]
    return BandAhead(layer_id, ahead[0], ahead[0] - borne, above[ahead[0]]) if ahead else None
