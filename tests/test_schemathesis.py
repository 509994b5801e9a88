"""Whatever anybody sends: no 500, and no answer that the service's own API document does not announce."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from service.access.model import Role
from service.claims.examples import REQUEST_BODY
from service.clock import Clock
from service.db import transaction_on
from service.ids import new_id
from service.reconciliation.requests import store as requests
from service.reconciliation.requests.store import Asked
from tests import document
from tests.access.callers import bearer, headers_of
from tests.cases.county import done, visit_body
from tests.claims import world as worlds
from tests.claims.bills import stay
from tests.claims.world import World
from tests.conftest import Cluster
from tests.reconciliation.bulk import Case as Settled
from tests.reconciliation.bulk import write

OPERATIONS = [(path, method) for path, method, _ in document.OPERATIONS]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@dataclass(frozen=True)
class Served:
    """A server process on a small county, its document, a token per role, and things that exist."""

    schema: Any
    tokens: dict[str, dict[str, str]]
    known: dict[str, str]

    def operation(self, path: str, method: str) -> Any:
        return self.schema[path][method]

    def allowed(self, path: str, method: str) -> str:
        """A role that may call the operation: the agency where it is one of several."""
        roles: list[str] = self.operation(path, method).definition.raw.get("x-roles", ["agency"])
        return "agency" if "agency" in roles else roles[0]


async def uploaded(world: World, path: str, table: str) -> str:
    """The id of a file that was sent to be previewed."""
    said = {"kind": "changes", "as_of": "2018-06-01"} | ({"source": "民政局"} if path == "/v1/rosters" else {})
    answer = await world.agency("POST", path, data=said, files={"file": ("a.csv", table.encode())})
    made = await done(answer)
    return str(made["id"])


async def furnish(world: World) -> dict[str, str]:
    """One of each, by the names that path parameters have; and whom the examples of the document speak of."""
    await world.county.hospital("level2", "county", hospital_code=REQUEST_BODY["hospital_code"])
    await world.county.person([{"class": "registered_poor", "valid_from": "2015-01-01"}], **REQUEST_BODY["person"])
    person_no, id_number = await world.county.person([{"class": "registered_poor", "valid_from": "2015-01-01"}])
    referral = await world.county.referral(person_no, world.hospital_code, "2018-06-01")
    settled = await done(await world.hospital("POST", "/v1/settlements", stay(world.hospital_code, id_number)))
    certificate = {"hospital_code": world.hospital_code, "issued_on": "2018-01-01"}
    card = {"person_no": person_no, "disease_code": "CD03", "certificate": certificate, "applied_on": "2018-01-01"}
    item = {"item_code": "K-1", "name": "item", "category": "x", "grade": "A", "valid_from": "2018-01-01"}
    await done(await world.agency("POST", "/v1/catalogue", item))
    agreements = await done(await world.agency("GET", "/v1/agreements"), 200)
    people = f"姓名,身份证号码,类别\n测试甲,{id_number},低保\n坏行,1,低保\n"
    items = "编码,名称,类别,等级\nK-9,项目,材料,甲\nK-8,项目,材料,丁\n"
    return {
        "person_no": person_no,
        "hospital_code": world.hospital_code,
        "referral_no": referral,
        "settlement_id": settled["id"],
        "card_id": (await done(await world.agency("POST", "/v1/chronic-cards", card)))["id"],
        "item_code": "K-1",
        "agreement_id": agreements["items"][0]["id"],
        "policy_id": "guangxi-county-2018",
        **await billed(world),
        "roster_id": await uploaded(world, "/v1/rosters", people),
        "import_id": await uploaded(world, "/v1/catalogue-imports", items),
        **await objected(world, id_number),
        **await paid_out(world, person_no, id_number),
    }


async def paid_out(world: World, person_no: str, id_number: str) -> dict[str, str]:
    """A cycle that was run, and a batch of transfers at the bank."""
    account = {"holder": "测试甲", "bank": "示范县农村信用社", "number": "6200004599010000013"}
    await done(await world.agency("PUT", f"/v1/persons/{person_no}", {"name": "测试甲", "bank_account": account}), 200)
    await world.county.card(person_no, "CD01")
    visit = {"visit_no": "CD-1", "visit_type": "chronic_outpatient", "service_on": "2018-03-05", "disease": "CD01"}
    lines = [{"grade": "C", "unit_price": "500.00", "quantity": "1"}]
    body = visit_body(visit, lines, hospital=world.hospital_code, id_number=id_number, referral=None)
    await done(await world.hospital("POST", "/v1/settlements", body))
    await done(await world.agency("POST", "/v1/cycles/2018-01-01/run", {}), 200)
    asked = {"payer": "top_up_insurer", "pay_on": Clock().today().isoformat()}
    made = await done(await world.agency("POST", "/v1/payout-batches", asked, headers={"X-Operator": "maker"}))
    batch_id = made["batch"]["id"]
    path = f"/v1/payout-batches/{batch_id}/release"
    await done(await world.agency("POST", path, headers={"X-Operator": "checker"}), 200)
    items = await done(await world.agency("GET", "/v1/payout-items"), 200)
    return {"start": "2018-01-01", "batch_id": batch_id, "item_id": items["items"][0]["id"]}


async def objected(world: World, id_number: str) -> dict[str, str]:
    """A settlement of the patient's own, whose code nobody issues anew; and an objection to it, with a paper."""
    later = {"admitted_on": "2018-07-01", "discharged_on": "2018-07-09"}
    claim = await done(await world.hospital("POST", "/v1/settlements", stay(world.hospital_code, id_number, **later)))
    settlement_id = str(claim["id"])
    filing = {"settlement_id": settlement_id, "reason": "金额不对"}
    made = await done(await world.agency("POST", "/v1/objections", filing))
    path = f"/v1/objections/{made['id']}/documents"
    held = await done(await world.agency("POST", path, files={"file": ("a.pdf", b"%PDF-1.7\n%%EOF")}))
    return {"objection_id": made["id"], "document_id": held["documents"][0]["id"], "claim_id": settlement_id}


