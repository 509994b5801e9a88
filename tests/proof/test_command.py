"""`onestop verify` and `onestop seal`, as a timer, a clerk or an auditor calls them."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.model import Caller, Role
from service.clock import Clock
from service.db import transaction_on
from service.proof.runs import actions, store
from service.proof.runs.model import Part, PartKind
from service.proof.seals.actions import seal
from service.proof.seals.heads import PURPOSE, Head, heads_wrong
from tests.bulk.county import fill
from tests.cases.county import COUNTY
from tests.conftest import KEYS
from tests.proof.scene import found_wrong

AUDITOR = Caller("onestop verify", Role.AUDITOR, COUNTY, None, frozenset(), None, None, "test")


@pytest.fixture
async def county(engine: AsyncEngine, database_url: str) -> str:
    """A small county, sealed; gives the address of its database."""
    await fill(database_url, 40, lines=3)
    await seal(engine, COUNTY, Clock())
    return database_url


async def start(url: str, *arguments: str) -> asyncio.subprocess.Process:
    environment = os.environ | {"ONESTOP_DATABASE_URL": url, "ONESTOP_KEYS": KEYS}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "service.cli",
        *arguments,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def command(url: str, *arguments: str) -> tuple[int, Any, str]:
    """How it ended, what it said as JSON, what it told meanwhile."""
    process = await start(url, *arguments, "--json")
    said, told = await process.communicate()
    return process.returncode or 0, json.loads(said) if said.strip() else None, told.decode()


async def overwrite(engine: AsyncEngine, statement: str) -> None:
    """What only a superuser can do."""
    async with transaction_on(engine) as tx:
        await tx.execute(text("SET LOCAL session_replication_role = replica"))
        await tx.execute(text(statement))


async def test_it_ends_with_0_where_all_is_right_and_with_1_where_a_row_is_wrong(
    county: str, engine: AsyncEngine
) -> None:
    code, said, _ = await command(county, "verify")
    await overwrite(engine, "UPDATE settlements SET operator = '别人' WHERE person_no = 'P00000003' AND order_no = 2")
    wrong_code, wrong, _ = await command(county, "verify", "--workers", "1", "--operator", "li")

    assert (code, said["ok"], said["items"][0]["settlements"], said["items"][0]["wrong_count"]) == (0, True, 40, 0)
    assert (wrong_code, wrong["ok"], wrong["items"][0]["status"]) == (1, False, "wrong")
    assert [one["table"] for one in wrong["items"][0]["wrongs"]] == ["settlements"]
    assert wrong["items"][0]["operator"] == "li"


async def test_killed_it_goes_on_where_it_stopped(
    county: str, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "SETTLEMENTS", 1)
    async with transaction_on(engine) as tx:
        verification_id = await actions.start(tx, AUDITOR, Clock())
    process = await start(county, "verify", "--resume", "--workers", "1")
    async with asyncio.timeout(120):
        while not await done_parts(engine, verification_id):
            async with transaction_on(engine) as tx:
                await tx.execute(text("SELECT pg_sleep(0.01)"))
    process.send_signal(signal.SIGKILL)
    await process.communicate()
    at_kill = await done_parts(engine, verification_id)

    code, said, _ = await command(county, "verify", "--resume", "--workers", "1")

    after = await done_parts(engine, verification_id)
    item = said["items"][0]
    assert (code, item["id"], item["settlements"]) == (0, str(verification_id), 40)
    assert 0 < len(at_kill) < item["parts"] == len(after)
    assert {part: at for part, at in after.items() if part in at_kill} == at_kill, "what was done is not done again"


async def done_parts(engine: AsyncEngine, verification_id: Any) -> dict[int, Any]:
    """When each part was done that is done."""
    query = "SELECT part_no, done_at FROM verification_parts WHERE verification_id = :id AND done_at IS NOT NULL"
    async with transaction_on(engine) as tx:
        return {row.part_no: row.done_at for row in await tx.execute(text(query), {"id": verification_id})}


@pytest.mark.long
async def test_a_chain_written_anew_is_found_by_the_head_that_was_published(
    county: str, engine: AsyncEngine, tmp_path: Path
) -> None:
    file = tmp_path / "heads.json"
    assert (await command(county, "seal", "--heads", str(file)))[0] == 0
    code, said, _ = await command(county, "verify", "--workers", "1", "--heads", str(file))
    await overwrite(engine, "UPDATE audit_log SET action = 'nothing.happened'")
    await overwrite(engine, "DELETE FROM seals")
    await seal(engine, COUNTY, Clock())
    async with transaction_on(engine) as tx:
        unseen = await found_wrong(tx)
    seen, found, _ = await command(county, "verify", "--workers", "1", "--heads", str(file))
    forged = json.loads(file.read_text())
    forged["items"][0]["hash"] = found["items"][0]["wrongs"][0]["kept"]
    file.write_text(json.dumps(forged))
    key = Ed25519PrivateKey.generate()
    head = Head(**forged["items"][0])._replace(public_key=key.public_key().public_bytes_raw().hex())
    own = [head._replace(signature=key.sign(PURPOSE.encode() + b"\x00" + head.said()).hex())]
    async with transaction_on(engine) as tx:
        by_another_key = await heads_wrong(tx, COUNTY, own)
    caught, of_forged, _ = await command(county, "verify", "--workers", "1", "--heads", str(file))
    file.write_text("{}")
    refused = await command(county, "verify", "--workers", "1", "--heads", str(file))

    assert (code, said["items"][0]["heads_compared"]) == (0, 1)
    assert unseen == [], "by itself, a chain made anew looks right"
    assert (seen, caught) == (1, 1)
    assert found["items"][0]["wrongs"][0]["table"] == "seals"
    assert of_forged["items"][0]["wrongs"][0]["column"] == "signature"
    assert [one.column for one in by_another_key] == ["public_key"], "whoever forges a head has a key, but not ours"
    assert refused[0] == 1
    assert "no file of heads" in refused[2]


async def test_a_part_is_done_by_one_process_only(county: str, engine: AsyncEngine) -> None:
    async with transaction_on(engine) as tx:
        verification_id = await actions.start(tx, AUDITOR, Clock())
    async with transaction_on(engine) as tx, transaction_on(engine) as other:
        first = await store.take(tx, COUNTY, verification_id)
        second = await store.take(other, COUNTY, verification_id)
    assert isinstance(first, Part)
    assert isinstance(second, Part)
    assert (first.kind, first.part_no, second.part_no) == (PartKind.LAW, 1, 2)
