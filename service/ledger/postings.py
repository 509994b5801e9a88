"""From what payers pay to postings: pure. An amount never has a sign; a reversal swaps the ends instead."""

from collections.abc import Iterable

from service.ledger.model import Claimed, Posting, Share, State, is_person


def claim(shares: Iterable[Share]) -> tuple[Posting, ...]:
    """What a settlement, or its reversal, makes payers owe: from the fund to unbilled, or back."""
    return tuple(move(share, State.FUND, State.UNBILLED) for share in shares if share.amount)


def difference(before: Iterable[Share | Claimed], after: Iterable[Share]) -> tuple[Posting, ...]:
    """
    What a new version of a settlement changes, net per layer, payer and payee (domain §6, re-adjudication).

    A reversal is the difference to nothing. Empty where nobody owes more or less than before.
    """
    net: dict[tuple[str, str, str], int] = {}
    for sign, shares in ((-1, before), (1, after)):
        for share in shares:
            key = (share.layer, share.payer, share.payee)
            net[key] = net.get(key, 0) + sign * share.amount
    return claim(Share(*key, amount) for key, amount in net.items())


def out_of_reach(before: Iterable[Claimed], after: Iterable[Share]) -> tuple[Share, ...]:
    """
    What patients keep although it is not theirs any more: it has left for their accounts already.

    Nobody posts it back: it is recorded as to be collected, until the agency decides (domain §6). Of a hospital the
    next statement takes it.
    """
    owed = {share[:3]: share.amount for share in after}
    kept = [
        Share(*each[:3], min(each.amount - each.unbilled, each.amount - owed.get(each[:3], 0)))
        for each in before
        if is_person(each.payee)
    ]
    return tuple(share for share in kept if share.amount > 0)


def net(postings: Iterable[Posting]) -> tuple[Share, ...]:
    """What claims, or their difference, make payers owe more; negative where it is less."""
    return tuple(
        Share(one.layer, one.payer, one.payee, one.amount if one.target == State.UNBILLED else -one.amount)
        for one in postings
    )


def move(share: Share, source: State, target: State) -> Posting:
    """A share that goes from one state to another; a negative one goes the other way."""
    assert share.amount, "a posting moves something"
    ends = (source, target) if share.amount > 0 else (target, source)
    return Posting(share.layer, share.payer, share.payee, *ends, abs(share.amount))