async def billed(world: World) -> dict[str, str]:
    """A statement of long ago, a transfer that pays it, and a request for another one."""
    now, days = world.app.state.clock.now(), (date(2019, 1, 1), date(2019, 1, 31))
    asked = Asked("459901", new_id(now), world.hospital_code, "21", *days, visits=1, total=100_00, amount=90_00, at=now)
    async with transaction_on(world.app.state.engine) as tx:
        await requests.add(tx, asked)
        await write(tx, [Settled(date(2018, 6, 9), world.hospital_code, {"basic": 100_00})])
    run = await world.agency("POST", "/v1/statements/run", {"payer": "basic_fund", "period": "2018-06"})
    statement = (await done(run, 200))["items"][0]
    transfer = {
        "payer": "basic_fund",
        "hospital_code": world.hospital_code,
        "bank_reference": "K-1",
        "paid_on": "2018-07-12",
        "amount": "40.00",
        "allocations": [{"statement_id": statement["id"], "amount": "40.00"}],
    }
    paid = await done(await world.agency("POST", "/v1/payments", transfer))
    return {"statement_id": statement["id"], "payment_id": paid["id"], "request_id": str(asked.id)}


async def tokens_of(world: World, claim_id: str) -> dict[str, dict[str, str]]:
    issued = {"nobody": {}, "agency": await headers_of(world.app, Role.AGENCY, "fuzz-agency")}
    issued["hospital"] = await headers_of(world.app, Role.HOSPITAL, "fuzz-hospital", hospital_code=world.hospital_code)
    for role in (Role.PAYER, Role.TOWNSHIP, Role.AUDITOR):
        issued[role] = await headers_of(world.app, role, f"fuzz-{role}")
    issued["patient"] = await patient_of(world, claim_id)
    return issued


