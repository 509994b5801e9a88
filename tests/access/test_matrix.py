"""The role-route matrix: every cell tried over HTTP, and every way to be nobody on every route."""

import base64
import json
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from service.access import store
from service.access.matrix import beside, matrix, roles_of
from service.access.model import Role
from service.db import transaction_on
from service.main import ROUTERS
from service.web.page import COOKIE
from tests.access.callers import bearer, headers_of
from tests.cases.county import done
from tests.claims import world as worlds
from tests.claims.world import World
from tests.conftest import Cluster
from tests.document import APP, DOCUMENT, OPERATIONS
from tests.inquiry.patients import settled
from tests.nhsa.his import His
from tests.test_schemathesis import furnish, patient_of

GUARDED = [each for each in OPERATIONS if "security" in each[2]]
KEPT = Path(__file__).parents[2] / "openapi" / "access-matrix.md"
ABSENT = {"uuid": "0198c7a4-5c00-7000-8000-00000000dead"}
BESIDE = beside(APP, ROUTERS)
PATIENT = "patient"
EVERYBODY = [*Role, PATIENT]

# What is no secret: the law, and institutions, which every county may look up.
PUBLIC_PLACES = ("/v1/policies/", "/v1/hospitals/")


@dataclass
class Places:
    """A furnished county, callers of every role who belong there and a patient, and others who belong elsewhere."""

    world: World
    known: dict[str, str]
    own: dict[str, dict[str, str]]
    foreign: dict[str, list[dict[str, str]]]

    async def ask(self, method: str, path: str, headers: dict[str, str], **sent: Any) -> httpx.Response:
        keyed = {"Idempotency-Key": str(uuid4())} if method == "POST" else {}
        return await self.world.client.request(method, path, headers=headers | keyed, **sent)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def places(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Places]:
    async with worlds.made(cluster, tmp_path_factory.mktemp("matrix")) as world:
        known = await furnish(world)

        async def caller(role: Role, **details: Any) -> dict[str, str]:
            return await headers_of(world.app, role, f"{role}-{uuid4().hex[:6]}", **details)

        others = [role for role in Role if role is not Role.HOSPITAL]
        own: dict[str, dict[str, str]] = {role: await caller(role) for role in others}
        own[Role.HOSPITAL] = await caller(Role.HOSPITAL, hospital_code=world.hospital_code)
        foreign: dict[str, list[dict[str, str]]] = {role: [await caller(role, county_code="459902")] for role in others}
        foreign[Role.HOSPITAL] = [
            await caller(Role.HOSPITAL, hospital_code="H-OTHER"),
            await caller(Role.HOSPITAL, hospital_code="H-OTHER", county_code="459902"),
        ]
        foreign[Role.TOWNSHIP].append(await caller(Role.TOWNSHIP, township_code="459901999"))
        foreign[Role.PAYER].append(await caller(Role.PAYER, payers=frozenset({"nobody"})))
        own[PATIENT] = await patient_of(world, known["claim_id"])
        other = await settled(world)
        foreign[PATIENT] = [bearer((await done(await other.enters(), 200))["access_token"])]
        yield Places(world, known, own, foreign)


def filled(path: str, values: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda name: values.get(name[1], ABSENT["uuid"]), path)


def test_the_matrix_that_is_kept_is_what_the_code_says() -> None:
    assert KEPT.read_text(encoding="utf-8") == matrix(APP, ROUTERS), "run scripts/openapi"
    everywhere = {path for path, _, _ in OPERATIONS} | {path for _, path, _ in BESIDE}
    assert everywhere == set(re.findall(r"`(/[^`]*)`", KEPT.read_text()))


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("path", "method", "operation"), GUARDED, ids=lambda value: str(value)[:60])
async def test_each_role_is_let_in_where_the_matrix_says_and_nowhere_else(
    path: str, method: str, operation: dict[str, Any], places: Places
) -> None:
    address = filled(path, places.known)
    assert roles_of(DOCUMENT) == EVERYBODY
    for role in EVERYBODY:
        answer = await places.ask(method, address, places.own[role])

        if role in operation["x-roles"]:
            assert answer.status_code not in (401, 403), (role, answer.text)
            assert answer.status_code < 500, (role, answer.text)
        elif role == PATIENT:
            # A session is no token at all where clients call.
            assert (answer.status_code, answer.json()["code"]) == (401, "access.unauthenticated")
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, "access.forbidden"), role


