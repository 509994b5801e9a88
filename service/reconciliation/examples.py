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
ADVANCES: Final[dict[str, Any]] = {
    "as_of": "2018-07-20",
    "items": [
        {
            "payer": "top_up_insurer",
            "hospital_code": "H45990100101",
            "person_no": None,
            "unbilled": "800.00",
            "billed": "2299.60",
            "returned": "0.00",
            "paid": "0.00",
            "deducted": "0.00",
            "prepaid": "0.00",
            "overdue": "2299.60",
            "overdue_by_age": {"0-15": "2299.60", "16-30": "0.00", "31-60": "0.00", "over_60": "0.00"},
        }
    ],
}
DEADLINES: Final[dict[str, Any]] = {
    "today": "2018-07-20",
    "items": [
        {
            "kind": "statement.pay",
            "due_on": "2018-07-15",
            "overdue": True,
            "days_left": -5,
            "payer": "top_up_insurer",
            "hospital_code": "H45990100101",
            "period": "2018-06",
            "subject": _ID,
            "amount": "2299.60",
            "text": {"zh": "结算单待付款", "en": "To pay"},
        }
    ],
}
_SUMS: Final[dict[str, Any]] = {
    "key": "",
    "visits": 1,
    "total": "13644.00",
    "in_scope": "12100.00",
    "paid_total": "12279.60",
    "patient_pays": "1364.40",
    "layers": {"aid": "0.00", "basic": "9680.00", "other": "300.00", "serious": "0.00", "top_up": "2299.60"},
    "paid_ratio": "0.9000",
}
MONTH: Final[dict[str, Any]] = {
    "period": "2018-06",
    "whole": _SUMS,
    "by_hospital": [_SUMS | {"key": "H45990100101"}],
    "by_identity": [_SUMS | {"key": "registered_poor"}],
}
CLEARING: Final[dict[str, Any]] = {
    "period": "2018-07",
    "items": [
        {
            "payer": "top_up_insurer",
            "hospital_code": "H45990100101",
            "owed_before": "2299.60",
            "advanced": "800.00",
            "reversed": "0.00",
            "billed": "2299.60",
            "paid": "2299.60",
            "returned": "0.00",
            "deducted": "0.00",
            "released": "0.00",
            "owed_after": "800.00",
        }
    ],
}
CASHIER: Final[dict[str, Any]] = {
    "day": "2018-06-09",
    "items": [
        {
            "hospital_code": "H45990100101",
            "operator": "收费员01",
            "settlements": 1,
            "reversals": 0,
            "total": "13644.00",
            "hospital_advances": "11979.60",
            "due_at_discharge": "1364.40",
        }
    ],
}
EVENTS: Final[dict[str, Any]] = {
    "items": [
        {
            "cursor": "7731-1",
            "kind": "statement.issued",
            "at": _AT,
            "subject": _ID,
            "hospital_code": "H45990100101",
            "payer": "top_up_insurer",
            "data": {"total": 229960},
        }
    ],
    "next": "7731-1",
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
