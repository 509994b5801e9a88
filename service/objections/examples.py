"""Examples for the API document."""

from typing import Any, Final

ID: Final = "0198c7a4-5c00-7000-8000-00000000000a"
_AT: Final = "2018-06-20T09:30:00+08:00"
FILING: Final[dict[str, Any]] = {"reason": "有一盒药费用重复计算", "contact": "13800001234"}
BODY: Final = FILING | {"settlement_id": "0198c7a4-5c00-7000-8000-000000000001"}
DECISION: Final[dict[str, Any]] = {"outcome": "upheld", "reason": "经核对，该药品确系重复收费，已更正并重新结算。"}
DOCUMENT: Final[dict[str, Any]] = {
    "id": "0198c7a4-5c00-7000-8000-00000000000b",
    "name": "发票.jpg",
    "media_type": "image/jpeg",
    "size": 183_245,
    "at": _AT,
}
RECEIVED: Final[dict[str, Any]] = {
    "id": ID,
    "settlement_id": BODY["settlement_id"],
    "person_no": "P459901000001",
    "hospital_code": "H45990100101",
    "filed_by": "patient",
    "state": "received",
    "reason": FILING["reason"],
    "contact": FILING["contact"],
    "filed_at": _AT,
    "due_on": "2018-08-19",
    "overdue": False,
    "outcome": None,
    "version_id": None,
    "steps": [],
    "documents": [DOCUMENT],
}


def _step(state: str, **more: Any) -> dict[str, Any]:
    return {"state": state, "at": _AT, "outcome": None, "reason": None, "version_id": None} | more


REVIEWED: Final = RECEIVED | {"state": "under_review", "steps": [_step("under_review")]}
WITHDRAWN: Final = RECEIVED | {"state": "withdrawn", "steps": [_step("withdrawn")]}
DECIDED: Final = RECEIVED | {
    "state": "decided",
    "outcome": DECISION["outcome"],
    "steps": [_step("under_review"), _step("decided", outcome=DECISION["outcome"], reason=DECISION["reason"])],
}
FORM: Final[dict[str, Any]] = {"file": "(PDF, JPEG, PNG)"}
