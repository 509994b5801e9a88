"""Examples for the API document."""

from typing import Any, Final

SESSION: Final = {"query_code": "482910573316", "id_last6": "070005"}
TOKEN: Final = {"access_token": "eyJhbGciOiJIUzI1NiIs...", "token_type": "Bearer", "expires_in": 1200}
CLAIM: Final[dict[str, Any]] = {
    "id": "0198c7a4-5c00-7000-8000-000000000001",
    "status": "settled",
    "version": 1,
    "hospital": "示范县人民医院",
    "visit_type": "inpatient",
    "admitted_on": "2018-06-01",
    "last_day": "2018-06-09",
    "disease": None,
    "total": "13644.00",
    "paid_total": "12279.60",
    "hospital_bears": "0.00",
    "patient_pays": "1364.40",
    "due_at_discharge": "1364.40",
    "owed_to_patient": "0.00",
    "expected_aid": "0.00",
}
WHOLE: Final[dict[str, Any]] = CLAIM | {
    "replaced_by": None,
    "versions": [
        {
            "id": "0198c7a4-5c00-7000-8000-000000000001",
            "version": 1,
            "status": "settled",
            "decided_on": "2018-06-09",
            "patient_pays": "1364.40",
        }
    ],
    "amounts": {
        "total": "13644.00",
        "self_funded": "444.00",
        "over_ceiling": "200.00",
        "first_pay": "900.00",
        "in_scope": "12100.00",
    },
    "layers": [
        {
            "layer": "basic",
            "name": {"zh": "基本医疗保险", "en": "Basic insurance"},
            "payer": {"zh": "城乡居民基本医疗保险基金", "en": "Basic insurance fund"},
            "paid": "9680.00",
            "way": "hospital",
            "clauses": ["000 §四(一)"],
        }
    ],
    "explanation": {"zh": ["医疗费总额 13644.00 元。"], "en": ["The bill is 13644.00 yuan."]},
    "timeline": [
        {
            "on": "2018-06-09",
            "kind": "settled",
            "text": {"zh": "已结算；金额为出院时应缴。", "en": "Settled; the amount was due at discharge."},
            "amount": "1364.40",
            "payer": None,
        }
    ],
    "objections": [],
}
YEAR: Final[dict[str, Any]] = {
    "year": 2018,
    "name": "张*",
    "id_no": "4599************05",
    "visits": 1,
    "total": "13644.00",
    "paid_total": "12279.60",
    "hospital_bears": "0.00",
    "patient_pays": "1364.40",
    "layers": {"basic": "9680.00", "other": "300.00", "top_up": "2299.60"},
    "distances": [
        {
            "layer": "serious",
            "what": "deductible",
            "visit_type": "inpatient",
            "threshold": "3500.00",
            "left": "1080.00",
            "text": {
                "zh": "大病保险（住院）：本年起付线 3500.00 元，再自付 1080.00 元后开始支付。",
                "en": "Serious-illness insurance (stays): of this year's deductible of 3500.00 yuan, 1080.00 yuan is "
                "left to bear before it pays.",
            },
        }
    ],
}
ACCESS: Final[dict[str, Any]] = {
    "at": "2018-06-09T10:15:00+08:00",
    "role": "hospital",
    "client_id": "demo-hospital",
    "who": {"zh": "医院", "en": "hospital"},
    "action": "settlement.create",
    "did": {"zh": "办理了您的结算", "en": "made or changed a settlement of yours"},
    "changed": True,
    "purpose": None,
}
