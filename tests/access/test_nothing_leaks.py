"""
After a county's day on a real server process: no number, name, phone or account of anybody in the plain columns of the
database, in the log, in the measurements or in an answer that says what went wrong.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import LargeBinary, column, select, table, text

from service.access.answers import decompress
from service.access.model import Role
from service.db import transaction_on
from service.migrate import all_tables
from service.processes import listen, start_worker, stop_workers
from tests.access.callers import headers_of
from tests.cases.county import done, id_no
from tests.claims import world as worlds
from tests.claims.bills import stay
from tests.claims.world import World
from tests.conftest import KEYS, Cluster

PEOPLE = 8
STRANGER = id_no(901)
"""Known to nobody; yet it is somebody's number."""


@dataclass
class Secrets:
    """What must be found nowhere."""

    texts: set[str] = field(default_factory=lambda: {STRANGER, STRANGER.lower()})

    def person(self, number: int) -> dict[str, Any]:
        name, holder, payee = f"诸葛密{number}", f"欧阳户{number}", f"司马付{number}"
        body: dict[str, Any] = {
            "county_code": "459901",
            "township_code": "459901101",
            "name": name,
            "id_no": id_no(700 + number),
            "social_card_no": f"SCARD{number:010}",
            "phone": f"1399911{number:04}",
            "payee": {"name": payee, "relation": "child", "id_no": id_no(800 + number)},
            "bank_account": {"holder": holder, "bank": "测试银行", "number": f"62220000777{number:05}"},
            "insured": [{"from": "2015-01-01"}],
        }
        self.texts |= {name, holder, payee, body["id_no"], body["social_card_no"], body["phone"], id_no(800 + number)}
        self.texts.add(body["bank_account"]["number"])
        return body


