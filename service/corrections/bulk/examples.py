"""Examples for the API document."""

from typing import Any, Final

ID: Final = "0198c7a4-5c00-7000-8000-00000000000c"
ASKED: Final[dict[str, Any]] = {
    "selection": {"hospital_code": "H45990100101", "from": "2018-01-01", "to": "2018-06-30"},
    "cause": "identity",
    "note": "2018年上半年建档立卡名单补录",
}
DRAFTED: Final[dict[str, Any]] = {
    "id": ID,
    "state": "previewing",
    "selection": {"person_no": None, "policy": None, "roster_id": None} | ASKED["selection"],
    "cause": "identity",
    "note": ASKED["note"],
    "amendment_id": None,
    "operator": "张三",
    "at": "2018-07-02T09:30:00+08:00",
    "approved_by": None,
    "approved_at": None,
    "withdrawn_by": None,
    "withdrawn_at": None,
    "progress": {"persons": 1, "previewed": 0, "done": 0},
}
ROW: Final[dict[str, Any]] = {
    "settlement_id": "0198c7a4-5c00-7000-8000-000000000001",
    "person_no": "P459901000001",
    "hospital_code": "H45990100101",
    "outcome": "changed",
    "version_id": None,
    "refusal": None,
    "patient_pays_more": "-1725.00",
    "differences": [{"layer": "basic", "payer": "basic_fund", "payee": "patient", "amount": "1725.00"}],
}
_SUMMARY: Final[dict[str, Any]] = {
    "changed": 1,
    "chained": 0,
    "unchanged": 0,
    "refused": 0,
    "payers": [{"payer": "basic_fund", "layer": "basic", "amount": "1725.00"}],
    "patients_pay_more": {"persons": 0, "amount": "0.00"},
    "patients_pay_less": {"persons": 1, "amount": "1725.00"},
    "largest": [ROW],
}
READ: Final = DRAFTED | {
    "state": "previewed",
    "progress": {"persons": 1, "previewed": 1, "done": 0},
    "preview": _SUMMARY,
    "run": None,
}
APPROVED: Final = DRAFTED | {
    "state": "running",
    "approved_by": "李四",
    "approved_at": "2018-07-02T11:00:00+08:00",
    "progress": {"persons": 1, "previewed": 1, "done": 0},
}
WITHDRAWN: Final = DRAFTED | {
    "state": "withdrawn",
    "withdrawn_by": "张三",
    "withdrawn_at": "2018-07-02T10:00:00+08:00",
}
