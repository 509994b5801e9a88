"""Examples for the API document."""

from typing import Any, Final

APPLICATION: Final = {"settlement_id": "0198c7a4-5c00-7000-8000-000000000001"}
DECISION: Final = {"outcome": "cut", "granted": "500.00", "reason": "家庭已获临时救助，按差额核定。"}
WAITING: Final[dict[str, Any]] = {
    "id": "0198c7a4-5c00-7000-8000-00000000000d",
    "settlement_id": APPLICATION["settlement_id"],
    "person_no": "P459901000001",
    "expected": "1700.00",
    "state": "waiting",
    "applied_at": "2018-06-20T09:30:00+08:00",
    "due_on": "2018-07-11",
    "overdue": False,
    "granted": None,
    "reason": None,
    "decided_at": None,
    "version_id": None,
}
DECIDED: Final = WAITING | {
    "state": "cut",
    "granted": DECISION["granted"],
    "reason": DECISION["reason"],
    "decided_at": "2018-06-25T15:00:00+08:00",
    "version_id": "0198c7a4-5c00-7000-8000-000000000002",
}
MISSING: Final[dict[str, Any]] = {
    "settlement_id": APPLICATION["settlement_id"],
    "person_no": "P459901000001",
    "township_code": "459901101",
    "hospital_code": "H45990100101",
    "visit_no": "ZY201806010001",
    "last_day": "2018-06-09",
    "settled_on": "2018-06-09",
    "expected_aid": "1700.00",
    "days_waiting": 11,
}
