"""Every route that shows something about a person leaves a row in the audit trail; the person's own list shows it."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from service.access.model import Role
from service.inquiry.accesses import is_change
from tests.cases.county import done
from tests.claims import world as worlds
from tests.claims.world import World
from tests.conftest import Cluster
from tests.document import OPERATIONS
from tests.test_schemathesis import furnish

READS = [
    (path, operation)
    for path, method, operation in OPERATIONS
    if method == "GET" and "agency" in operation.get("x-roles", ())
]

# About nobody: the law, institutions, and the county's own books, each line of which is read through its own route.
ABOUT_NOBODY = (
    "/v1/policies",
    "/v1/hospitals",
    "/v1/agreements",
    "/v1/catalogue",
    "/v1/advances",
    "/v1/deadlines",
    "/v1/reports",
    "/v1/events",
    "/v1/closings",
    "/v1/verifications",
    "/v1/seals",
    "/v1/policy-amendments",
    "/v1/payout-layouts",
)
# Sums and states of files, statements and transfers: no line of anybody's.
SUMS = (
    "/v1/rosters",
    "/v1/statements",
    "/v1/statements/{statement_id}/deductions",
    "/v1/statement-requests",
    "/v1/payments",
    "/v1/payments/{payment_id}",
    "/v1/readjudications",
    "/v1/payout-batches",
    "/v1/payout-batches/{batch_id}",
    "/v1/cycles",
    "/v1/backpay",
)
# Nothing of theirs is furnished here; their own rooms' tests look for the rows.
ELSEWHERE = (
    "/v1/readjudications/{readjudication_id}",
    "/v1/manual-claims/{claim_id}",
    "/v1/aid-applications/{application_id}",
    "/v1/backpay/{import_id}",
    "/v1/encounters/near-misses",
)
ASKED: dict[str, dict[str, str]] = {
    "/v1/statements/{statement_id}/export": {"format": "csv"},
    "/v1/reports/month": {"period": "2018-06"},
    "/v1/payout-batches/{batch_id}/file": {"format": "csv"},
}
# What is told of somebody by name and account, without their number.
BY_NAME = ("/v1/payout-batches/{batch_id}/file",)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def furnished(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[World, dict[str, str]]]:
    async with worlds.made(cluster, tmp_path_factory.mktemp("looks")) as world:
        yield world, await furnish(world)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("path", "operation"), READS, ids=lambda value: str(value)[:60])
async def test_every_look_at_somebody_is_kept(
    path: str, operation: dict[str, Any], furnished: tuple[World, dict[str, str]]
) -> None:
    world, known = furnished
    if path.startswith((*ABOUT_NOBODY, *ELSEWHERE)) or path in SUMS:
        return
    query = ASKED.get(path, {"person_no": known["person_no"]} if path == "/v1/recognition" else {})
    address = re.sub(r"\{(\w+)\}", lambda name: known[name[1]], path)
    before = await world.rows("SELECT count(*) FROM audit_log")

    answer = await world.agency("GET", address, params=query, headers={"X-Purpose": "complaint-7"})

    assert answer.status_code == 200, answer.text
    after = await world.rows("SELECT count(*) FROM audit_log")
    assert after[0][0] > before[0][0]
    [kept] = await world.rows("SELECT purpose, client_id FROM audit_log ORDER BY at DESC, id DESC LIMIT 1")
    assert tuple(kept) == ("complaint-7", "test-agency")

    # Whoever is in the answer finds the look in the list of their own.
    known_persons = await world.rows("SELECT person_no FROM persons")
    shown = {row[0] for row in known_persons if row[0] in address + answer.text}
    shown |= {known["person_no"]} if path in BY_NAME else set()
    request_id = answer.headers["x-request-id"]
    noted = await world.rows("SELECT person_no, action FROM audit_log WHERE request_id = :id", id=request_id)
    assert shown <= {row[0] for row in noted}
    # And they are not told that somebody changed what was only read.
    assert [row[1] for row in noted if is_change(row[1])] == []


@pytest.mark.asyncio(loop_scope="module")
async def test_a_person_is_told_who_looked(furnished: tuple[World, dict[str, str]]) -> None:
    world, known = furnished
    address = f"/v1/persons/{known['person_no']}"
    clerk = {"X-Operator": "clerk-07", "X-Purpose": "complaint-8", "X-Request-Id": "r-8"}
    await done(await world.agency("GET", address, headers=clerk), 200)
    auditor = await world.call_as(Role.AUDITOR)

    found = (await done(await auditor("GET", f"{address}/accesses"), 200))["items"]
    look = {name: found[0][name] for name in ("client_id", "role", "operator", "action", "purpose", "request_id")}
    assert look == {
        "client_id": "test-agency",
        "role": "agency",
        "operator": "clerk-07",
        "action": "person.read",
        "purpose": "complaint-8",
        "request_id": "r-8",
    }
    assert {"settlement.create", "person.create"} & {each["action"] for each in found}

    # Page by page it is the same list, and looking at it is itself a look.
    first = await done(await auditor("GET", f"{address}/accesses", params={"limit": 1}), 200)
    assert first["items"][0]["action"] == "person.accesses"
    rest = await done(await auditor("GET", f"{address}/accesses", params={"cursor": first["next_cursor"]}), 200)
    assert rest["items"] == found

    stranger = await world.call_as(Role.AUDITOR, county_code="459902")
    assert (await stranger("GET", f"{address}/accesses")).status_code == 404
