"""Prove what ended another settlement: the sign-flipped copy, and the version that took its place. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import zip_longest
from typing import Any, Final
from uuid import UUID

from service.access.model import Caller, Role
from service.claims import trace
from service.claims.changes.model import Borne, Part
from service.claims.changes.reversal import flipped
from service.claims.changes.versions import borne_by, posted_by
from service.claims.changes.who_gets import share_out
from service.claims.model import BillLine, Cause, Record, Status
from service.claims.posting import ways
from service.ledger.model import Cause as Posted
from service.ledger.model import Claimed, Share, is_person
from service.ledger.postings import difference
from service.policy.conditions import VisitType
from service.policy.model import Pack
from service.proof.model import Wrong, differing, first_difference, plain, wrong
from service.proof.replay import (
    UNREADABLE,
    Kept,
    Row,
    bill_wrong,
    facts_of,
    layers_wrong,
    ledger_wrong,
    trace_wrong,
)
from service.settlement.model import Amounts, Entry, Settlement, Split
from service.settlement.waterfall import settle

_SAME: Final = ("case_id", "person_no", "order_no", "hospital_code", "visit_no", "interim_no", "visit_type")
_NOBODY: Final = Caller("", Role.AGENCY, "", None, frozenset(), None, None, "")
Earlier = Sequence[Kept]
"""The versions of the case before a row, the one that it ends last."""


def reversal_wrong(kept: Kept, earlier: Earlier) -> Iterator[Wrong]:
    """What of a reversal is not the exact opposite of what it reverses."""
    before = earlier[-1]
    if kept.bill is None or kept.trace is None:
        yield wrong("settlement_documents", kept.id, None, "missing", "the bill and the trace of a reversal")
        return
    try:
        beside = [Share(*share) for share in kept.trace["stays_posted"]]
        now = datetime.fromisoformat(kept.row["settled_at"])
        made = flipped(record_of(before), _NOBODY, UUID(kept.id), now, reason=kept.trace["reason"], beside=beside)
        claimed = _claimed(earlier, beside)
    except UNREADABLE as error:
        yield wrong("settlement_documents", kept.id, "trace", f"{type(error).__name__}: {error}", "a reversal's trace")
        return
    settlement = made.settlement
    computed = {name: before.row[name] for name in (*_SAME, "version", "last_day", "admitted_on", "pack_hash")}
    computed |= {**settlement.amounts._asdict(), **settlement.split._asdict()}
    computed |= {"hospital_bears": made.hospital_bears, "to_collect": made.to_collect}
    yield from differing("settlements", kept.id, kept.row, computed)
    for name, have, must in (("bill", kept.bill, made.bill), ("trace", kept.trace, made.trace)):
        if (found := first_difference(have, plain(must), name)) is not None:
            yield wrong("settlement_documents", kept.id, *found)
    yield from layers_wrong(kept, ways(made.awards, on_hold=made.on_hold))
    yield from _entries_wrong(kept, before, ())
    yield from ledger_wrong(kept, Posted.REVERSAL, before.row["case_id"], difference(claimed, beside), ordered=False)


def version_wrong(kept: Kept, earlier: Earlier, pack: Pack) -> Iterator[Wrong]:
    """What of a later version is not as its trace, its pack and the version before make it."""
    before = earlier[-1]
    if kept.bill is None or kept.trace is None:
        yield wrong("settlement_documents", kept.id, None, "missing", "the bill and the trace of a version")
        return
    try:
        bill = [BillLine(*line) for line in kept.bill]
        claim = trace.claim_of(kept.trace["claim"], bill)
        decided = settle(claim, pack)
        change = kept.trace["change"]
        beside = [Share(*share) for share in kept.trace["stays_posted"]]
        refused = tuple(Part(*part) for part in change["refused"])
        borne = borne_by(record_of(before))._replace(refused=refused)
        shared = share_out(decided, claim, borne)
        postings, stays = posted_by(shared, borne, _claimed(earlier, beside), record_of(kept))
    except UNREADABLE as error:
        yield wrong("settlement_documents", kept.id, "trace", f"{type(error).__name__}: {error}", "a version's trace")
        return
    received = sum(share.amount for share in stays if is_person(share.payee))
    computed = {name: before.row[name] for name in _SAME} | {"version": before.row["version"] + 1}
    computed |= {**decided.amounts._asdict(), **shared.settlement.split._asdict()}
    computed |= {"hospital_bears": shared.hospital_bears, "to_collect": shared.to_collect + received}
    yield from differing("settlements", kept.id, kept.facts(), computed | facts_of(claim, pack))
    yield from bill_wrong(kept, bill, decided)
    yield from trace_wrong(kept, decided._replace(awards=shared.settlement.awards))
    yield from _change_wrong(kept, before, borne, shared.bears)
    if sorted(map(list, stays)) != sorted(kept.trace["stays_posted"]):
        yield wrong("settlement_documents", kept.id, "trace.stays_posted", kept.trace["stays_posted"], plain(stays))
    yield from layers_wrong(kept, ways(shared.settlement.awards, on_hold=claim.on_hold))
    yield from _entries_wrong(kept, before, decided.entries)
    yield from ledger_wrong(kept, Posted.READJUDICATION, before.row["case_id"], postings, ordered=False)


def _change_wrong(kept: Kept, before: Kept, borne: Borne, bears: Sequence[Part]) -> Iterator[Wrong]:
    assert kept.trace is not None
    computed = {
        "cause": kept.row["cause"],
        "replaces": before.id,
        "counter": borne.counter,
        "hospital": plain(borne.hospital),
        "bears": plain(bears),
    }
    for name, value in computed.items():
        if kept.trace["change"].get(name) != value:
            column = f"trace.change.{name}"
            yield wrong("settlement_documents", kept.id, column, kept.trace["change"].get(name), value)


def _entries_wrong(kept: Kept, before: Kept, adds: Sequence[Entry]) -> Iterator[Wrong]:
    """
    A change gives back what the version before added, then adds its own; perhaps nothing where the two are the same.

    One of several decided anew at once may add the same as before, but on other sums: then it does both.
    """
    assert before.trace is not None
    gives = [Entry(*entry) for entry in before.trace["entries"]]
    if not kept.entries and kept.row["cause"] != Cause.CHAIN and _on_sums(gives) == _on_sums(adds):
        gives, adds = [], ()
    person = {"person_no": kept.row["person_no"]}
    computed: list[Row] = [
        {"period": one.period, "name": one.name, "delta": -one.delta, "cap": None} | person for one in gives
    ]
    computed += [one._asdict() | person for one in adds]
    for position, (have, must) in enumerate(zip_longest(kept.entries, computed)):
        key = f"{kept.id}/{position}"
        if have is None or must is None:
            yield wrong("accumulator_entries", key, None, have or "missing", must or "no such row")
        else:
            yield from differing("accumulator_entries", key, have, must | {"position": position})


def _on_sums(entries: Sequence[Entry]) -> list[tuple[str, str, int, int]]:
    return sorted((one.period, one.name, one.before, one.delta) for one in entries if one.delta)


def _claimed(earlier: Earlier, beside: Sequence[Share]) -> list[Claimed]:
    """What the case made payers owe before, of which patients had received what stays posted."""
    sums: Counter[tuple[str, str, str]] = Counter()
    for one in earlier:
        for posting in one.postings:
            amount = posting["amount"] if posting["target"] == "unbilled" else -posting["amount"]
            sums[posting["layer"], posting["payer"], posting["payee"]] += amount
    received = {share[:3]: share.amount for share in beside if is_person(share.payee)}
    return [Claimed(*key, amount, amount - received.get(key, 0)) for key, amount in sorted(sums.items())]


def record_of(kept: Kept) -> Record:
    """A settlement as it was recorded, from its row and its documents. Raises KeyError, ValueError and their like."""
    row, bill = kept.row, [BillLine(*line) for line in kept.bill or ()]
    assert kept.trace is not None
    return Record(
        id=UUID(row["id"]),
        status=Status.ON_HOLD if row["on_hold"] else Status.SETTLED,
        version=row["version"],
        county_code=row["county_code"],
        person_no=row["person_no"],
        hospital_code=row["hospital_code"],
        visit_no=row["visit_no"],
        interim_no=row["interim_no"],
        visit_type=VisitType(row["visit_type"]),
        admitted_on=date.fromisoformat(row["admitted_on"]),
        last_day=date.fromisoformat(row["last_day"]),
        disease_code=row["disease_code"],
        referral_no=row["referral_no"],
        invoice_no=row["invoice_no"],
        order_no=row["order_no"],
        pack_id=row["pack_id"],
        pack_hash=row["pack_hash"],
        identities=tuple(row["identities"]),
        settlement=_settlement_of(row, kept.trace, bill),
        findings=(),
        bill=tuple(bill),
        trace=kept.trace,
        settled_at=datetime.fromisoformat(row["settled_at"]),
        query_code=None,
        operator=row["operator"],
        client_id=row["client_id"],
        on_hold=row["on_hold"],
        hospital_bears=row["hospital_bears"],
        case_id=UUID(row["case_id"]),
    )


def _settlement_of(row: Row, kept: dict[str, Any], bill: list[BillLine]) -> Settlement:
    amounts = Amounts(*(row[name] for name in Amounts._fields))
    return trace.settlement_of(kept, amounts, Split(**{name: row[name] for name in Split._fields}), bill)
