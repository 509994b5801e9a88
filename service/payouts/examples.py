"""Example requests and answers of the room, for the API document."""

from typing import Any, Final

_ID: Final = "0198c7a4-5c00-7000-8000-000000000066"
_ITEM: Final = "0198c7a4-5c00-7000-8000-000000000067"
_ACCOUNT: Final = {"holder": "张*", "bank": "县农村信用社", "number": "***************0001"}

BATCH_ASKED: Final[dict[str, Any]] = {
    "payer": "top_up_insurer",
    "pay_on": "2018-12-14",
    "layout": "standard",
    "filter": {"kinds": ["cycle"], "township_code": "459901101"},
    "dry_run": False,
}
BATCH: Final[dict[str, Any]] = {
    "id": _ID,
    "county_code": "459901",
    "number": 12,
    "payer": "top_up_insurer",
    "pay_on": "2018-12-14",
    "layout": "standard",
    "filter": {"kinds": ["cycle"], "township_code": "459901101", "person_nos": None},
    "status": "draft",
    "line_count": 1,
    "total": "386.80",
    "paid": "0.00",
    "returned": "0.00",
    "made_by": "clerk-07",
    "made_at": "2018-12-10T09:00:00+08:00",
    "released_by": None,
    "released_at": None,
}
LEFT_OUT: Final[dict[str, Any]] = {"person_no": "P459901000002", "amount": "96.00", "code": "account.none"}
MADE: Final[dict[str, Any]] = {"batch": BATCH, "total": "386.80", "items": None, "left_out": [LEFT_OUT]}
RELEASED: Final[dict[str, Any]] = BATCH | {
    "status": "released",
    "released_by": "clerk-08",
    "released_at": "2018-12-10T10:00:00+08:00",
}
ANSWERED: Final[dict[str, Any]] = RELEASED | {"status": "answered", "paid": "386.80"}
ITEM: Final[dict[str, Any]] = {
    "id": _ITEM,
    "batch_id": _ID,
    "line_no": 1,
    "reference": "00000120000015",
    "person_no": "P459901000001",
    "relation": None,
    "account": _ACCOUNT,
    "amount": "386.80",
    "attempt": 1,
    "status": "paid",
    "on_day": "2018-12-14",
    "reason": None,
}
RETURN_ASKED: Final[dict[str, Any]] = {"returned_on": "2018-12-17", "reason": "账户已销户"}
CAME_BACK: Final[dict[str, Any]] = ITEM | {"status": "returned", "on_day": "2018-12-17", "reason": "账户已销户"}
LAYOUT: Final[dict[str, Any]] = {
    "id": "standard",
    "title": {"zh": "通用代发文件", "en": "General file of transfers"},
    "columns": [{"heading": "业务编号", "field": "reference"}],
    "answer": {
        "reference": "业务编号",
        "amount": "金额",
        "outcome": "处理结果",
        "reason": "失败原因",
        "paid": ["成功"],
        "returned": ["失败"],
        "trailer": "合计",
    },
}
CYCLE: Final[dict[str, Any]] = {
    "cycle_start": "2018-01-01",
    "cycle_end": "2018-11-30",
    "counts_to": "2018-11-30",
    "pay_by": "2018-12-15",
}
CYCLE_ITEM: Final[dict[str, Any]] = {
    "person_no": "P459901000001",
    "township_code": "459901101",
    "total": "9000.00",
    "reimbursed": "5331.70",
    "target": "7200.00",
    "amount": "1868.30",
    "difference": "0.00",
    "pay_by": "2018-12-15",
    "status": "open",
    "account": None,
}
_SUMS: Final = {"persons": 1, "total": "9000.00", "reimbursed": "5331.70", "amount": "1868.30"}
RAN: Final[dict[str, Any]] = CYCLE | {
    "dry_run": False,
    "run": {"id": _ID, "persons": 1, "changed": 1, "at": "2018-12-03T09:00:00+08:00"},
    "totals": _SUMS
    | {
        "without_account": 0,
        "by_township": [{"township_code": "459901101", **_SUMS}],
        "by_disease": [{"disease_code": "CD27", **_SUMS}],
    },
    "items": [CYCLE_ITEM],
    "next_cursor": None,
}
