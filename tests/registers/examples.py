"""Fictional people and places of the demo county, as the registers take them."""

from typing import Any

from service.registers.identity_number import check_character

HOSPITAL = "H45990100101"
OTHER_COUNTY = "459902"


def id_no(sequence: int, born: str = "19500307") -> str:
    """A right identity number of nobody: the area 459901 is not assigned. Odd sequences are men."""
    first = f"459901{born}{sequence:03}"
    return first + check_character(first)


def a_person(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "person_no": f"P{number:06}",
        "township_code": "459901001",
        "household_no": f"H{number:04}",
        "name": "张小三",
        "id_no": id_no(number),
        "social_card_no": f"45990100{number:04}",
        "phone": "13800001234",
        "bank_account": {"holder": "张小三", "bank": "县农村信用社", "number": "6222000000000001111"},
        "payee": {"name": "张四", "relation": "监护人", "phone": "13800005678"},
        "insured": [{"from": "2018-01-01"}],
        "identities": [{"class": "registered_poor", "valid_from": "2018-01-01", "source": "扶贫办"}],
        **changes,
    }


def a_hospital(code: str = HOSPITAL, **changes: Any) -> dict[str, Any]:
    return {"hospital_code": code, "name": "县人民医院", "level": "level2", "location": "county", **changes}


def an_agreement(**changes: Any) -> dict[str, Any]:
    return {
        "insurer": "top_up_insurer",
        "hospital_code": HOSPITAL,
        "policy_no": "FP2018-001",
        "valid_from": "2018-01-01",
        "valid_to": "2018-12-31",
        **changes,
    }


def a_referral(**changes: Any) -> dict[str, Any]:
    return {
        "referral_no": "ZZ001",
        "person_no": "P000001",
        "hospital_code": HOSPITAL,
        "approved_on": "2018-06-01",
        "valid_to": "2018-06-30",
        **changes,
    }


def a_card(**changes: Any) -> dict[str, Any]:
    return {
        "person_no": "P000001",
        "disease_code": "CD02",
        "certificate": {"hospital_code": HOSPITAL, "issued_on": "2018-02-20"},
        "applied_on": "2018-03-01",
        "valid_to": "2019-02-28",
        **changes,
    }


def an_item(code: str = "XB01", **changes: Any) -> dict[str, Any]:
    return {
        "item_code": code,
        "name": "人工晶体",
        "category": "material",
        "grade": "B",
        "self_pay_ratio": "0.30",
        "price_ceiling": {"township": "800.00", "level2": "1000.50"},
        "valid_from": "2018-01-01",
        **changes,
    }
