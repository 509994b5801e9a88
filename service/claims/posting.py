"""What a settlement makes payers owe: which way each share goes, and the ledger's rows for those that are owed."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from service.claims.model import Record
from service.ledger.model import Cause, Entry, Share, hospital, person
from service.ledger.postings import claim
from service.ledger.store import rows
from service.settlement.model import Award


def posted(record: Record, settled_on: date) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What the settlement makes payers owe, as rows of the ledger; none where nobody owes anything."""
    assert record.id is not None
    assert record.settled_at is not None
    entry = Entry(record.county_code, record.id, Cause.SETTLEMENT, record.id, record.id, record.settled_at, settled_on)
    shares = shares_of(ways(record.awards, on_hold=record.on_hold), record.hospital_code, record.person_no)
    return rows(entry, claim(shares))


def shares_of(found: Sequence[tuple[str, str, int, str]], hospital_code: str, person_no: str) -> list[Share]:
    """Of all ways a payment can go, the two that make a payer owe it: to the hospital, or to the patient."""
    payees = {"hospital": hospital(hospital_code), "patient": person(person_no)}
    return [Share(layer, payer, payees[way], amount) for layer, payer, amount, way in found if way in payees]


def ways(awards: Sequence[Award], *, on_hold: bool) -> list[tuple[str, str, int, str]]:
    """Which layer, which payer, how much (fen) and which way, share by share."""
    return [
        (award.layer, share.payer, share.amount, _way(award, share.pay_to, on_hold=on_hold))
        for award in awards
        for share in award.shares
    ]


def _way(award: Award, pay_to: str, *, on_hold: bool) -> str:
    if award.decided:
        return "elsewhere"
    if award.rule == "other":
        return "credited" if pay_to == "hospital" else "beside"
    if award.expected:
        return "expected"
    return "held" if on_hold else pay_to
