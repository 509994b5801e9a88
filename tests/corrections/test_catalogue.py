"""Which settlements an uploaded catalogue touches: those with a line that it gives other terms on its day of charge."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from service.access.model import Role
from service.config import Settings
from tests.access.callers import headers_of
from tests.claims.bills import fee_line, stay
from tests.corrections.conftest import done
from tests.registers.conftest import Call
from tests.registers.examples import HOSPITAL, a_hospital, a_person, id_no
from tests.registers.test_catalogue_import import HEADER, row
from tests.sheets.files import csv_file

Settle = Callable[[dict[str, Any]], Awaitable[Any]]


def line(code: str, day: str, **changes: Any) -> dict[str, Any]:
    own = {"item_code": code, "charged_on": day, "grade": "B", "self_pay_ratio": "0.10", "price_ceiling": None}
    return fee_line(**own | changes)


@pytest.fixture
async def settlements(agency: Call, settled: Settle, app: FastAPI, client: httpx.AsyncClient) -> dict[str, str]:
    """Stays of May 2018 with lines of XB01 (10 %, by the catalogue since January) and X9 (unknown to it), by a name."""
    await done(agency, "POST", "/v1/hospitals", a_hospital(), 201)
    await upload(app, client, csv_file([HEADER, row("XB01", first="2018-01-01"), row("XB02", first="2018-01-01")]))
    lines = {
        "early": [line("XB01", "2018-05-01")],
        "late": [line("XB01", "2018-05-04"), line("XB02", "2018-05-04", line_no=2)],
        "other": [line("XB02", "2018-05-04")],
        "unknown": [line("X9", "2018-05-04")],
    }
    made = {}
    for number, (name, fee_lines) in enumerate(lines.items(), 1):
        await done(agency, "POST", "/v1/persons", a_person(number), 201)
        days = {"admitted_on": "2018-05-01", "discharged_on": "2018-05-05", "visit_no": f"V{number}"}
        made[name] = (await settled(stay(HOSPITAL, id_no(number), fee_lines=fee_lines, **days)))["id"]
    return made


async def upload(app: FastAPI, client: httpx.AsyncClient, content: bytes, *, apply: bool = True, **said: Any) -> str:
    headers = await headers_of(app, Role.AGENCY, uuid4().hex)
    data = {"kind": "changes", "as_of": "2018-05-03", **said}
    answer = await client.post("/v1/catalogue-imports", data=data, files={"file": ("x", content)}, headers=headers)
    assert answer.status_code == 201, answer.text
    import_id: str = answer.json()["id"]
    if apply:
        answer = await client.post(f"/v1/catalogue-imports/{import_id}/apply", json={}, headers=headers)
        assert answer.status_code == 200, answer.text
    return import_id


CASES: list[tuple[list[list[str]], dict[str, Any], dict[str, list[str]]]] = [
    ([row("XB01", ratio="20%")], {}, {"late": ["XB01"]}),
    ([row("XB01", ratio="20%", first="2018-01-01")], {}, {"early": ["XB01"], "late": ["XB01"]}),
    ([row("XB01", ratio="10%"), row("XB02", ceiling="1.5")], {}, {"late": ["XB02"], "other": ["XB02"]}),
    ([row("XB02", ratio="10%")], {"kind": "full"}, {"late": ["XB01"]}),
    ([row("X9", grade="丙", ratio="")], {}, {"unknown": ["X9"]}),
    ([row("X9", ratio="10%")], {}, {}),
    ([row("XB01", ratio="20%", first="2018-06-01")], {}, {}),
]


@pytest.mark.parametrize(("rows", "said", "expected"), CASES)
async def test_exactly_the_settlements_with_a_line_on_other_terms_are_listed(
    agency: Call,
    settlements: dict[str, str],
    app: FastAPI,
    client: httpx.AsyncClient,
    rows: list[list[str]],
    said: dict[str, Any],
    expected: dict[str, list[str]],
) -> None:
    content = csv_file([HEADER, *rows])
    import_id = await upload(app, client, content, apply=False, **said)
    path = f"/v1/catalogue-imports/{import_id}/settlements-touched"

    before = await done(agency, "GET", path)
    assert {each["settlement_id"]: each["items"] for each in before["items"]} == {
        settlements[name]: items for name, items in expected.items()
    }
    await upload(app, client, content, **said)
    assert (await done(agency, "GET", path))["items"] == before["items"]


async def test_a_settlement_made_after_the_catalogue_was_applied_is_not_touched_by_it(
    agency: Call, settled: Settle, settlements: dict[str, str], app: FastAPI, client: httpx.AsyncClient
) -> None:
    import_id = await upload(app, client, csv_file([HEADER, row("XB01", ratio="20%")]))
    await done(agency, "POST", "/v1/persons", a_person(9), 201)
    days = {"admitted_on": "2018-05-01", "discharged_on": "2018-05-05", "visit_no": "V9"}
    await settled(stay(HOSPITAL, id_no(9), fee_lines=[line("XB01", "2018-05-04")], **days))

    found = await done(agency, "GET", f"/v1/catalogue-imports/{import_id}/settlements-touched")

    assert [each["settlement_id"] for each in found["items"]] == [settlements["late"]]


async def test_the_command_previews_and_applies_a_catalogue(
    agency: Call, settlements: dict[str, str], settings: Settings, tmp_path: Path
) -> None:
    file, rejected = tmp_path / "目录.csv", tmp_path / "rejected.csv"
    file.write_bytes(csv_file([HEADER, row("XB01", ratio="20%", first="2018-05-03"), row("X3", grade="丁")]))
    environment = os.environ | {
        "ONESTOP_DATABASE_URL": settings.database_url or "",
        "ONESTOP_KEYS": settings.keys.get_secret_value() if settings.keys else "",
    }

    def command(*more: str) -> subprocess.CompletedProcess[str]:
        arguments = ["catalogue", "import", os.fspath(file), "--county", "459901", "--as-of", "2018-05-03", *more]
        return subprocess.run(
            [sys.executable, "-m", "service.cli", *arguments],
            env=environment,
            text=True,
            capture_output=True,
            check=False,
            cwd=Path(__file__).parents[2],
        )

    shown = await asyncio.to_thread(command, "--json", "--rejected", os.fspath(rejected))
    assert shown.returncode == 0, shown.stderr
    said = json.loads(shown.stdout)
    assert (said["state"], said["counts"]["changed"], said["counts"]["touched"]) == ("previewed", 1, 1)
    assert "X3" in rejected.read_text(encoding="utf-8-sig")
    applied = await asyncio.to_thread(command, "--apply")
    assert (applied.returncode, applied.stdout.splitlines()[-1]) == (0, "Applied."), applied.stderr
    assert (await done(agency, "GET", "/v1/catalogue/XB01?on=2018-05-03"))["self_pay_ratio"] == "0.20"

    file.write_bytes(csv_file([["甲"], ["乙"]]))
    refused = await asyncio.to_thread(command)
    assert (refused.returncode, "表头" in refused.stderr) == (1, True)
