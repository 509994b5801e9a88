"""Example requests and answers of the room, for the API document."""

from typing import Any, Final

_ID: Final = "5b0e6c9e-5a0f-5d6e-9a43-459901000044"
_OTHER: Final = "0198c7a4-5c00-7000-8000-000000000044"
_AT: Final = "2018-07-01T08:00:00+08:00"

RUN_ASKED: Final[dict[str, Any]] = {"payer": "top_up_insurer", "period": "2018-06", "dry_run": False}
STATEMENT: Final[dict[str, Any]] = {
    "id": _ID,
    "county_code": "459901",
    "payer": "top_up_insurer",
    "hospital_code": "H45990100101",
    "period": "2018-06",
    "status": "confirmed",
    "total": "2299.60",
    "lines_total": "2299.60",
    "carried_forward": "0.00",
    "paid": "0.00",
    "deducted": "0.00",
    "held": "0.00",
    "outstanding": "2299.60",
    "line_count": 1,
    "due_on": "2018-07-15",
    "overdue": False,
    "deemed_confirmed_on": "2018-07-11",
    "hospital_confirmed_at": "2018-07-02T09:00:00+08:00",
    "payer_confirmed_at": "2018-07-03T09:00:00+08:00",
    "open_differences": 0,
    "carried_into": None,
    "issued_at": _AT,
}
STATEMENT_WITH_LAYERS: Final[dict[str, Any]] = STATEMENT | {"layers": {"top_up": "2299.60"}}
RUN: Final[dict[str, Any]] = {
    "payer": "top_up_insurer",
    "period": "2018-06",
    "dry_run": False,
    "items": [
        STATEMENT | {"status": "issued", "hospital_confirmed_at": None, "payer_confirmed_at": None},
    ],
    "failed": [],
}
LINE: Final[dict[str, Any]] = {
    "line_no": 1,
    "kind": "advance",
    "settlement_id": "0198c7a4-5c00-7000-8000-000000000001",
    "visit_no": "ZY201806010001",
    "interim_no": 0,
    "person_no": "P000001",
    "admitted_on": "2018-06-01",
    "discharged_on": "2018-06-09",
    "service_on": None,
    "settled_on": "2018-06-09",
    "total": "13644.00",
    "earlier_layers": [
        {"layer": "basic", "payer": "basic_fund", "paid": "9680.00"},
        {"layer": "serious", "payer": "serious_insurer", "paid": "0.00"},
        {"layer": "aid", "payer": "civil_affairs", "paid": "0.00"},
        {"layer": "other", "payer": "other_sources", "paid": "300.00"},
    ],
    "identities": ["registered_poor"],
    "amount": "2299.60",
    "original_line": None,
    "payer_claim_no": "2018-06-H45990100101-000001",
}
ADJUSTMENT: Final[dict[str, Any]] = LINE | {
    "line_no": 2,
    "kind": "adjustment",
    "settlement_id": "0198c7a4-5c00-7000-8000-000000000002",
    "visit_no": "ZY201805010007",
    "amount": "-1200.00",
    "original_line": "2018-05-H45990100101-000007",
    "payer_claim_no": "2018-06-H45990100101-000002",
}
PAYMENT_ASKED: Final[dict[str, Any]] = {
    "payer": "top_up_insurer",
    "hospital_code": "H45990100101",
    "bank_reference": "20180712000000731",
    "paid_on": "2018-07-12",
    "amount": "2299.60",
    "allocations": [{"statement_id": _ID, "amount": "2299.60"}],
}
PAYMENT: Final[dict[str, Any]] = {
    "id": _OTHER,
    "county_code": "459901",
    **{name: PAYMENT_ASKED[name] for name in ("payer", "hospital_code", "bank_reference", "paid_on", "amount")},
    "status": "on_the_way",
    "allocations": [{"statement_id": _ID, "asked": "2299.60", "amount": "2299.60"}],
    "prepaid": "0.00",
    "entered_at": "2018-07-12T10:00:00+08:00",
}
DEDUCTION_ASKED: Final[dict[str, Any]] = {
    "kind": "recovery",
    "amount": "500.00",
    "lines": [],
    "document_no": "医保查〔2018〕12号",
    "reason": "检查后追回",
}
DEDUCTION: Final[dict[str, Any]] = DEDUCTION_ASKED | {
    "id": _OTHER,
    "statement_id": _ID,
    "released": False,
    "taken": "500.00",
    "left": "0.00",
    "at": "2018-07-10T10:00:00+08:00",
}
DIFFERENCE: Final[dict[str, Any]] = {
    "id": _OTHER,
    "statement_id": _ID,
    "kind": "amount",
    "reference": "ZY201806010001",
    "line_no": 1,
    "row_no": 2,
    "ours": "2299.60",
    "theirs": "2199.60",
    "elsewhere": None,
    "owner": "payer",
    "status": "open",
    "opened_on": "2018-07-04",
    "age_days": 3,
    "history": [
        {
            "status": "open",
            "resolution": None,
            "note": "",
            "client_id": "insurer",
            "operator": "李四",
            "at": "2018-07-04T10:00:00+08:00",
        }
    ],
}
MATCH: Final[dict[str, Any]] = {
    "id": _OTHER,
    "statement_id": _ID,
    "filename": "201806.csv",
    "format": "table",
    "side": "payer",
    "row_count": 1,
    "ours_total": "2299.60",
    "theirs_total": "2199.60",
    "level": False,
    "differences": [DIFFERENCE],
    "at": "2018-07-04T10:00:00+08:00",
}
MATCH_FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "content": {
            "multipart/form-data": {
                "examples": {
                    "example": {
                        "summary": "A table with headings",
                        "value": {"file": "结算号,金额\r\n0198c7a4-5c00-7000-8000-000000000001,2299.60"},
                    }
                }
            }
        }
    }
}
