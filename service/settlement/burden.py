"""What has been paid so far and what is left, as the layers take their turns."""

from service.policy.conditions import Situation
from service.policy.model import Pack
from service.policy.terms import Base, Source, Terms
from service.settlement.model import Amounts, Claim, Step, SumKey


class Burden:
    """
    The visit as the next layer finds it.

    `left` is what remains of the total after earlier layers, and after later layers that another platform has
    already decided: those are facts, and nobody may be paid more than the bill (domain §4).
    """

    __slots__ = ("amounts", "claim", "left", "pack", "paid")

    def __init__(self, claim: Claim, pack: Pack, amounts: Amounts) -> None:
        self.claim = claim
        self.pack = pack
        self.amounts = amounts
        self.paid: dict[str, int] = {}
        self.left = amounts.total - sum(decided.paid for decided in claim.decided.values())

    @property
    def situation(self) -> Situation:
        return self.claim.situation

    @property
    def paid_so_far(self) -> int:
        return sum(self.paid.values())

    def base(self, base: Base) -> int:
        """The layer's base: its parts of the bill, less what the named earlier layers paid; never negative."""
        amount = sum(self.amounts.part(part) for part in base.parts)
        return max(0, amount - sum(self.paid.get(layer, 0) for layer in base.less))

    def sum_before(self, period: str, name: str) -> int:
        """A running sum of the person before this visit, 0 where nothing was added yet."""
        key: SumKey = (period, name)
        return self.claim.sums.get(key, 0)

    def after(self, layer: str, paid: int, *, decided: bool) -> None:
        self.paid[layer] = paid
        if not decided:
            self.left -= paid


def cited(source: Source) -> tuple[tuple[str, ...], bool]:
    """A source as a step carries it: its clauses, and whether the value is a demonstration."""
    return source.clauses, source.demonstration


def not_eligible(terms: Terms) -> Step:
    """The working of a layer that does not reach this visit."""
    clauses, demonstration = cited(terms.eligible_source)
    return Step("layer.not_eligible", False, 0, clauses, demonstration)
