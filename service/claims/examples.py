"""
The examples of the API document: one bill, and what the service itself answers to it.

The answers are not written down but decided here, by the same functions that decide a real visit, so that they
cannot grow old.
"""

from copy import deepcopy
from datetime import date, datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

import orjson

from service.access.model import Caller, Role
from service.access.vault import KEY_BYTES, Key, Vault
from service.claims.answer import answer, traced
from service.claims.decide import Facts, Making, decide
from service.claims.model import History, Record
from service.claims.query_code import query_code
from service.claims.schemas import SettlementIn
from service.clock import COUNTY_ZONE
from service.explanation.render import renderer_of
from service.policy.load import shipped_packs
from service.registers.model import AgreementFacts, HospitalFacts, PersonFacts, VisitFacts

REQUEST_BODY: Final[dict[str, Any]] = {
    "hospital_code": "H45990100101",
    "visit_no": "ZY201806010001",
    "interim_no": 0,
    "visit_type": "inpatient",
    "person": {"id_no": "459901195003070005"},
    "admitted_on": "2018-06-01",
    "discharged_on": "2018-06-09",
    "diagnoses": [{"code": "I10.x00", "name": "高血压"}],
    "fee_lines": [
        {
            "line_no": 1,
            "item_code": "XA01",
            "item_name": "氯化钠注射液",
            "category": "western_medicine",
            "grade": "A",
            "unit_price": "20.00",
            "quantity": "300",
            "amount": "6000.00",
            "charged_on": "2018-06-02",
        },
        {
            "line_no": 2,
            "item_code": "XB01",
            "item_name": "头孢曲松钠",
            "category": "western_medicine",
            "grade": "B",
            "unit_price": "150.00",
            "quantity": "40",
            "amount": "6000.00",
            "self_pay_ratio": "0.10",
            "charged_on": "2018-06-03",
        },
        {
            "line_no": 3,
            "item_code": "XC01",
            "item_name": "陪护用品",
            "category": "material",
            "grade": "C",
            "unit_price": "88.80",
            "quantity": "5",
            "amount": "444.00",
            "charged_on": "2018-06-04",
        },
        {
            "line_no": 4,
            "item_code": "XB02",
            "item_name": "螺旋CT",
            "category": "examination",
            "grade": "B",
            "unit_price": "1200.00",
            "quantity": "1",
            "amount": "1200.00",
            "self_pay_ratio": "0.30",
            "price_ceiling": "1000.00",
            "charged_on": "2018-06-05",
        },
    ],
    "other_compensation": [{"source": "charity", "amount": "300.00", "paid_to": "hospital"}],
}

_CHRONIC_BODY: Final[dict[str, Any]] = {
    "hospital_code": "H45990100101",
    "visit_no": "MZ201806050007",
    "visit_type": "chronic_outpatient",
    "person": {"id_no": "459901195812069020"},
    "service_on": "2018-06-05",
    "disease_code": "CD03",
    "fee_lines": [{**REQUEST_BODY["fee_lines"][0], "quantity": "5", "amount": "100.00", "charged_on": "2018-06-05"}],
}
_DECIDED_BODY: Final[dict[str, Any]] = {
    **REQUEST_BODY,
    "other_compensation": [],
    "decided_layers": [
        {"layer": layer, "paid": paid, "settlement_no": "GJ2018060900017", "platform": "国家医保信息平台"}
        for layer, paid in (("basic", "9680.00"), ("serious", "0.00"), ("aid", "0.00"))
    ],
    "platform_totals": {"total": "13644.00", "patient_pays": "3964.00"},
}

REQUEST: Final[dict[str, Any]] = {
    "requestBody": {
        "content": {
            "application/json": {
                "examples": {
                    "stay": {"summary": "A stay in the county hospital", "value": REQUEST_BODY},
                    "chronic": {"summary": "A chronic outpatient visit", "value": _CHRONIC_BODY},
                    "decided": {"summary": "Three layers already settled nationally", "value": _DECIDED_BODY},
                }
            }
        }
    }
}

_VAULT: Final = Vault([Key("example", bytes(KEY_BYTES))])
_ID: Final = UUID("01984d3e-5c00-7000-8000-000000000001")
_NOW: Final = datetime(2018, 6, 9, 10, 30, tzinfo=COUNTY_ZONE)
CALLER: Final = Caller(
    client_id="hospital-1",
    role=Role.HOSPITAL,
    county_code="459901",
    hospital_code="H45990100101",
    payers=frozenset(),
    township_code=None,
    operator="cashier-03",
    request_id="example",
)


def decided_example(identities: tuple[str, ...], making: Making) -> Record:
    """The example visit as it is decided for a person of these identities."""
    order = SettlementIn.model_validate(deepcopy(REQUEST_BODY)).to_order(_VAULT)
    pack = shipped_packs().on("459901", order.last_day)
    assert pack is not None
    person = PersonFacts(
        county_code="459901",
        person_no="P459901000005",
        insured=True,
        barred=None,
        identities=identities,
        born_on=date(1950, 3, 7),
        died_on=None,
    )
    hospital = HospitalFacts(
        hospital_code=order.hospital_code,
        county_code="459901",
        level="level2",
        location="county",
        specialist=False,
        connected=True,
        suspended=None,
        aid="on_the_spot",
    )
    agreements = (AgreementFacts("top_up_insurer", "PICC-2018-0001"),)
    visit = VisitFacts(person, hospital, agreements, agreement_expired=False, referral=None, card=None, catalogue=())
    return decide(
        CALLER,
        order,
        Facts(person, hospital, pack, visit),
        History(order_no=1, sums={}, parts=(), others=()),
        making,
    )


@cache
def settled_example() -> Record:
    """The example visit, settled."""
    return decided_example(("registered_poor",), Making(_NOW, _ID, query_code(_VAULT, _ID)))


def _answered() -> dict[str, Any]:
    record = settled_example()
    pack = shipped_packs().by_hash(record.pack_hash)
    assert pack is not None
    body: dict[str, Any] = orjson.loads(orjson.dumps(answer(record, renderer_of(pack), "zh")))
    return body


SETTLED: Final = _answered()
PREVIEW: Final = {**SETTLED, "id": None, "status": "preview", "query_code": None, "settled_at": None}
TRACE: Final[dict[str, Any]] = orjson.loads(orjson.dumps(traced(settled_example()), default=list))
