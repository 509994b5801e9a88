"""How fast and in how much memory rosters are imported, at 20,000 and 200,000 rows: `scripts/prove/rosters`."""

import asyncio
import base64
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from openpyxl import Workbook
from pydantic import SecretStr

from service.config import Settings
from service.db import create_system_engine
from service.embedded import EmbeddedPostgres
from service.migrate import upgrade
from service.registers.identity_number import check_character
from service.registers.rosters.model import RosterKind, Statement
from service.roster_run import Import, import_roster
from service.sheets.read import rows

REPORT = Path(__file__).parents[2] / "scripts/reports/rosters.md"
KEYS = f"prove:{base64.b64encode(bytes(range(32))).decode()}"
HEADER = ["序号", "姓名", "身份证号码", "乡镇代码", "户号", "人员类别", "认定日期", "备注"]
SIZES = (20_000, 200_000)


def row(number: int) -> list[str]:
    day = date.fromordinal(date(1950, 1, 1).toordinal() + number // 500)
    first = f"459901{day:%Y%m%d}{number % 500 + 1:03d}"
    name = f"人{number:06d}"
    return [
        str(number),
        name,
        first + check_character(first),
        "459901101",
        f"H{number // 4}",
        "建档立卡",
        "2018年1月1日",
        "",
    ]


def write(file: Path, size: int) -> None:
    rows = (row(number) for number in range(size))
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


def peak() -> int:
    """The most memory this process ever held, in MB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


async def one(file: Path, url: str) -> None:
    """In a process of its own: preview, then apply; figures as JSON."""
    settings = Settings(database_url=url, keys=SecretStr(KEYS))
    engine = create_system_engine(url, settings)
    before = peak()
    statement = Statement(RosterKind.FULL, "扶贫办", date(2018, 6, 1))
    figures: dict[str, object] = {"peak_at_start": before}
    for what, apply in (("preview", False), ("apply", True)):
        begin, busy = time.monotonic(), time.process_time()
        asked = Import(file, "459901", None, statement, apply, accept_rejected=False, accept_older=False, rejected=None)
        figures[what] = await import_roster(engine, settings, asked)
        figures[f"{what}_seconds"] = time.monotonic() - begin
        figures[f"{what}_cpu"] = time.process_time() - busy
    figures["peak"] = peak()
    await engine.dispose()
    sys.stdout.write(json.dumps(figures) + "\n")


async def read_only(file: Path) -> None:
    """What the spreadsheet library needs for the same file, and nothing else."""
    begin = time.monotonic()
    count = sum(1 for _ in rows(file))
    figures = {"rows": count, "seconds": time.monotonic() - begin, "cpu": time.process_time(), "peak": peak()}
    sys.stdout.write(json.dumps(figures) + "\n")


def figures_of(*arguments: str) -> dict[str, object]:
    command = [sys.executable, "-m", "tests.rosters.prove", *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
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


def main() -> None:
    if sys.argv[1:2] == ["one"]:
        asyncio.run(one(Path(sys.argv[2]), sys.argv[3]))
        return
    if sys.argv[1:2] == ["read"]:
        asyncio.run(read_only(Path(sys.argv[2])))
        return
    lines = []
    with tempfile.TemporaryDirectory(prefix="onestop-rosters-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = EmbeddedPostgres(folder / "pg")
        (folder / "pg").mkdir(mode=0o755)
        try:
            url = server.start()
            for suffix in ("csv", "xlsx"):
                for size in SIZES:
                    file = folder / f"roster-{size}.{suffix}"
                    write(file, size)
                    library = figures_of("read", str(file))
                    found = figures_of("one", str(file), asyncio.run(fresh(url, f"prove_{suffix}_{size}")))
                    lines.append(line(suffix, size, file.stat().st_size, library, found))
                    sys.stderr.write(lines[-1] + "\n")
        finally:
            server.stop()
    REPORT.write_text(report(lines), encoding="utf-8")


def line(suffix: str, size: int, weight: int, library: dict[str, object], found: dict[str, object]) -> str:
    preview, apply = float(str(found["preview_seconds"])), float(str(found["apply_seconds"]))

    def cpu(name: str) -> float:
        return float(str(found[name]))

    applied = found["apply"]
    assert isinstance(applied, dict)
    assert applied["state"] == "applied"
    assert applied["counts"]["added"] == size
    return (
        f"| {suffix} | {size:,} | {weight / 1e6:.1f} MB | {preview:.1f} s | {size / preview:,.0f} | "
        f"{cpu('preview_cpu'):.1f} s | {apply:.1f} s | {size / apply:,.0f} | {cpu('apply_cpu'):.1f} s | "
        f"{float(str(library['cpu'])):.1f} s | {found['peak_at_start']} MB | {library['peak']} MB | "
        f"{found['peak']} MB |"
    )


def report(lines: list[str]) -> str:
    machine = f"{platform.machine()}, {os.cpu_count()} cores shared with other work, Python {platform.python_version()}"
    return f"""# Rosters at county scale

Made by `scripts/prove/rosters`. Each line is a process of its own on an empty database: every person is new, the worst
case (each is registered, sealed and indexed). PostgreSQL is the embedded one, writing through to the disk.
Machine: {machine}.

| file | rows | size | preview | rows/s | its CPU | apply | rows/s | its CPU | CPU, library | start | library | peak |
|---|---|---|---|---|---|---|---|---|---|---|---|---|
{chr(10).join(lines)}

*Peak* is the most memory that the importing process ever held (`VmHWM`), *start* before it began; *library* is a
process that reads the same file and keeps nothing. *Apply* includes finding the same file again and comparing the
register with the preview. *CPU* is the importing process's own time, which other work on the machine does not lengthen;
PostgreSQL's is not in it.
"""


if __name__ == "__main__":
    main()
