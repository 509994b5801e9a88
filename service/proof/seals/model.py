"""What is sealed: kinds of rows, each with the rows written together with it. And the arithmetic of the chain."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import orjson

DIGEST: Final = 16
"""Bytes kept of each SHA-256 of rows: nobody finds other rows of the same digest."""
NO_ROWS: Final = bytes(DIGEST)
FIRST: Final = bytes(32)
"""What the first seal of a county has as its previous hash."""
SLACK: Final = timedelta(days=1)
"""Longer than any transaction runs: a row dated earlier than this before the newest sealed one is sealed, or forged."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """
    A table whose rows belong to a sealed key: `key` says which, in SQL; `only`, which of its rows; `but`, which of its
    columns move on afterwards.
    """

    table: str
    key: str
    only: str = "true"
    name: str | None = None
    but: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return self.name or self.table


@dataclass(frozen=True, slots=True)
class Kind:
    """
    A kind of row that is written once, with the rows written in the same transaction (`leaves`, itself the first).

    `dated`: whether its time stands in the column `at`; otherwise it is that of its key (UUID version 7).
    """

    name: str
    leaves: tuple[Leaf, ...]
    dated: bool = True
    only: str = "true"

    @property
    def table(self) -> str:
        return self.leaves[0].table

    @property
    def key(self) -> str:
        return self.leaves[0].key


def _own(table: str, key: str = "t.id") -> Leaf:
    return Leaf(table, key)


_ENTRY: Final = (
    Leaf("ledger_entries", "t.id"),
    # Two ways to find them, by two indexes: those that begin a claim, those that move one on.
    Leaf("postings", "t.origin", "t.entry_id = t.origin", "postings that begin"),
    Leaf("postings", "t.entry_id", "t.entry_id <> t.origin", "postings that move"),
)

KINDS: Final = (
    Kind(
        "settlement",
        (
            _own("settlements"),
            Leaf("settlement_layers", "t.settlement_id"),
            Leaf("settlement_documents", "t.settlement_id"),
            Leaf("accumulator_entries", "t.settlement_id"),
        ),
        dated=False,
    ),
    Kind("entry", _ENTRY, dated=False, only="t.cause NOT IN ('statement', 'deduction', 'release')"),
    # Some of these have an id made of what they are about, so that they are made once: it tells no time.
    Kind("deducted entry", _ENTRY, only="t.cause IN ('deduction', 'release')"),
    Kind(
        "statement",
        (
            _own("statements"),
            Leaf("statement_lines", "t.statement_id"),
            Leaf("statement_carries", "t.into_id"),
            *_ENTRY,
        ),
    ),
    Kind("confirmation", (_own("statement_confirmations", "t.statement_id || '/' || t.side"),)),
    Kind("payment", (_own("payments"), Leaf("payment_allocations", "t.payment_id"))),
    Kind("outcome", (_own("payment_outcomes"),)),
    Kind("deduction", (_own("deductions"),)),
    Kind("recovery", (_own("recoveries"), Leaf("recovery_cases", "t.recovery_id"))),
    Kind("closing", (_own("closings"), Leaf("closing_balances", "t.closing_id"))),
    Kind("release", (_own("deduction_releases"),)),
    Kind("hold", (_own("line_holds"),)),
    Kind("match", (_own("matches"),)),
    Kind("difference", (_own("differences"),)),
    Kind("step", (_own("difference_steps", "t.difference_id || '/' || t.step_no"),)),
    Kind("deeming", (_own("statement_deemings", "t.statement_id"),)),
    Kind("objection", (_own("objections"),)),
    Kind("objection step", (_own("objection_steps", "t.objection_id || '/' || t.state"),)),
    Kind("objection document", (_own("objection_documents", "t.objection_id || '/' || t.id"),)),
    Kind("query code", (_own("query_codes", "t.settlement_id || '/' || t.serial"),)),
    Kind("audit", (_own("audit_log"),)),
    Kind("payout source", (_own("payout_sources", "t.origin"),), dated=False),
    Kind("payout batch", (_own("payout_batches"),)),
    Kind("payout item", (_own("payout_items"), Leaf("payout_parts", "t.item_id", but=("live",))), dated=False),
    Kind("payout step", (_own("payout_steps"), Leaf("payout_outcomes", "t.step_id"))),
    Kind("cycle line", (_own("cycle_lines"),), dated=False),
    Kind("manual claim", (Leaf("manual_claims", "t.id", but=("state", "due_on", "settlement_id")),), dated=False),
    Kind("manual claim step", (_own("manual_claim_steps", "t.claim_id || '/' || t.serial"),)),
    Kind("manual claim document", (_own("manual_claim_documents", "t.claim_id || '/' || t.id"),)),
    Kind("aid application", (_own("aid_applications"),), dated=False),
    Kind("aid decision", (_own("aid_decisions", "t.application_id"),)),
    Kind("back-pay", (_own("backpay_imports"), Leaf("backpay_rows", "t.import_id")), dated=False),
    Kind("back-pay post", (_own("backpay_posts", "t.import_id"), Leaf("backpay_stays", "t.import_id"))),
    Kind("near miss", (_own("near_miss_dismissals", "t.one || '/' || t.other || '/' || t.likeness"),)),
)
"""
Written once and never changed. Not sealed: what is derived (sums, live visits) and proved from these; what is replaced
by its nature (invoices, and the register, whose versions are ended when the next one begins: each change of either
stands in the audit); and kept answers, which repeat what is sealed.
"""

BY_NAME: Final = {kind.name: kind for kind in KINDS}


class Seal(NamedTuple):
    """One link of a county's chain."""

    county_code: str
    seq: int
    kind: str
    columns: Mapping[str, Sequence[str]]
    since: datetime
    until: datetime
    keys: Sequence[str]
    digests: bytes
    row_count: int
    content_hash: bytes
    previous_hash: bytes
    hash: bytes
    made_at: datetime


def content_hash(keys: Sequence[str], digests: bytes) -> bytes:
    """The hash of what a seal covers."""
    return hashlib.sha256("\n".join(keys).encode() + b"\x00" + digests).digest()


def chained(seal: Seal) -> bytes:
    """The hash of a link: of everything it says, and of the link before it."""
    said = [
        seal.county_code,
        seal.seq,
        seal.kind,
        {table: list(columns) for table, columns in seal.columns.items()},
        _instant(seal.since),
        _instant(seal.until),
        seal.row_count,
        seal.content_hash.hex(),
        _instant(seal.made_at),
    ]
    return hashlib.sha256(seal.previous_hash + orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).digest()


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