@dataclass
class Day:
    """A server process, whoever asks it, and every answer it gave."""

    url: str
    log: Path
    caller: httpx.AsyncClient
    headers: dict[str, dict[str, str]]
    answers: list[httpx.Response] = field(default_factory=list)

    async def ask(self, role: str, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        headers = {"Idempotency-Key": str(uuid4()), **self.headers[role], **more.pop("headers", {})}
        answer = await self.caller.request(method, self.url + path, json=body, headers=headers, **more)
        self.answers.append(answer)
        return answer


@pytest.fixture
async def world(cluster: Cluster, tmp_path: Path) -> AsyncIterator[World]:
    async with worlds.made(cluster, tmp_path) as made:
        yield made


@pytest.fixture
async def day(world: World, tmp_path: Path) -> AsyncIterator[Day]:
    log = tmp_path / "service.log"
    with listen("127.0.0.1", 0) as listener:
        environment = {"ONESTOP_DATABASE_URL": world.app.state.settings.database_url, "ONESTOP_KEYS": KEYS}
        worker = start_worker(listener, environment, log=log)
        worker.wait_until_ready()
        headers = {
            "agency": await headers_of(world.app, Role.AGENCY, "day-agency"),
            "hospital": await headers_of(world.app, Role.HOSPITAL, "day-hospital", hospital_code=world.hospital_code),
            "payer": await headers_of(world.app, Role.PAYER, "day-payer"),
            "nobody": {},
        }
        async with httpx.AsyncClient(timeout=60) as caller:
            yield Day(f"http://127.0.0.1:{listener.getsockname()[1]}", log, caller, headers)
        stop_workers([worker])


async def all_goes_well(day: Day, world: World, secrets: Secrets) -> list[dict[str, Any]]:
    """People entered, corrected, settled, listed, billed."""
    people = [secrets.person(number) for number in range(PEOPLE)]
    for person in people:
        person["person_no"] = (await done(await day.ask("agency", "POST", "/v1/persons", person)))["person_no"]
        address = f"/v1/persons/{person['person_no']}"
        await done(await day.ask("agency", "PUT", address, {"name": person["name"] + "改", "reason": "更正"}), 200)
        bill = stay(world.hospital_code, person["id_no"])
        await done(await day.ask("hospital", "POST", "/v1/settlements/preview", bill), 200)
        settled = await done(await day.ask("hospital", "POST", "/v1/settlements", bill))
        for path in (address, f"/v1/settlements/{settled['id']}", f"/v1/settlements/{settled['id']}/trace"):
            await done(await day.ask("agency", "GET", path), 200)
        asked = {"id_no": person["id_no"]}
        await done(await day.ask("hospital", "GET", "/v1/recognition", params=asked), 200)
        await patient_objects(day, settled, person, secrets)
    run = {"payer": "basic_fund", "period": "2018-06"}
    await done(await day.ask("agency", "POST", "/v1/statements/run", run), 200)
    return people


async def patient_objects(day: Day, settled: dict[str, Any], person: dict[str, Any], secrets: Secrets) -> None:
    """The slip, the patient's own session, and what they tell about themselves: twice, for the answer that is kept."""
    assert (await day.ask("agency", "GET", f"/v1/settlements/{settled['id']}/slip.pdf")).status_code == 200
    asked = {"query_code": settled["query_code"], "id_last6": person["id_no"][-6:]}
    opened = await done(await day.ask("nobody", "POST", "/v1/patient/session", asked), 200)
    own = {"Authorization": f"Bearer {opened['access_token']}", "Idempotency-Key": str(uuid4())}
    for path in ("/v1/patient/claims", "/v1/patient/year?year=2018", "/v1/patient/accesses"):
        assert (await day.ask("nobody", "GET", path, headers=own)).status_code == 200
    filing = {"reason": f"隐疾{person['phone']}不该公开", "contact": person["phone"]}
    secrets.texts |= {opened["access_token"], filing["reason"]}
    address = f"/v1/patient/claims/{settled['id']}/objection"
    first = await day.ask("nobody", "POST", address, filing, headers=own)
    again = await day.ask("nobody", "POST", address, filing, headers=own)
    assert (first.status_code, again.content) == (201, first.content)


async def much_goes_wrong(day: Day, world: World, people: list[dict[str, Any]]) -> None:
    """Every kind of mistake, each about somebody."""
    one, other = people[:2]
    bill = stay(world.hospital_code, one["id_no"])
    wrong: list[tuple[str, str, str, Any, dict[str, Any]]] = [
        ("agency", "POST", "/v1/persons", one, {}),
        ("agency", "POST", "/v1/persons", one | {"nmae": one["name"]}, {}),
        ("agency", "POST", "/v1/persons", one | {"id_no": one["id_no"][:-1] + "?"}, {}),
        ("agency", "POST", "/v1/persons", one | {"phone": [one["phone"]]}, {}),
        ("agency", "PUT", f"/v1/persons/{one['person_no']}", {"id_no": other["id_no"], "reason": "x"}, {}),
        ("hospital", "POST", "/v1/settlements", bill, {}),
        ("hospital", "POST", "/v1/settlements", stay(world.hospital_code, STRANGER), {}),
        ("hospital", "POST", "/v1/settlements/preview", bill | {"hospital_code": one["name"]}, {}),
        ("hospital", "POST", "/v1/settlements/preview", bill | {"person": {"id_no": one["name"]}}, {}),
        ("hospital", "GET", "/v1/recognition", None, {"params": {"id_no": STRANGER}}),
        ("hospital", "GET", "/v1/recognition", None, {"params": {"id_no": one["id_no"], "naem": one["name"]}}),
        ("payer", "GET", "/v1/recognition", None, {"params": {"id_no": one["id_no"]}}),
        ("nobody", "GET", "/v1/recognition", None, {"params": {"id_no": one["id_no"]}}),
        ("agency", "GET", f"/v1/persons/{one['id_no']}", None, {}),
        ("agency", "GET", f"/v1/nothing/{one['id_no']}/{one['name']}", None, {}),
        ("agency", "DELETE", f"/v1/persons/{one['id_no']}", None, {}),
        ("agency", "GET", "/v1/persons", None, {"params": {"cursor": one["id_no"]}}),
        ("agency", "POST", "/v1/persons", None, {"content": f'{{"name": "{one["name"]}", '.encode()}),
        ("agency", "POST", "/v1/persons", None, {"headers": {"X-Operator": one["id_no"] * 9}}),
    ]
    for role, method, path, body, more in wrong:
        answer = await day.ask(role, method, path, body, **more)
        assert 400 <= answer.status_code < 500, (method, path, answer.text)


async def a_list_comes(day: Day, people: list[dict[str, Any]]) -> None:
    """Rows that are right, wrong and twice."""
    rows = [f"{each['name']},{each['id_no']},低保" for each in people]
    rows += [f"{people[0]['name']},{people[0]['id_no'][:-1]}?,低保", f"{people[1]['name']},,", rows[0]]
    file = {"file": ("a.csv", "\n".join(["姓名,身份证号码,类别", *rows]).encode())}
    said = {"kind": "changes", "as_of": "2018-06-01", "source": "民政局"}
    made = await done(await day.ask("agency", "POST", "/v1/rosters", data=said, files=file))
    # What was on the list is shown to whoever sent it; nothing else is looked at here.
    await day.ask("agency", "POST", f"/v1/rosters/{made['id']}/apply", {"digest": "0" * 64})


async def kept(world: World) -> dict[str, str]:
    """Every row of every table as text, sealed values as hexadecimal, kept answers opened."""
    found = {}
    async with transaction_on(world.system) as tx:
        for name in all_tables().tables:
            rows = await tx.scalars(text(f"SELECT t::text FROM {name} t"))  # noqa: S608  (names of our own tables)
            found[name] = "\n".join(rows)
        bodies = await tx.scalars(select(column("body", LargeBinary)).select_from(table("idempotency_answers")))
        found["answers"] = "\n".join(decompress(body).decode() for body in bodies if body is not None)
    return found


def leaked(secrets: Secrets, where: str) -> set[str]:
    return {each for each in secrets.texts if each in where or each.encode().hex() in where}


async def test_nothing_leaks(world: World, day: Day) -> None:
    secrets = Secrets()
    people = await all_goes_well(day, world, secrets)
    await much_goes_wrong(day, world, people)
    await a_list_comes(day, people)

    database = await kept(world)
    assert {name: leaked(secrets, rows) for name, rows in database.items() if leaked(secrets, rows)} == {}
    assert all(
        len(database[name]) > 0 for name in ("persons", "person_versions", "audit_log", "roster_rows", "answers")
    )

    measured = await day.caller.get(f"{day.url}/metrics")
    assert leaked(secrets, measured.text) == set()
    assert 'onestop_operations_total{operation="settle_visit",outcome="done"} 8.0' in measured.text

    refused = [answer for answer in day.answers if answer.status_code >= 400]
    assert len(refused) >= 19
    assert {answer.text: leaked(secrets, answer.text) for answer in refused if leaked(secrets, answer.text)} == {}

    logged = day.log.read_text(encoding="utf-8")
    assert len(logged.splitlines()) >= len(day.answers)
    assert leaked(secrets, logged) == set()


def test_the_search_would_find_what_it_looks_for() -> None:
    secrets = Secrets()
    person = secrets.person(1)

    assert leaked(secrets, f"... {person['phone']} ...") == {person["phone"]}
    assert leaked(secrets, person["name"].encode().hex()) == {person["name"]}
