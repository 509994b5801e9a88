"""Examples for the API document."""

from typing import Any, Final

from service.claims import examples as claims

_AT: Final = "2018-07-02T09:30:00+08:00"
_VISIT: Final = claims.REQUEST_BODY | {"invoice_no": "4501180001"}
REGISTRATION: Final[dict[str, Any]] = {"reason": "not_connected", "visit": _VISIT}
MISSING: Final = {"reason": "缺少费用清单，请补交。"}
DECISION: Final = {"outcome": "approve", "reason": "材料齐全，符合政策规定。"}
DOCUMENT: Final[dict[str, Any]] = {
    "id": "0198c7a4-5c00-7000-8000-00000000000b",
    "kind": "invoice",
    "name": "发票.jpg",
    "media_type": "image/jpeg",
    "size": 183_245,
    "at": _AT,
}
_ENCOUNTER: Final[dict[str, Any]] = {
    "person_no": "P459901000001",
    "hospital_code": _VISIT["hospital_code"],
    "visit_no": _VISIT["visit_no"],
    "interim_no": 0,
    "visit_type": "inpatient",
    "disease_code": None,
    "admitted_on": "2018-06-01",
    "last_day": "2018-06-09",
    "invoice_no": "4501180001",
}
REGISTERED: Final[dict[str, Any]] = {
    "id": "0198c7a4-5c00-7000-8000-00000000000c",
    "state": "registered",
    "reason": "not_connected",
    "encounter": _ENCOUNTER,
    "documents_needed": ["invoice", "fee_list"],
    "documents_missing": ["fee_list"],
    "documents": [DOCUMENT],
    "registered_at": _AT,
    "due_on": "2018-07-23",
    "overdue": False,
    "settlement_id": None,
    "steps": [],
}


def _step(state: str, reason: str | None = None) -> dict[str, Any]:
    return {"state": state, "at": _AT, "operator": "clerk-07", "reason": reason}


INCOMPLETE: Final = REGISTERED | {"state": "incomplete", "steps": [_step("incomplete", MISSING["reason"])]}
REVIEWED: Final = REGISTERED | {"state": "under_review", "documents_missing": [], "steps": [_step("under_review")]}
APPROVED: Final = REVIEWED | {
    "state": "approved",
    "settlement_id": "0198c7a4-5c00-7000-8000-000000000001",
    "steps": [_step("under_review"), _step("approved", DECISION["reason"])],
}
FORM: Final[dict[str, Any]] = {"file": "(PDF, JPEG, PNG)", "kind": "invoice"}
