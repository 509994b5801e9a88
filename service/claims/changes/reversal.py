"""A reversal: the sign-flipped copy that points at its original. Pure (domain §6)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from service.access.model import Caller
from service.claims import trace
from service.claims.model import BillLine, Record, Status
from service.ledger.model import Share as LedgerShare
from service.settlement.model import Amounts, Award, Settlement, Share, Split


def flipped(
    before: Record, caller: Caller, reversal_id: UUID, now: datetime, *, reason: str, beside: Sequence[LedgerShare]
) -> Record:
    """
    The reversal of a live settlement. It decides nothing, so it has awards without working, and no entries.

    `beside` is what the patient has received already: it stays posted, and is recorded as to be collected.
    """
    settlement = _flip(before.settlement)
    return replace(
        before,
        id=reversal_id,
        status=Status.REVERSAL,
        settlement=settlement,
        findings=(),
        bill=tuple(_flip_line(line) for line in before.bill),
        trace={
            "reversal_of": str(before.id),
            "reason": reason,
            "awards": trace.awards_json(settlement.awards),
            "entries": [],
            "findings": [],
            "stays_posted": list(beside),
        },
        settled_at=now,
        operator=caller.operator,
        client_id=caller.client_id,
        reversal_of=before.id,
        hospital_bears=-before.hospital_bears,
        replaces=None,
        cause=None,
        to_collect=sum(share.amount for share in beside),
    )


def _flip(settlement: Settlement) -> Settlement:
    return Settlement(
        _negated(settlement.amounts),
        tuple(_negated(line) for line in settlement.line_amounts),
        tuple(_flip_award(award) for award in settlement.awards),
        Split(*(-amount for amount in settlement.split)),
        (),
        (),
    )


def _negated(amounts: Amounts) -> Amounts:
    return Amounts(*(-amount for amount in amounts))


def _flip_award(award: Award) -> Award:
    return award._replace(
        base=-award.base,
        deductible=-award.deductible,
        paid=-award.paid,
        shares=tuple(Share(share.payer, -share.amount, share.pay_to) for share in award.shares),
        steps=(),
    )


def _flip_line(line: BillLine) -> BillLine:
    return line._replace(
        quantity=-line.quantity,
        amount=-line.amount,
        self_funded=-line.self_funded,
        over_ceiling=-line.over_ceiling,
        first_pay=-line.first_pay,
        in_scope=-line.in_scope,
    )
