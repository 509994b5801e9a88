"""How fast and in how much memory rosters are imported, at 20,000 and 200,000 rows: `scripts/prove/rosters`."""

import asyncio
import base64
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any

from openpyxl import Workbook, load_workbook
from pydantic import SecretStr

from service.config import Settings
from service.db import create_system_engine
from service.embedded import EmbeddedPostgres
from service.migrate import upgrade
from service.registers.identity_number import check_character
from service.registers.rosters.model import RosterKind, Statement
from service.roster_run import Import, import_roster
from tests.rosters.processes import cpu_of_server, peak_of, postmaster, sampled
from tests.rosters.report import Figures, line_of_memory, lines_of_steps, written

REPORT = Path(__file__).parents[2] / "scripts/reports/rosters.md"
KEYS = f"prove:{base64.b64encode(bytes(range(32))).decode()}"
HEADER = ["序号", "姓名", "身份证号码", "乡镇代码", "户号", "人员类别", "认定日期", "备注"]
SIZES = (20_000, 200_000)
VARIANTS = ("new", "same", "changed")
"""A list of people whom nobody knows; the same people in other bytes; the same with one row in a hundred changed."""
STEPS = [f"{variant} {what}" for variant in VARIANTS for what in ("preview", "apply")]


def row(number: int, variant: str = "new") -> list[str]:
    day = date.fromordinal(date(1950, 1, 1).toordinal() + number // 500)
    first = f"459901{day:%Y%m%d}{number % 500 + 1:03d}"
    since = "2018年2月1日" if variant == "changed" and number % 100 == 0 else "2018年1月1日"
    identity = [f"人{number:06d}", first + check_character(first), "459901101", f"H{number // 4}", "建档立卡", since]
    return [str(number), *identity, "" if variant == "new" else variant]


def write(file: Path, size: int, variant: str) -> None:
    rows = (row(number, variant) for number in range(size))
    if file.suffix == ".csv":
        with file.open("w", encoding="utf-8-sig") as out:
            for cells in (HEADER, *rows):
                out.write(",".join(cells) + "\r\n")
        return
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for cells in (HEADER, *rows):
        sheet.append(cells)
    book.save(file)


async def one(folder: Path, suffix: str, size: int, url: str) -> Figures:
    """In a process of its own: preview and apply each variant in turn; CPU of this process and of PostgreSQL's."""
    settings = Settings(database_url=url, keys=SecretStr(KEYS))
    engine, server = create_system_engine(url, settings), postmaster(folder / "pg")
    statement = Statement(RosterKind.FULL, "扶贫办", date(2018, 6, 1))
    figures: Figures = {"start": peak_of(os.getpid())}
    for variant in VARIANTS:
        file = folder / f"{size}-{variant}{suffix}"
        for what, apply in (("preview", False), ("apply", True)):
            begin, busy, theirs = time.monotonic(), time.process_time(), cpu_of_server(server)
            asked = Import(file, "459901", None, statement, apply, False, False, None, again=False)
            answer = await import_roster(engine, settings, asked)
            spent = (time.monotonic() - begin, time.process_time() - busy, *cpu_of_server(server).since(theirs))
            figures[f"{variant} {what}"] = {"spent": spent, "counts": answer["counts"], "state": answer["state"]}
    figures["peak"] = peak_of(os.getpid())
    await engine.dispose()
    return figures


def read_only(file: Path) -> Figures:
    """What the library alone needs for the same file: every cell is read and nothing is kept."""
    begin = time.process_time()
    if file.suffix == ".xlsx":
        book = load_workbook(file, read_only=True)
        count = sum(1 for _ in book.worksheets[0].iter_rows())
    else:
        with file.open(encoding="utf-8-sig") as lines:
            count = sum(1 for _ in lines)
    return {"rows": count, "cpu": time.process_time() - begin, "peak": peak_of(os.getpid())}


def figures_of(*arguments: str) -> Figures:
    command = [sys.executable, "-m", "tests.rosters.prove", *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found


async def fresh(server_url: str, name: str) -> str:
    settings = Settings(database_url=server_url)
    engine = create_system_engine(server_url, settings)
    raw = await engine.connect()
    connection = (await raw.get_raw_connection()).driver_connection
    assert connection is not None
    await connection.execute(f"CREATE DATABASE {name}")
    await raw.close()
    await engine.dispose()
    url = server_url.rsplit("/", 1)[0] + f"/{name}"
    engine = create_system_engine(url, settings)
    await upgrade(engine)
    await engine.dispose()
    return url


@contextmanager
def started(folder: Path) -> Iterator[str]:
    folder.chmod(0o755)
    (folder / "pg").mkdir(mode=0o755)
    server = EmbeddedPostgres(folder / "pg")
    try:
        yield server.start()
    finally:
        server.stop()


def measured(folder: Path, url: str, suffix: str, size: int, time_no: int) -> tuple[Figures, Figures]:
    for variant in VARIANTS:
        write(folder / f"{size}-{variant}{suffix}", size, variant)
    library = figures_of("read", str(folder / f"{size}-new{suffix}"))
    database = asyncio.run(fresh(url, f"prove_{suffix[1:]}_{size}_{time_no}"))
    with sampled(postmaster(folder / "pg")) as server_peak:
        found = figures_of("one", str(folder), suffix, str(size), database)
    checked(size, found)
    found |= {"server_peak": server_peak()}
    sys.stderr.write(json.dumps([suffix, size, found]) + "\n")
    return library, found


def checked(size: int, found: dict[str, Any]) -> None:
    """The figures are of an import that did what it should."""
    assert [found[f"{variant} apply"]["state"] for variant in VARIANTS] == ["applied"] * len(VARIANTS)
    new, same, changed = (found[f"{variant} apply"]["counts"] for variant in VARIANTS)
    assert (new["added"], same["unchanged"], changed["changed"]) == (size, size, size // 100)


def main() -> None:
    if sys.argv[1:2] == ["one"]:
        sys.stdout.write(json.dumps(asyncio.run(one(Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5]))))
        return
    if sys.argv[1:2] == ["read"]:
        sys.stdout.write(json.dumps(read_only(Path(sys.argv[2]))))
        return
    # One after the other: two cores that are both busy are slower than one, and the sizes would not be under like load.
    steps, memory = zip(*map(of_suffix, (".csv", ".xlsx")), strict=True)
    REPORT.write_text(written(list(chain.from_iterable(steps)), list(chain.from_iterable(memory))), encoding="utf-8")


def of_suffix(suffix: str) -> tuple[list[str], list[str]]:
    """The lines of one kind of file, on a server of its own."""
    small, large = SIZES
    found: dict[int, list[tuple[Figures, Figures]]] = {small: [], large: []}
    with tempfile.TemporaryDirectory(prefix="onestop-rosters-") as name, started(Path(name)) as url:
        for time_no, size in enumerate((small, small, large, small)):
            found[size].append(measured(Path(name), url, suffix, size, time_no))
    middle = [(size, *median_of(found[size])) for size in SIZES]
    return lines_of_steps(suffix, middle, STEPS), [line_of_memory(suffix, *each) for each in middle]


def median_of(found: list[tuple[Figures, Figures]]) -> tuple[Figures, Figures]:
    """Of each figure of several times the one in the middle."""
    libraries, figures = zip(*found, strict=True)
    library = {name: median(each[name] for each in libraries) for name in ("cpu", "peak")}
    steps = {
        step: {"spent": [median(spent) for spent in zip(*(each[step]["spent"] for each in figures), strict=True)]}
        for step in STEPS
    }
    return library, steps | {name: median(each[name] for each in figures) for name in ("start", "peak", "server_peak")}


if __name__ == "__main__":
    main()
