"""What the demo prints when it serves, on a real server: the discharge and its reasons, and commands that work."""

import asyncio
import json
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr
from rich.cells import cell_len

from service.access.vault import Vault
from service.claims.examples import REQUEST_BODY
from service.clock import Clock
from service.config import Settings
from service.db import create_system_engine
from service.demo.discharge import BODY
from service.demo.invitation import commands
from service.demo.load import load
from service.demo.show import show
from service.demo.wrapping import wrapped
from service.policy.load import shipped_packs
from service.processes import listen, start_worker, stop_workers
from tests.conftest import KEYS, Cluster

EARLY = Clock.on(date(2018, 6, 8))
AGAIN = "此前已结算，重发同一请求，得到同一答复。Settled before: the same request got the same answer.\n"

Ready = dict[str, Any]


@contextmanager
def serving(settings: Settings, clock: Clock) -> Iterator[Ready]:
    """The ready file of a demo that serves."""
    assert settings.database_url
    assert settings.keys
    environment = {"ONESTOP_DATABASE_URL": settings.database_url, "ONESTOP_KEYS": settings.keys.get_secret_value()}
    with listen("127.0.0.1", 0) as listener:
        worker = start_worker(listener, environment, clock_days=clock.shift.days)
        try:
            clients = asyncio.run(loaded(settings, clock))
            worker.wait_until_ready()
            yield {"base_url": f"http://127.0.0.1:{listener.getsockname()[1]}", "clients": clients}
        finally:
            stop_workers([worker])


async def loaded(settings: Settings, clock: Clock) -> dict[str, Any]:
    assert settings.database_url
    engine = create_system_engine(settings.database_url, settings)
    clients = await load(engine, Vault.from_settings(settings), clock, shipped_packs())
    await engine.dispose()
    return clients


def printed(ready: Ready) -> str:
    output = StringIO()
    with redirect_stdout(output), pytest.MonkeyPatch.context() as environment:
        for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
            environment.delenv(name, raising=False)
        show(ready)
    return output.getvalue()


@pytest.fixture(scope="module")
def ready(cluster: Cluster) -> Iterator[Ready]:
    name = f"test_{uuid4().hex}"
    asyncio.run(cluster.execute(f"CREATE DATABASE {name} TEMPLATE {cluster.template} STRATEGY file_copy"))
    with serving(Settings(database_url=cluster.database(name), keys=SecretStr(KEYS)), Clock()) as made:
        yield made
    asyncio.run(cluster.execute(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="module")
def shown(ready: Ready) -> tuple[str, str]:
    """What the first start and the second one print."""
    return printed(ready), printed(ready)


def amounts(output: str) -> dict[str, str]:
    """The last amount of every line of a table that has one, by the line's first word."""
    return dict(re.findall(r"^\| *(?:\d\. )?(\S+).*?([\d.]+) \|$", output, re.M))


def test_it_settles_the_discharge_and_shows_each_layer_with_its_reasons(ready: Ready, shown: tuple[str, str]) -> None:
    first, _ = shown
    expected = {
        "医疗费总额": "13644.00",
        "全自费": "444.00",
        "超限价自付": "200.00",
        "先行自付": "900.00",
        "符合政策范围": "12100.00",
        "基本医疗保险": "9680.00",
        "大病保险": "0.00",
        "民政医疗救助": "0.00",
        "其他补偿": "300.00",
        "健康扶贫保险（兜底）": "2299.60",
        "各方共支付": "12279.60",
        "个人最终负担": "1364.40",
        "出院应缴": "1364.40",
        "医院垫付": "11979.60",
    }

    assert amounts(first).items() >= expected.items()
    assert "〔000 §四(一)〕" in first
    assert "Due at discharge: 1364.40 yuan." in first
    assert re.search(r"Query code: \d+", first)
    assert ready["clients"]["hospital"]["client_secret"] in first


def test_shown_again_it_is_the_same_answer_and_not_a_second_settlement(shown: tuple[str, str]) -> None:
    first, second = shown

    assert (AGAIN in first, AGAIN in second) == (False, True)
    assert second.replace(AGAIN, "") == first


def test_every_line_of_a_table_is_as_wide_as_the_others(shown: tuple[str, str]) -> None:
    tables: list[set[int]] = [set()]
    for line in shown[0].splitlines():
        if line.startswith(("|", "+")):
            tables[-1].add(cell_len(line))
        elif tables[-1]:
            tables.append(set())

    widths = [sorted(each) for each in tables if each]
    assert [len(each) for each in widths] == [1] * 5
    assert max(widths) <= [100]


def test_where_nobody_looks_at_a_terminal_it_is_plain(shown: tuple[str, str]) -> None:
    assert "\x1b" not in shown[0]
    assert not set(shown[0]) & set("─│╭╮╰╯├┤")


def test_the_commands_it_prints_work_as_they_stand(ready: Ready) -> None:
    if not (shutil.which("curl") and shutil.which("bash")):
        pytest.skip("needs bash and curl")
    script = "\n".join(command for _, command in commands(ready["base_url"], ready["clients"]["hospital"], None))

    ran = subprocess.run(["bash", "-euo", "pipefail", "-c", script], check=True, capture_output=True, text=True)

    # json.tool ends each answer with a brace that begins a line.
    preview, settled, read = [json.loads(each + "}") for each in ran.stdout.split("\n}\n")[:-1]]
    assert (preview["status"], settled["status"], read["items"][0]["status"]) == ("preview", "settled", "settled")
    # 6 000.00 x 80 %, then to 90 % of the total.
    assert settled["patient_pays"] == preview["patient_pays"] == "600.00"


def test_the_documents_example_is_left_for_whoever_tries_it() -> None:
    assert BODY["fee_lines"] == REQUEST_BODY["fee_lines"]
    assert BODY["visit_no"] != REQUEST_BODY["visit_no"]
    assert BODY["person"] != REQUEST_BODY["person"]


def test_before_the_discharge_it_says_so(settings: Settings) -> None:
    with serving(settings, EARLY) as ready:
        output = printed(ready)

    assert "lies before the example's discharge on 2018-06-09" in output
    assert "Try it yourself" in output


def test_a_service_that_does_not_answer_is_no_reason_to_fail(ready: Ready) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        closed = f"http://127.0.0.1:{unused.getsockname()[1]}"

    assert "could not be settled" in printed({**ready, "base_url": closed})


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("起付线 300.00 元，本次扣除。", 18, ["起付线 300.00 元，", "本次扣除。"]),
        ("一二三，四五", 6, ["一二", "三，四", "五"]),
        ("a deductible of ten", 12, ["a deductible", "of ten"]),
        ("甲（乙）丙", 4, ["甲", "（乙）", "丙"]),
        ("", 10, []),
    ],
)
def test_lines_break_between_words_and_never_before_a_closing_mark(text: str, width: int, lines: list[str]) -> None:
    assert list(wrapped(text, width)) == lines


def test_a_citation_stays_in_one_piece() -> None:
    assert list(wrapped("支付。〔000 §四(一)〕", 16, ["000 §四(一)"])) == ["支付。", "〔000 §四(一)〕"]


def test_the_readme_shows_what_the_demo_shows(shown: tuple[str, str]) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    picture = readme.split("```")[3]

    figures = re.findall(r"\d+\.\d\d", picture)

    assert len(figures) > 10
    assert set(figures) <= set(re.findall(r"\d+\.\d\d", shown[0]))
