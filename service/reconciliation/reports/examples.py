"""Example answers of the reports, for the API document."""

from typing import Any, Final

_ID: Final = "5b0e6c9e-5a0f-5d6e-9a43-459901000044"

ADVANCES: Final[dict[str, Any]] = {
    "as_of": "2018-07-20",
    "items": [
        {
            "county_code": "459901",
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
    "county_code": None,
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
    "by_county": [_SUMS | {"key": "459901", "county_code": "459901"}],
    "by_hospital": [_SUMS | {"key": "H45990100101", "county_code": "459901"}],
    "by_identity": [_SUMS | {"key": "registered_poor", "county_code": "459901"}],
}
CLEARING: Final[dict[str, Any]] = {
    "period": "2018-07",
    "items": [
        {
            "county_code": "459901",
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
            "corrections": 0,
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
            "at": "2018-07-01T08:00:00+08:00",
            "subject": _ID,
            "hospital_code": "H45990100101",
            "payer": "top_up_insurer",
            "data": {"total": 229960},
        }
    ],
    "next": "7731-1",
}
