"""From what payers pay to postings: pure. An amount never has a sign; a reversal swaps the ends instead."""

from collections.abc import Iterable, Sequence

from service.ledger.model import Posting, Share, State


def claim(shares: Iterable[Share]) -> tuple[Posting, ...]:
    """What a settlement, or its reversal, makes payers owe: from the fund to unbilled, or back."""
    return tuple(move(share, State.FUND, State.UNBILLED) for share in shares if share.amount)


def difference(before: Iterable[Share], after: Iterable[Share]) -> tuple[Posting, ...]:
    """
    What a new version of a settlement changes, net per layer, payer and payee (domain §6, re-adjudication).

    Empty where nobody owes more or less than before.
    """
    net: dict[tuple[str, str, str], int] = {}
    for sign, shares in ((-1, before), (1, after)):
        for share in shares:
            key = (share.layer, share.payer, share.payee)
            net[key] = net.get(key, 0) + sign * share.amount
    return claim(Share(*key, amount) for key, amount in net.items())


def move(share: Share, source: State, target: State) -> Posting:
    """A share that goes from one state to another; a negative one goes the other way."""
    assert share.amount, "a posting moves something"
    ends = (source, target) if share.amount > 0 else (target, source)
    return Posting(share.layer, share.payer, share.payee, *ends, abs(share.amount))


def reverse(shares: Sequence[Share]) -> tuple[Posting, ...]:
    """What the reversal of a settlement with these shares posts."""
    return claim(share._replace(amount=-share.amount) for share in shares)
