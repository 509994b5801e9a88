"""A new key for personal data, while the service works: no request fails, and the old key opens nothing afterwards."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from service.access import resealing
from service.access.model import Role
from service.access.resealing import count_by_key, reseal
from service.access.vault import Vault, VaultError, new_key, parse_keys
from service.cli import app as command
from service.db import transaction_on
from service.key_commands import EVERYTHING
from service.migrate import all_tables
from service.processes import Worker, listen, start_worker, stop_workers
from tests.access.callers import headers_of
from tests.claims import world as worlds
from tests.claims.bills import stay
from tests.claims.world import World
from tests.conftest import KEYS, Cluster

NEW = new_key("next")
PEOPLE = 18
Start = Callable[[str], str]


@pytest.fixture
async def world(cluster: Cluster, tmp_path: Path) -> AsyncIterator[World]:
    async with worlds.made(cluster, tmp_path) as made:
        yield made


@pytest.fixture
async def start(world: World) -> AsyncIterator[Start]:
    """Starts a server process with these keys."""
    workers: list[Worker] = []

    def make(keys: str) -> str:
        listener = listen("127.0.0.1", 0)
        environment = {"ONESTOP_DATABASE_URL": world.app.state.settings.database_url, "ONESTOP_KEYS": keys}
        workers.append(start_worker(listener, environment))
        workers[-1].wait_until_ready()
        with listener:
            return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield make
    stop_workers(workers)


def test_whatever_is_sealed_is_sealed_anew() -> None:
    sealed = {
        (made.name, column.name)
        for made in all_tables().tables.values()
        for column in made.c
        if column.name.endswith("_enc")
    }

    assert sealed == {(each.table.name, name) for each in EVERYTHING for name in each.places}


async def populate(world: World) -> list[tuple[str, str]]:
    """People with everything that is sealed of a person, some corrected since, a hospital with an account, a list."""
    people = [await world.county.person([], phone="13800001234", social_card_no=f"SC{n:06}") for n in range(PEOPLE)]
    for person_no, _ in people[::6]:
        await world.agency("PUT", f"/v1/persons/{person_no}", {"name": "测试改名", "reason": "更正"})
    account = {"holder": "测试医院", "bank": "测试银行", "number": "6222000011112222"}
    await world.county.hospital("level2", "county", bank_account=account)
    table = f"姓名,身份证号码,类别\n测试甲,{people[0][1]},低保\n"
    said = {"kind": "changes", "as_of": "2018-06-01", "source": "民政局"}
    await world.agency("POST", "/v1/rosters", data=said, files={"file": ("a.csv", table.encode())})
    return people


async def work(caller: httpx.AsyncClient, urls: list[str], people: list[tuple[str, str]], world: World) -> list[int]:
    """What an office and a hospital do to everybody once, on every process; gives the statuses."""
    statuses: list[int] = []
    for turn, (person_no, id_number) in enumerate(people):
        asked: list[tuple[str, str, Any]] = [
            ("GET", f"/v1/persons/{person_no}", None),
            ("PUT", f"/v1/persons/{person_no}", {"phone": f"138{turn:08}", "reason": "更正"}),
            ("POST", "/v1/settlements/preview", stay(world.hospital_code, id_number)),
        ]
        for method, path, body in asked:
            answer = await caller.request(method, urls[turn % len(urls)] + path, json=body)
            statuses.append(answer.status_code)
    return statuses


async def run(world: World, keys: str, *arguments: str) -> str:
    environment = {"ONESTOP_DATABASE_URL": world.app.state.settings.database_url, "ONESTOP_KEYS": keys}
    ran = await asyncio.to_thread(CliRunner().invoke, command, ["keys", *arguments], env=environment)
    assert ran.exit_code == 0, ran.output
    return ran.output


@pytest.mark.long
async def test_no_request_fails_and_the_old_key_is_not_needed_any_more(
    world: World, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resealing, "BATCH", 7)
    people = await populate(world)
    before = await count_by_key(world.system, EVERYTHING)
    assert before.keys() == {"aes-gcm/test"}
    assert before["aes-gcm/test"] > PEOPLE * 4

    urls = [start(f"{NEW},{KEYS}") for _ in range(2)]
    headers = await headers_of(world.app, Role.AGENCY, "load")
    async with httpx.AsyncClient(headers=headers, timeout=60) as caller:
        rotating = asyncio.create_task(run(world, f"{NEW},{KEYS}", "rotate"))
        statuses = await asyncio.gather(*(work(caller, urls, people[lane::3], world) for lane in range(3)))
        said = await rotating
        assert {status for lane in statuses for status in lane} == {200}

        # Whatever the load sealed itself meanwhile is sealed with the new key too.
        after = await count_by_key(world.system, EVERYTHING)
        assert after.keys() == {"aes-gcm/next"}
        assert "aes-gcm/next" in said

        # The old key opens nothing any more; people are found by it still.
        [without] = [start(f"{NEW},{KEYS.replace('test:', 'lookup:')}")]
        assert set(await work(caller, [without], people, world)) == {200}
        recognised = await caller.get(f"{without}/v1/recognition", params={"id_no": people[0][1]})
        assert (recognised.status_code, recognised.json()["person_no"]) == (200, people[0][0])


async def test_a_rotation_that_was_stopped_goes_on_where_it_was(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resealing, "BATCH", 5)
    await populate(world)
    newer = Vault(parse_keys(f"{NEW},{KEYS}"))

    stopped = reseal(world.system, newer, EVERYTHING)
    for _ in range(3):
        await anext(stopped)
    await stopped.aclose()
    halfway = await count_by_key(world.system, EVERYTHING)
    assert halfway.keys() == {"aes-gcm/test", "aes-gcm/next"}

    left = [done.left async for done in reseal(world.system, newer, EVERYTHING)]
    assert left[-1] == 0
    assert await count_by_key(world.system, EVERYTHING) == {"aes-gcm/next": sum(halfway.values())}
    assert [done async for done in reseal(world.system, newer, EVERYTHING)] == []


async def test_the_national_cipher_takes_over_the_same_way(world: World) -> None:
    people = await populate(world)
    national = Vault(parse_keys(KEYS), cipher="sm4-gcm")

    assert [done.left async for done in reseal(world.system, national, EVERYTHING)]

    assert (await count_by_key(world.system, EVERYTHING)).keys() == {"sm4-gcm/test"}
    # A process that still seals with the other cipher reads it as well.
    known = await world.agency("GET", f"/v1/persons/{people[0][0]}")
    assert known.json()["id_no"] == people[0][1]


async def executed(world: World, statements: list[str]) -> None:
    async with transaction_on(world.system) as tx:
        for statement in statements:
            await tx.execute(text(statement))


async def test_what_is_kept_for_good_may_be_sealed_anew_and_nothing_else(world: World) -> None:
    await populate(world)
    resealing_now = "SET LOCAL onestop.resealing = 'on'"
    for statements in (
        ["UPDATE person_versions SET name_enc = 'x'"],
        [resealing_now, "UPDATE person_versions SET superseded_reason = 'x'"],
        [resealing_now, "UPDATE person_versions SET name_enc = 'x', household_no = 'x'"],
    ):
        with pytest.raises(DBAPIError, match="keeps its history"):
            await executed(world, statements)


def test_a_key_that_is_gone_opens_nothing() -> None:
    sealed = Vault(parse_keys(KEYS)).encrypt("x")
    with pytest.raises(VaultError, match="not among the keys"):
        Vault(parse_keys(NEW)).reseal(sealed)
