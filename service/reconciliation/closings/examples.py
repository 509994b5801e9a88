"""Example requests and answers of closings, for the API document."""

from typing import Any, Final

ASKED: Final[dict[str, Any]] = {"payer": "top_up_insurer", "period": "2018-06"}
CLOSING: Final[dict[str, Any]] = {
    "id": "0198c7a4-5c00-7000-8000-000000000061",
    "county_code": "459901",
    "payer": "top_up_insurer",
    "period": "2018-06",
    "period_from": "2018-06-01",
    "period_to": "2018-06-30",
    "closed_at": "2018-07-20T10:00:00+08:00",
    "balances": [
        {"payee": "hospital:H45990100101", "state": "fund", "amount": "-2299.60"},
        {"payee": "hospital:H45990100101", "state": "unbilled", "amount": "2299.60"},
    ],
}
READ: Final[dict[str, Any]] = CLOSING | {"agrees": True}
