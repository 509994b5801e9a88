"""A new key brought in by restarting one server process after another, under load; and rings that are refused."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from service.access.model import Role
from service.access.resealing import count_by_key
from service.access.vault import Vault, VaultError, new_key, parse_keys
from service.cli import app as command
from service.db import transaction_on
from service.key_commands import EVERYTHING
from service.processes import Worker, listen, start_worker, stop_workers
from service.registers.persons.known_keys import check_keys
from tests.access.callers import bearer, headers_of, make_client
from tests.cases.county import done
from tests.claims import world as worlds
from tests.claims.bills import fee_line, stay
from tests.claims.world import World
from tests.conftest import KEYS, Cluster
from tests.inquiry.patients import Patient, settled

NEW = new_key("next")
LOOKUP = KEYS.replace("test:", "lookup:")
KNOWN_EVERYWHERE = f"{KEYS},{NEW},{LOOKUP}"
SEALING = f"{NEW},{KEYS},{LOOKUP}"
WITHOUT_THE_OLD = f"{NEW},{LOOKUP}"
LANES = 3
JULY = {
    "admitted_on": "2018-07-01",
    "discharged_on": "2018-07-09",
    "fee_lines": [fee_line(charged_on="2018-07-02")],
}


@pytest.fixture
async def world(cluster: Cluster, tmp_path: Path) -> AsyncIterator[World]:
    async with worlds.made(cluster, tmp_path) as made:
        yield made


@dataclass
class Fleet:
    """Two processes and whoever spreads requests over them: one that is to stop is sent nothing more first."""

    database_url: str
    live: list[tuple[str, Worker]] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    turn: "count[int]" = field(default_factory=count)

    async def start(self, keys: str) -> tuple[str, Worker]:
        with listen("127.0.0.1", 0) as listener:
            environment = {"ONESTOP_DATABASE_URL": self.database_url, "ONESTOP_KEYS": keys}
            worker = start_worker(listener, environment)
            await asyncio.to_thread(worker.wait_until_ready)
            return f"http://127.0.0.1:{listener.getsockname()[1]}", worker

    async def restart_one_after_another(self, keys: str) -> None:
        for place in range(len(self.live)):
            old, worker = self.live[place]
            self.live[place] = await self.start(keys)
            async with self.changed:
                while self.asked[old]:
                    await self.changed.wait()
            await asyncio.to_thread(stop_workers, [worker])

    async def request(self, caller: httpx.AsyncClient, method: str, path: str, **sent: Any) -> httpx.Response:
        url, _ = self.live[next(self.turn) % len(self.live)]
        self.asked[url] += 1
        answer = await caller.request(method, url + path, **sent)
        async with self.changed:
            self.asked[url] -= 1
            self.changed.notify_all()
        return answer


@dataclass
class Load:
    """What an office, a hospital and a patient ask all the while, and how each of it was answered."""

    fleet: Fleet
    world: World
    patient: Patient
    session: dict[str, str]
    office: dict[str, str]
    form: dict[str, str]
    over: bool = False
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)

    async def lane(self, caller: httpx.AsyncClient, lane: int) -> None:
        person = f"/v1/persons/{self.patient.person_no}"
        for turn in count():
            bill = stay(self.world.hospital_code, self.patient.id_no, **JULY)
            for name, method, path, sent in (
                ("read", "GET", person, {"headers": self.office}),
                ("change", "PUT", person, {"headers": self.office, "json": {"phone": f"138{turn:04}{lane:04}"}}),
                ("preview", "POST", "/v1/settlements/preview", {"headers": self.office, "json": bill}),
                ("claims", "GET", "/v1/patient/claims", {"headers": self.session}),
                ("token", "POST", "/oauth/token", {"data": self.form}),
            ):
                if self.over:
                    return
                if name != "token" or not turn % 10:
                    answer = await self.fleet.request(caller, method, path, **sent)
                    self.statuses[name, answer.status_code] += 1


async def loaded(world: World) -> Load:
    fleet = Fleet(world.app.state.settings.database_url)
    fleet.live += [await fleet.start(KEYS) for _ in range(2)]
    patient = await settled(world)
    session = bearer((await done(await patient.enters(), 200))["access_token"])
    client, secret = await make_client(world.app, Role.AUDITOR, "asks-for-tokens")
    form = {"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": secret}
    return Load(fleet, world, patient, session, await headers_of(world.app, Role.AGENCY, "load"), form)


async def rotated(world: World, keys: str) -> None:
    environment = {"ONESTOP_DATABASE_URL": world.app.state.settings.database_url, "ONESTOP_KEYS": keys}
    ran = await asyncio.to_thread(CliRunner().invoke, command, ["keys", "rotate"], env=environment)
    assert ran.exit_code == 0, ran.output


@pytest.mark.long
async def test_a_key_comes_in_and_another_goes_while_processes_restart_and_no_request_fails(world: World) -> None:
    load = await loaded(world)
    try:
        async with httpx.AsyncClient(timeout=60) as caller:
            lanes = [asyncio.create_task(load.lane(caller, lane)) for lane in range(LANES)]
            await load.fleet.restart_one_after_another(KNOWN_EVERYWHERE)
            # Nobody seals with a key that somebody does not know.
            assert (await count_by_key(world.system, EVERYTHING)).keys() == {"aes-gcm/test"}
            await load.fleet.restart_one_after_another(SEALING)
            await rotated(world, SEALING)
            assert (await count_by_key(world.system, EVERYTHING)).keys() == {"aes-gcm/next"}
            await load.fleet.restart_one_after_another(WITHOUT_THE_OLD)
            before = load.statuses.total()
            await load.fleet.restart_one_after_another(WITHOUT_THE_OLD)
            load.over = True
            await asyncio.gather(*lanes)
    finally:
        stop_workers([worker for _, worker in load.fleet.live])

    assert {status for _, status in load.statuses} == {200}, load.statuses
    assert {name for name, _ in load.statuses} == {"read", "change", "preview", "claims", "token"}
    assert load.statuses.total() > before > 0


REFUSED = {
    "a new key last, where the last finds people": (f"{KEYS},{NEW}", "sha256", "not found with the keys"),
    "another hash": (KEYS, "sm3", "not found with the keys"),
    "without the key that people are sealed with": (NEW, "sha256", "sealed with key 'test'"),
    "another key under the same name": (new_key("test"), "sha256", "altered or belongs to another place"),
}


@pytest.mark.parametrize("ring", REFUSED)
async def test_nobody_serves_with_keys_that_are_not_this_databases(world: World, ring: str) -> None:
    await world.county.person()
    keys, lookup_hash, said = REFUSED[ring]
    environment = {
        "ONESTOP_DATABASE_URL": world.app.state.settings.database_url,
        "ONESTOP_KEYS": keys,
        "ONESTOP_LOOKUP_HASH": lookup_hash,
    }

    for arguments in (["serve", "--port", "0"], ["keys", "rotate"], ["client", "list"]):
        ran = await asyncio.to_thread(CliRunner().invoke, command, arguments, env=environment)
        assert (ran.exit_code, said in ran.output) == (1, True), ran.output


async def test_every_ring_of_a_change_of_keys_is_this_databases(world: World) -> None:
    other = Vault(parse_keys(NEW))
    async with transaction_on(world.system) as tx:
        # Before the first person is entered, any keys are right.
        await check_keys(tx, other)
    await world.county.person()
    async with transaction_on(world.system) as tx:
        for ring in (KEYS, KNOWN_EVERYWHERE, SEALING):
            await check_keys(tx, Vault(parse_keys(ring)))
        for ring in (WITHOUT_THE_OLD, NEW):
            with pytest.raises(VaultError, match="sealed with key 'test'"):
                await check_keys(tx, Vault(parse_keys(ring)))
    await rotated(world, SEALING)
    async with transaction_on(world.system) as tx:
        await check_keys(tx, Vault(parse_keys(WITHOUT_THE_OLD)))
