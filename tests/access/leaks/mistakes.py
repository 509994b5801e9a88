"""Everything that people type wrongly, each time about somebody who is real in the demo county."""

from collections.abc import Mapping, Sequence
from typing import Any

from service.registers.entries import Person
from tests.cases.county import Call
from tests.claims.bills import Body, stay

HOSPITAL = "H45990100101"
SERVER_ERROR = 500


async def everything_wrong(calls: Mapping[str, Call], people: Mapping[str, Person], claim: Body) -> None:
    """Each must be refused; what the refusals say is searched afterwards with all other answers."""
    for role, method, path, body, more in _about(list(people.values()), claim):
        answer = await calls[role](method, path, body, **more)
        assert 400 <= answer.status_code < SERVER_ERROR, (method, path, answer.text)


def _about(people: Sequence[Person], claim: Body) -> list[tuple[str, str, str, Any, dict[str, Any]]]:
    one, other = people[:2]
    number, bill = str(one.id_no), stay(HOSPITAL, str(one.id_no))
    entry = {"county_code": "459901", "township_code": "459901101", "name": one.name, "id_no": number}
    account = one.bank_account
    assert account is not None
    kept = f"/v1/persons/{one.person_no}"
    return [
        ("agency", "POST", "/v1/persons", entry, {}),
        ("agency", "POST", "/v1/persons", entry | {"nmae": one.name}, {}),
        ("agency", "POST", "/v1/persons", entry | {"id_no": number[:-1] + "?"}, {}),
        ("agency", "POST", "/v1/persons", entry | {"phone": [one.phone]}, {}),
        ("agency", "POST", "/v1/persons", entry | {"bank_account": {"number": account.number}}, {}),
        ("agency", "PUT", kept, {"id_no": other.id_no, "reason": "x"}, {}),
        ("agency", "PUT", kept, {"bank_account": {"holder": one.name, "number": account.number + "x"}}, {}),
        ("agency", "GET", f"/v1/persons/{number}", None, {}),
        ("agency", "GET", f"/v1/nothing/{number}/{one.name}", None, {}),
        ("agency", "DELETE", f"/v1/persons/{number}", None, {}),
        ("agency", "GET", "/v1/persons", None, {"params": {"cursor": number}}),
        ("agency", "GET", "/v1/persons", None, {"params": {"id_no": number}}),
        ("agency", "POST", "/v1/persons", None, {"content": f'{{"name": "{one.name}", '.encode()}),
        ("agency", "POST", "/v1/persons", None, {"headers": {"X-Operator": number * 9}}),
        ("agency", "GET", "/v1/nothing", None, {"headers": {"X-Request-Id": f"{one.name}".encode()}}),
        ("agency", "POST", "/v1/objections", {"settlement_id": number, "reason": one.name}, {}),
        ("agency", "POST", "/v1/manual-claims", {"reason": one.name, "visit": bill}, {}),
        ("agency", "POST", f"/v1/settlements/{claim['id']}/reversal", {"reason": "", "name": one.name}, {}),
        ("hospital", "POST", "/v1/settlements", bill, {}),
        ("hospital", "POST", "/v1/settlements/preview", bill | {"hospital_code": one.name}, {}),
        ("hospital", "POST", "/v1/settlements/preview", bill | {"person": {"id_no": one.name}}, {}),
        ("hospital", "POST", "/v1/settlements/preview", bill | {"person": {"id_no": number + "1"}}, {}),
        ("hospital", "GET", "/v1/recognition", None, {"params": {"id_no": number, "naem": one.name}}),
        ("hospital", "GET", "/v1/settlements", None, {"params": {"visit_no": one.name, "from": number}}),
        ("insurer", "GET", "/v1/recognition", None, {"params": {"id_no": number}}),
        ("insurer", "POST", "/v1/payout-batches", {"payer": one.name, "pay_on": number}, {}),
        ("township", "POST", "/v1/aid-applications", {"settlement_id": number}, {}),
        ("nobody", "GET", "/v1/recognition", None, {"params": {"id_no": number}}),
        ("nobody", "POST", "/v1/patient/session", {"query_code": number, "id_last6": one.name}, {}),
        ("nobody", "POST", "/v1/patient/session", {"query_code": "1" * 12, "id_last6": number[-6:]}, {}),
        ("nobody", "GET", f"/p/claims/{number}", None, {}),
    ]
