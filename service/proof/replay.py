"""
Decide a settlement again from what was kept of it, and compare everything with what is on record. Pure.

Nothing is taken from the registers or from the packs loaded today: the trace holds what was read, the pack stands
under its hash, and the bill is the kept one.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import orjson

from service.claims import trace
from service.claims.model import BillLine
from service.claims.posting import shares_of, ways
from service.ledger.model import Cause, Posting
from service.ledger.postings import claim as claimed
from service.money import PRICE_SCALE, QUANTITY_SCALE
from service.policy.model import Pack
from service.proof.model import Wrong, differing, first_difference, plain, wrong
from service.settlement.model import Claim, Settlement
from service.settlement.waterfall import settle

Row = dict[str, Any]
_FEN: Final = PRICE_SCALE * QUANTITY_SCALE // 100
"""One fen in the unit of price times quantity."""
UNREADABLE: Final = (
    AssertionError,
    ArithmeticError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    RecursionError,
)
"""What a trace that was tampered with may run into: it is named, and nothing else stops."""


class Kept(NamedTuple):
    """A row of `settlements` and all that was written with it; lists in the order of their positions."""

    row: Row
    bill: list[list[Any]] | None
    trace: Row | None
    layers: list[list[Any]]
    entries: list[Row]
    entry: Row | None
    postings: list[Row]

    @property
    def id(self) -> str:
        return str(self.row["id"])

    def facts(self) -> Row:
        """The row, its identities in the order of their names: which stood first decides nothing."""
        return self.row | {"identities": sorted(self.row["identities"])}

    def ways(self) -> list[tuple[str, str, int, str]]:
        """Which layer, which payer, how much (fen) and which way, as the layers on record say."""
        return [(layer, payer, amount, way) for _, layer, payer, amount, way in self.layers]


def settlement_wrong(kept: Kept, pack: Pack) -> Iterator[Wrong]:
    """What of a first version is not as its trace, its bill and its pack make it, down to the ledger."""
    if kept.bill is None or kept.trace is None:
        yield wrong("settlement_documents", kept.id, None, "missing", "the bill and the trace of a settlement")
        return
    try:
        bill = [BillLine(*line) for line in kept.bill]
        claim = trace.claim_of(kept.trace["claim"], bill)
        made = settle(claim, pack)
    except UNREADABLE as error:
        said = f"{type(error).__name__}: {error}"
        yield wrong("settlement_documents", kept.id, "trace", said, "a trace that can be decided again")
        return
    yield from _row_wrong(kept, claim, made, pack)
    yield from bill_wrong(kept, bill, made)
    yield from trace_wrong(kept, made)
    yield from layers_wrong(kept, ways(made.awards, on_hold=claim.on_hold))
    yield from entries_wrong(kept, [entry._asdict() for entry in made.entries])
    shares = shares_of(kept.ways(), kept.row["hospital_code"], kept.row["person_no"])
    yield from ledger_wrong(kept, Cause.SETTLEMENT, kept.id, claimed(shares))


def _row_wrong(kept: Kept, claim: Claim, made: Settlement, pack: Pack) -> Iterator[Wrong]:
    computed = {**made.amounts._asdict(), **made.split._asdict()}
    computed |= {"hospital_bears": 0, "to_collect": 0}
    own = {"case_id": kept.id, "version": 1, "cause": None}
    yield from differing("settlements", kept.id, kept.facts(), computed | own | facts_of(claim, pack))


def facts_of(claim: Claim, pack: Pack) -> Row:
    """What the row repeats of the facts that the trace has."""
    situation = claim.situation
    return {
        "visit_type": situation.visit_type.value,
        "last_day": claim.day.isoformat(),
        "disease_code": claim.disease,
        "identities": sorted(situation.identities),
        "on_hold": claim.on_hold,
        "pack_id": pack.id,
    }


def bill_wrong(kept: Kept, bill: list[BillLine], made: Settlement) -> Iterator[Wrong]:
    """Lines whose amount is not price times quantity (to a fen), or whose parts are not those of their terms."""
    for index, (line, parts) in enumerate(zip(bill, made.line_amounts, strict=True)):
        exact = line.unit_price * line.quantity
        if abs(line.amount * _FEN - exact) > _FEN:
            yield wrong("settlement_documents", kept.id, f"bill[{index}].amount", line.amount, exact)
        elif tuple(line[-4:]) != tuple(parts[1:]):
            yield wrong("settlement_documents", kept.id, f"bill[{index}]", line[-4:], parts[1:])


def trace_wrong(kept: Kept, made: Settlement) -> Iterator[Wrong]:
    """Where the working on record, rule by rule and clause by clause, is not what deciding again makes."""
    assert kept.trace is not None
    for name, computed in (("awards", trace.awards_json(made.awards)), ("entries", [[*one] for one in made.entries])):
        if _canonical(kept.trace.get(name)) != _canonical(computed):
            found = first_difference(kept.trace.get(name), plain(computed), f"trace.{name}")
            if found is not None:
                yield wrong("settlement_documents", kept.id, *found)
    findings = [[*finding] for finding in made.findings]
    kept_last = kept.trace.get("findings", [])[-len(findings) :] if findings else []
    if _canonical(kept_last) != _canonical(findings):
        yield wrong("settlement_documents", kept.id, "trace.findings", kept_last, findings)


def layers_wrong(kept: Kept, computed: list[tuple[str, str, int, str]]) -> Iterator[Wrong]:
    """Layers that are not as decided: what each payer pays, and which way it goes."""
    names = ("layer", "payer", "amount", "way")
    yield from _rows_wrong(
        "settlement_layers",
        kept.id,
        {position: dict(zip(names, layer, strict=True)) for position, *layer in kept.layers},
        [dict(zip(names, layer, strict=True)) for layer in computed],
    )


def entries_wrong(kept: Kept, computed: list[Row]) -> Iterator[Wrong]:
    """Entries of the running sums that are not as decided."""
    person = {"person_no": kept.row["person_no"]}
    have = {one["position"]: one for one in kept.entries}
    yield from _rows_wrong("accumulator_entries", kept.id, have, [one | person for one in computed])


def ledger_wrong(
    kept: Kept, cause: Cause, case_id: str, postings: tuple[Posting, ...], *, ordered: bool = True
) -> Iterator[Wrong]:
    """
    An entry, or a posting, that is not what the settlement makes payers owe; none where nobody owes anything.

    Where not `ordered`, the postings may stand in any order: the database sorted what they were made from.
    """
    row = kept.row
    if postings and kept.entry is None:
        yield wrong("ledger_entries", kept.id, None, "missing", f"an entry of {cause.value}")
    elif not postings and kept.entry is not None:
        yield wrong("ledger_entries", kept.id, None, "an entry", "nobody owes anything")
    elif kept.entry is not None:
        computed = {"cause": cause.value, "settlement_id": kept.id, "case_id": case_id}
        computed |= {"at": row["settled_at"], "on_day": row["settled_on"]}
        yield from differing("ledger_entries", kept.id, kept.entry, computed)
    own = {"origin": kept.id, "on_day": row["settled_on"]}
    have = {one["position"]: one for one in kept.postings}
    computed_rows = [{**one._asdict(), **own} for one in postings]
    if not ordered:
        have = dict(enumerate(sorted(kept.postings, key=_place)))
        computed_rows.sort(key=_place)
    yield from _rows_wrong("postings", kept.id, have, computed_rows)


def _place(posting: Row) -> tuple[str, ...]:
    return posting["layer"], posting["payer"], posting["payee"]


def _rows_wrong(table: str, id_: str, kept: dict[int, Row], computed: list[Row]) -> Iterator[Wrong]:
    """Numbered rows beside those computed: what differs, what is missing, what is too many."""
    for position, row in enumerate(computed):
        key = f"{id_}/{position}"
        have = kept.get(position)
        if have is None:
            yield wrong(table, key, None, "missing", row)
        else:
            yield from differing(table, key, have, row)
    for position, row in kept.items():
        if not 0 <= position < len(computed):
            yield wrong(table, f"{id_}/{position}", None, row, "no such row")


def _canonical(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
