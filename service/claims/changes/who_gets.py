"""Who gets a difference: pure (domain §6). Whoever bore the money gets the increase; nobody pays a decrease twice."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from service.claims.changes.model import Borne, Part
from service.settlement.model import Award, Claim, Settlement, Share, Split, Step
from service.settlement.waterfall import split_of

_Key = tuple[str, str]


class Shared(NamedTuple):
    """A settlement shared out: `bears` is what the hospital bears of each layer, `to_collect` what a patient owes."""

    settlement: Settlement
    bears: tuple[Part, ...]
    to_collect: int

    @property
    def hospital_bears(self) -> int:
        return sum(part.amount for part in self.bears)


def share_out(decided: Settlement, claim: Claim, borne: Borne) -> Shared:
    """
    Divide what payers now pay between the hospital and the patient by what each of them laid out.

    The hospital has laid out the bill less what the patient paid at the counter and what others credited or paid
    elsewhere. Up to that, it keeps what each payer owed it, and what one payer owes it less another may owe it more,
    in the pack's order; the patient gets the rest. What a payer refused is the hospital's to bear: no other layer
    moves by it, and the patient's share stays.
    """
    to_hospital = _to_hospital(decided, claim, borne)
    refused = {(part.layer, part.payer): part.amount for part in borne.refused}
    bears = {key: min(amount, refused.get(key, 0)) for key, amount in to_hospital.items()}
    awards = tuple([_shared(award, claim, to_hospital, bears) for award in decided.awards])
    split = _with_bears(split_of(claim, decided.amounts, awards), sum(bears.values()))
    return Shared(
        decided._replace(awards=awards, split=split),
        tuple(Part(*key, amount) for key, amount in bears.items() if amount),
        max(0, split.due_at_discharge - borne.counter),
    )


def movable(award: Award, claim: Claim) -> bool:
    """Whether a layer's payment goes to whoever bore it: neither decided elsewhere, nor held, nor only expected."""
    return award.rule != "other" and not (award.decided or award.expected or claim.on_hold)


def owed_to_hospital(awards: Iterable[Award], bears: Sequence[Part]) -> tuple[Part, ...]:
    """What each payer owes the hospital by a settlement, with what it refused."""
    parts = [
        Part(award.layer, share.payer, share.amount)
        for award in awards
        for share in award.shares
        if share.pay_to == "hospital" and award.rule != "other"
    ]
    return tuple(Part(*key, amount) for key, amount in _added([*parts, *bears]).items() if amount)


def _added(parts: Iterable[Part]) -> dict[_Key, int]:
    amounts: dict[_Key, int] = {}
    for part in parts:
        amounts[part.layer, part.payer] = amounts.get((part.layer, part.payer), 0) + part.amount
    return amounts


def _to_hospital(decided: Settlement, claim: Claim, borne: Borne) -> dict[_Key, int]:
    payable = _added(
        Part(award.layer, share.payer, share.amount)
        for award in decided.awards
        if movable(award, claim)
        for share in award.shares
    )
    split = decided.split
    laid_out = decided.amounts.total - split.elsewhere - split.other_credited - borne.counter
    room = max(0, laid_out) if claim.advances else 0
    before = {(part.layer, part.payer): part.amount for part in borne.hospital}
    found = {}
    for key, amount in payable.items():
        found[key] = min(amount, before.get(key, 0), room)
        room -= found[key]
    for key, amount in payable.items():
        more = min(amount - found[key], room)
        found[key] += more
        room -= more
    return found


def _shared(award: Award, claim: Claim, to_hospital: Mapping[_Key, int], bears: Mapping[_Key, int]) -> Award:
    if not movable(award, claim):
        return award
    shares: list[Share] = []
    refused = 0
    for share in award.shares:
        key = (award.layer, share.payer)
        hospital, patient = to_hospital[key] - bears[key], share.amount - to_hospital[key]
        refused += bears[key]
        ways = [Share(share.payer, amount, way) for amount, way in ((hospital, "hospital"), (patient, "patient"))]
        shares += [way for way in ways if way.amount] or [share._replace(amount=0)]
    if not refused:
        return award._replace(shares=tuple(shares))
    paid = award.paid - refused
    step = Step("layer.refused", paid > 0, paid, values={"refused": refused})
    return award._replace(paid=paid, shares=tuple(shares), steps=(*award.steps, step))


def _with_bears(split: Split, bears: int) -> Split:
    return split._replace(patient_pays=split.patient_pays - bears, due_at_discharge=split.due_at_discharge - bears)
