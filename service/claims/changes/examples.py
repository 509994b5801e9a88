"""The examples of changes in the API document, decided by the functions that decide a real change."""

from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

import orjson

from service.claims.answer import answer
from service.claims.changes import anew, versions
from service.claims.changes.answers import compared, differences, side
from service.claims.changes.model import Change, Made
from service.claims.changes.reversal import flipped
from service.claims.changes.who_gets import share_out
from service.claims.decide import Making
from service.claims.examples import CALLER, REQUEST_BODY, SETTLED, decided_example, settled_example
from service.claims.model import Cause, Record, Status
from service.claims.posting import shares_of, ways
from service.explanation.render import renderer_of
from service.ledger.model import Claimed
from service.ledger.postings import difference
from service.policy.load import shipped_packs
from service.policy.model import Pack

_REASON: Final = "账单录入有误，重新结算"
_NOTE: Final = "民政 7 月补录低保身份"
_REVERSAL_ID: Final = UUID("01984d3e-5c00-7000-8000-000000000002")
_VERSION_ID: Final = UUID("01984d3e-5c00-7000-8000-000000000003")
_LATER: Final = timedelta(days=30)

REVERSAL_REQUEST: Final[dict[str, Any]] = {
    "requestBody": {
        "content": {"application/json": {"examples": {"reversal": {"value": {"reason": _REASON, "chain": False}}}}}
    }
}
INVOICE: Final = {"invoice_no": "PJ45990020180600017"}
INVOICE_REQUEST: Final[dict[str, Any]] = {
    "requestBody": {"content": {"application/json": {"examples": {"invoice": {"value": INVOICE}}}}}
}
READJUDICATION_REQUEST: Final[dict[str, Any]] = {
    "requestBody": {
        "content": {
            "application/json": {
                "examples": {
                    "identity": {
                        "summary": "The agency: an identity became known late",
                        "value": {"cause": Cause.IDENTITY, "note": _NOTE, "chain": False},
                    },
                    "correction": {
                        "summary": "A hospital: its corrected bill",
                        "value": {"cause": Cause.HOSPITAL_CORRECTION, "note": "漏记一行", "request": REQUEST_BODY},
                    },
                }
            }
        }
    }
}


def _pack(record: Record) -> Pack:
    pack = shipped_packs().by_hash(record.pack_hash)
    assert pack is not None
    return pack


def _before() -> Record:
    settled = settled_example()
    return replace(settled, case_id=settled.id)


def _claimed(record: Record) -> list[Claimed]:
    shares = shares_of(ways(record.awards, on_hold=False), record.hospital_code, record.person_no)
    return [Claimed(*share, share.amount) for share in shares]


def _plain(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value, default=list))


@cache
def _reversal() -> Made:
    before = _before()
    assert before.settled_at is not None
    record = flipped(before, CALLER, _REVERSAL_ID, before.settled_at + _LATER, reason=_REASON, beside=())
    return Made(record, before, (), (), difference(_claimed(before), ()))


@cache
def _readjudication() -> Made:
    before = _before()
    assert before.settled_at is not None
    making = Making(before.settled_at + _LATER, _VERSION_ID, before.query_code)
    decided = decided_example(("low_income_allowance", "registered_poor"), making)
    borne = versions.borne_by(before)
    shared = share_out(decided.settlement, anew.claim_of(replace(decided, trace=_plain(decided.trace))), borne)
    postings, beside = versions.posted_by(shared, borne, _claimed(before), decided)
    record = versions.version(before, decided, Change(Cause.IDENTITY, _NOTE), shared, borne, beside)
    return Made(record, before, (), (), postings)


def _compared() -> dict[str, Any]:
    made = _readjudication()
    return compared(made.before, made.record, (_pack(made.before), _pack(made.record)), made.postings)


def _of(record: Record) -> dict[str, Any]:
    return answer(record, renderer_of(_pack(record)), "zh")


def _version(record: Record, status: Status, **more: Any) -> dict[str, Any]:
    return {
        "status": status,
        "cause": record.cause,
        "note": None,
        "settled_at": record.settled_at,
        "operator": record.operator,
        "reversal_of": None,
        "replaces": str(record.replaces) if record.replaces else None,
        "side": side(record),
        "differences": [],
        "difference_explained": None,
        **more,
    }


def _versions() -> list[dict[str, Any]]:
    made, told = _readjudication(), _compared()
    return [
        _version(made.before, Status.SUPERSEDED),
        _version(
            made.record,
            Status.SETTLED,
            note=_NOTE,
            differences=told["differences"],
            difference_explained=told["difference_explained"],
        ),
    ]


REVERSED: Final[dict[str, Any]] = _plain(
    {**_of(_reversal().record), "differences": differences(_reversal().postings), "chain": []}
)
READJUDICATED: Final[dict[str, Any]] = _plain({**_of(_readjudication().record), **_compared(), "chain": []})
VERSIONS: Final[dict[str, Any]] = _plain({"items": _versions()})
INVOICED: Final[dict[str, Any]] = {**SETTLED, **INVOICE}