async def patient_of(world: World, claim_id: str) -> dict[str, str]:
    """The session of the patient whose settlement it is."""
    settled = await done(await world.hospital("GET", f"/v1/settlements/{claim_id}"), 200)
    person = await done(await world.agency("GET", f"/v1/persons/{settled['person_no']}"), 200)
    asked = {"query_code": settled["query_code"], "id_last6": person["id_no"][-6:]}
    opened = await done(await world.client.post("/v1/patient/session", json=asked), 200)
    return bearer(opened["access_token"])


@pytest.fixture(scope="module")
def served(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with asyncio.Runner() as runner:
        making = worlds.made(cluster, tmp_path_factory.mktemp("served"))
        world = runner.run(making.__aenter__())
        known = runner.run(furnish(world))
        tokens = runner.run(tokens_of(world, known["claim_id"]))
        [url] = world.start_servers(1)
        yield Served(schemathesis.openapi.from_url(f"{url}/openapi.json"), tokens, known)
        runner.run(making.__aexit__(None, None, None))


def examine(
    served: Served, path: str, method: str, role: str, mode: GenerationMode, examples: int, *, real: bool
) -> None:
    """Send generated requests; with `real`, about things that exist."""

    @given(case=served.operation(path, method).as_strategy(generation_mode=mode))
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def send(case: Case[Any]) -> None:
        if real:
            names = case.path_parameters or {}
            case.path_parameters = {name: served.known.get(name, value) for name, value in names.items()}
        case.call_and_validate(headers=served.tokens[role], checks=CHECKS)

    # What takes no input has no wrong one.
    with suppress(Unsatisfiable):
        send()


@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=str)
def test_no_request_meets_a_surprise(path: str, method: str, served: Served) -> None:
    able = served.allowed(path, method)
    examine(served, path, method, able, GenerationMode.POSITIVE, 3, real=False)
    examine(served, path, method, able, GenerationMode.POSITIVE, 4, real=True)
    examine(served, path, method, able, GenerationMode.NEGATIVE, 6, real=True)
    for role in served.tokens.keys() - {able}:
        examine(served, path, method, role, GenerationMode.POSITIVE, 1, real=True)


@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=str)
def test_the_examples_of_the_document_are_answered_as_it_says(path: str, method: str, served: Served) -> None:
    operation = served.operation(path, method)
    content = operation.definition.raw.get("requestBody", {}).get("content", {}).get("application/json", {})
    for number, example in enumerate(content.get("examples", {}).values()):
        headers = {"Idempotency-Key": f"documented-{number}"}
        case = operation.Case(path_parameters=served.known, headers=headers, body=example["value"])
        case.media_type = "application/json"
        case.call_and_validate(headers=served.tokens[served.allowed(path, method)], checks=CHECKS)


READ = [path for path, method in OPERATIONS if method == "GET"]
# Of these none is furnished here: what is read is that there is none. Their own rooms' tests read what there is.
ABSENT = "0198c7a4-5c00-7000-8000-0000000000ff"
NONE_HERE = ("closings", "readjudications", "manual-claims", "aid-applications", "backpay", "policy-amendments")


@pytest.mark.parametrize("path", READ)
def test_what_there_is_is_read_as_the_document_says(path: str, served: Served) -> None:
    asked = {"/recognition": {"person_no": served.known["person_no"]}, "/export": {"format": "csv"}}
    asked["/file"] = {"format": "csv"}
    asked |= {"/month": {"period": "2018-06"}, "/clearing": {"period": "2018-06"}, "/cashier": {"day": "2018-06-09"}}
    query = next((query for end, query in asked.items() if path.endswith(end)), {})
    none = "{" in path and path.split("/")[2] in (*NONE_HERE, "verifications")
    known = dict.fromkeys(re.findall(r"{(\w+)}", path), ABSENT) if none else served.known
    case = served.operation(path, "GET").Case(path_parameters=known, query=query)

    answer = case.call_and_validate(headers=served.tokens[served.allowed(path, "GET")], checks=CHECKS)

    assert answer.status_code == (404 if none else 200)
