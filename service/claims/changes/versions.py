"""A later version of a settlement: what was decided anew, shared out by who had laid the money out. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from service.access.model import Caller
from service.claims import trace
from service.claims.changes.model import Borne, Change, Part
from service.claims.changes.who_gets import Shared, owed_to_hospital
from service.claims.model import Record, Status
from service.ledger.model import Claimed, Posting, Share, hospital, person
from service.ledger.postings import difference, out_of_reach
from service.settlement.model import Award, Claim, Settlement
from service.words import FindingCode


def borne_by(before: Record, refused: Sequence[Part] = ()) -> Borne:
    """Who laid out what, as the version before tells; `refused` is what payers refuse now."""
    change = before.trace.get("change")
    if change is None:
        counter = before.settlement.split.due_at_discharge
        bears: tuple[Part, ...] = ()
        known: tuple[Part, ...] = ()
    else:
        counter = change["counter"]
        bears = tuple(Part(*part) for part in change["bears"])
        known = tuple(Part(*part) for part in change["refused"])
    added: dict[tuple[str, str], int] = {}
    for part in (*known, *refused):
        added[part.layer, part.payer] = added.get((part.layer, part.payer), 0) + part.amount
    return Borne(
        counter, owed_to_hospital(before.awards, bears), tuple(Part(*key, amount) for key, amount in added.items())
    )


def posted_by(
    shared: Shared, borne: Borne, claimed: Sequence[Claimed], record: Record
) -> tuple[tuple[Posting, ...], tuple[Share, ...]]:
    """
    What the ledger gets, and what stays posted beside the version's own shares: what a payer has refused was
    deducted, not taken back here, and what a patient has received is only recorded.
    """
    owed = _owed(shared.settlement.awards, shared.bears, record)
    known = {share[:3]: share.amount for share in owed}
    refused = [Share(part.layer, part.payer, hospital(record.hospital_code), part.amount) for part in borne.refused]
    beside = [
        share._replace(amount=share.amount - known.get(share[:3], 0))
        for share in refused
        if share.amount > known.get(share[:3], 0)
    ]
    beside += out_of_reach(claimed, owed)
    return difference(claimed, [*owed, *beside]), tuple(beside)


def _owed(awards: Sequence[Award], bears: Sequence[Part], record: Record) -> list[Share]:
    """What payers owe by a version, refused parts included: those were deducted, and stay so."""
    own = hospital(record.hospital_code)
    owed = [Share(*part[:2], own, part.amount) for part in owed_to_hospital(awards, bears)]
    return owed + [
        Share(award.layer, share.payer, person(record.person_no), share.amount)
        for award in awards
        for share in award.shares
        if share.pay_to == "patient" and award.rule != "other" and not (award.expected or record.on_hold)
    ]


def version(
    before: Record,
    anew: Record,
    change: Change,
    shared: Shared,
    borne: Borne,
    beside: Sequence[Share],
) -> Record:
    """The new version in the place of the one before; `anew` is what was decided, not yet shared out."""
    received = sum(share.amount for share in beside if share.payee == person(before.person_no))
    return replace(
        anew,
        status=Status.ON_HOLD if anew.on_hold else Status.SETTLED,
        version=before.version + 1,
        order_no=before.order_no,
        settlement=shared.settlement,
        trace={
            **anew.trace,
            "awards": trace.awards_json(shared.settlement.awards),
            "change": {
                "cause": change.cause,
                "note": change.note,
                "replaces": str(before.id),
                "counter": borne.counter,
                "hospital": borne.hospital,
                "refused": borne.refused,
                "bears": shared.bears,
            },
            "stays_posted": list(beside),
        },
        hospital_bears=shared.hospital_bears,
        case_id=before.case_id,
        replaces=before.id,
        reversed_by=None,
        replaced_by=None,
        cause=change.cause,
        to_collect=shared.to_collect + received,
    )


def with_settlement(
    before: Record, claim: Claim, decided: Settlement, caller: Caller, version_id: UUID, now: datetime
) -> Record:
    """The same visit under the same facts and law, decided on other sums; nothing was read anew."""
    # The kernel's own finding is made again; the others are of the bill and the day, which are the same.
    findings = (*(one for one in before.findings if one.code != FindingCode.OTHER_CUT), *decided.findings)
    made: dict[str, Any] = trace.kept(claim, decided, findings, before.trace["facts"])
    return replace(
        before,
        id=version_id,
        settlement=decided,
        findings=findings,
        trace=made,
        settled_at=now,
        operator=caller.operator,
        client_id=caller.client_id,
    )
