"""Example requests and answers, for the API document."""

from typing import Any, Final

REQUEST: Final[dict[str, Any]] = {
    "id": "0198c7a4-5c00-7000-8000-000000000071",
    "county_code": "459901",
    "hospital_code": "H45990100101",
    "clr_type": "21",
    "from": "2018-06-01",
    "to": "2018-06-30",
    "visits": 1,
    "total": "13644.00",
    "amount": "12279.60",
    "status": "partly_issued",
    "reason": None,
    "requested_at": "2018-07-01T08:00:00+08:00",
    "parts": [
        {"payer": "basic_fund", "statement_id": None, "period": None},
        {"payer": "top_up_insurer", "statement_id": "5b0e6c9e-5a0f-5d6e-9a43-459901000044", "period": "2018-06"},
    ],
}
REFUSAL: Final[dict[str, Any]] = {"reason": "本期对账不平，请先处理差异"}
REFUSED: Final[dict[str, Any]] = REQUEST | {
    "status": "refused",
    "reason": REFUSAL["reason"],
    "parts": [{"payer": "basic_fund", "statement_id": None, "period": None}],
}