async def forged(places: Places) -> dict[str, dict[str, str]]:
    """Everything that is no token: made from one that was, changed in one thing each."""
    issued = places.own[Role.AGENCY]["Authorization"].removeprefix("Bearer ")
    header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in issued.split(".")[:2])
    state = places.world.app.state
    async with transaction_on(state.engine) as tx:
        signing = (await store.live_signing_keys(tx, datetime.now(UTC)))[0]
    raw = bytes.fromhex(state.vault.decrypt(signing.private_key_enc, bound_to=f"signing_keys:{signing.kid}"))
    private, kid = Ed25519PrivateKey.from_private_bytes(raw), header["kid"]
    past = int((datetime.now(UTC) - timedelta(hours=2)).timestamp())

    def signed(key: Any = private, algorithm: str = "EdDSA", **changed: Any) -> str:
        return jwt.encode(claims | changed, key, algorithm=algorithm, headers={"kid": kid})

    unsigned = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in (header | {"alg": "none"}, claims)
    ]
    tokens = {
        "expired": signed(iat=past, exp=past + 60),
        "wrong audience": signed(aud="another"),
        "wrong issuer": signed(iss="another"),
        "alg none": ".".join([*unsigned, ""]),
        "key confusion": signed(private.public_key().public_bytes_raw(), "HS256"),
        "another key": signed(Ed25519PrivateKey.generate()),
        "another role": ".".join([issued.split(".")[0], unsigned[1], issued.split(".")[2]])[:-2] + "AA",
        "empty": "",
    }
    assert jwt.decode(signed(), private.public_key(), algorithms=["EdDSA"], audience=claims["aud"])
    return {"no token": {}, **{name: {"Authorization": f"Bearer {token}"} for name, token in tokens.items()}}


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.asyncio(loop_scope="module")
async def test_whoever_is_nobody_is_let_in_nowhere(places: Places) -> None:
    everything = await forged(places)
    for path, method, _ in GUARDED:
        for name, headers in everything.items():
            answer = await places.ask(method, filled(path, places.known), headers)

            assert (answer.status_code, answer.json()["code"]) == (401, "access.unauthenticated"), (name, method, path)
            assert "www-authenticate" in answer.headers


FILLED_OUTSIDE = {"infno": "2304", "service": "x", "method": "y"}


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("method", "path", "who"), [each for each in BESIDE if each[2]], ids=str)
async def test_beside_the_document_no_access_token_opens_anything(
    method: str, path: str, who: Sequence[str], places: Places
) -> None:
    address = filled(path, places.known | FILLED_OUTSIDE)
    session = places.own[PATIENT]["Authorization"].removeprefix("Bearer ")
    for headers in ({}, *(places.own[role] for role in EVERYBODY)):
        token = headers.get("Authorization", "").removeprefix("Bearer ")
        as_cookie = {"Cookie": f"{COOKIE}={token}"} if token != session else {}
        if list(who) == [PATIENT]:
            answer = await places.ask(method, address, headers | as_cookie)
            assert (answer.status_code, "expired" in answer.headers["location"]) == (303, True)
        else:
            envelope = His(places.world.client, places.world.hospital_code).envelope("2304", {})
            answer = await places.ask(method, address, headers | as_cookie, json=envelope)
            assert (answer.status_code, answer.json()["code"]) == (401, 401), answer.text
    if list(who) == [PATIENT] and method == "GET":
        assert (await places.ask(method, address, {"Cookie": f"{COOKIE}={session}"})).status_code == 200


def anonymous(answer: httpx.Response, names: set[str]) -> Any:
    """What an answer tells, but for the request's own id and the id that was asked for."""
    said = answer.text
    for name in names:
        said = said.replace(name, "<id>")
    headers = {name: value for name, value in answer.headers.items() if name not in ("x-request-id", "content-length")}
    return answer.status_code, headers, said


def example_of(operation: dict[str, Any]) -> dict[str, Any]:
    """What a right request sends, so that the id alone decides."""
    query = {"format": "csv"} if operation["operationId"] == "export_statement" else {}
    content = operation.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in content:
        return {"files": {"file": ("a.csv", "结算号,金额\r\n1,1.00\r\n".encode())}}
    return {"params": query} | ({"json": _example(content["application/json"])} if content else {})


def _example(content: dict[str, Any]) -> Any:
    if "examples" in content:
        return next(iter(content["examples"].values()))["value"]
    schema = content.get("schema", {})
    if "examples" in schema:
        return schema["examples"][0]
    schema = DOCUMENT["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], schema)
    return next(iter(schema.get("examples", [None])))


# A day is nobody's.
DAYS = {"start"}
WITH_ID = [
    each for each in GUARDED if set(re.findall(r"{(\w+)}", each[0])) - DAYS and not each[0].startswith(PUBLIC_PLACES)
]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("path", "method", "operation"), WITH_ID, ids=lambda value: str(value)[:60])
async def test_what_is_somebody_elses_looks_exactly_like_what_is_not_there(
    path: str, method: str, operation: dict[str, Any], places: Places
) -> None:
    missing = {
        each["name"]: ABSENT["uuid"]
        if "[0-9a-f]{8}-" in str(each["schema"]) or each["schema"].get("format") == "uuid"
        else "X-ABSENT-1"
        for each in operation["parameters"]
        if each["in"] == "path" and each["name"] not in DAYS
    } | {name: places.known[name] for name in DAYS & places.known.keys()}
    for role in operation["x-roles"]:
        for headers in places.foreign[role]:
            sent = example_of(operation)
            real = await places.ask(method, filled(path, places.known), headers, **sent)
            absent = await places.ask(method, filled(path, missing), headers, **sent)

            assert anonymous(real, set(places.known.values())) == anonymous(absent, set(missing.values())), role
            # 403, 422: some payers may do it and some not, some causes are the agency's, whatever the id.
            assert real.status_code in (403, 404, 422), (role, real.text)
