"""Where the time of a discharge goes: py-spy on the server process while it settles."""

import asyncio
import signal
import subprocess
import sys
import sysconfig
from collections import Counter
from pathlib import Path
from typing import Final

from scripts.benchmarks.figures import Report
from scripts.benchmarks.load import closed
from scripts.benchmarks.place import county
from scripts.benchmarks.settle import CONNECTIONS, Runner, all_settled, target

_COUNT: Final = 2_500
_TOLD: Final = 10
_PACKAGES: Final = ("asyncpg", "sqlalchemy", "fastapi", "starlette", "pydantic", "uvicorn", "prometheus_client")
_OURS: Final = "service/"


async def run(folder: Path) -> Report:
    report = Report("profile", ("room or library", "of the samples", "its largest functions"))
    raw = folder.parent / "profile.raw"
    async with county(folder, people=_COUNT + 400) as place:
        runner = Runner(place)
        with place.server() as url:
            where = target(place, url)
            all_settled(await closed(where, runner.made(runner.spread(), 300), connections=CONNECTIONS))
            program = Path(sysconfig.get_path("scripts")) / "py-spy"
            command = [f"{program}", "record", "--pid", f"{place.workers[0]}", "--format", "raw", "--output", f"{raw}"]
            spy = subprocess.Popen([*command, "--rate", "200", "--gil", "--nonblocking", "--duration", "600"])
            await asyncio.sleep(1)
            found = await closed(where, runner.made(runner.spread(), _COUNT), connections=CONNECTIONS)
            spy.send_signal(signal.SIGINT)
            spy.wait()
    all_settled(found)
    rooms, functions, whole = _counted(raw)
    for room, samples in rooms.most_common(_TOLD):
        largest = [f"{name} {count / whole:.1%}" for name, count in functions[room].most_common(3)]
        report.row(room, f"{samples / whole:.1%}", ", ".join(largest))
        report.figures[room] = {"share": samples / whole}
    report.notes.append(
        f"{whole} samples of the server process holding the interpreter, {found.per_second:.0f} discharges a second."
        " Each sample counts for the innermost function; what C code takes, for the Python function that called it."
    )
    return report


def _counted(raw: Path) -> tuple[Counter[str], dict[str, Counter[str]], int]:
    """Samples by room and, of each, by function; and all of those that belong to a request."""
    rooms: Counter[str] = Counter()
    functions: dict[str, Counter[str]] = {}
    for line in raw.read_text(encoding="utf-8").splitlines():
        stack, _, count = line.rpartition(" ")
        name, _, place = stack.rpartition(";")[2].partition(" (")
        room = _room(place)
        rooms[room] += int(count)
        functions.setdefault(room, Counter())[name] += int(count)
    return rooms, functions, rooms.total()


def _room(place: str) -> str:
    """The room of a file of ours, else the library it belongs to."""
    file = place.partition(":")[0]
    if _OURS in file:
        parts = file.rpartition(_OURS)[2].split("/")
        return _OURS + "/".join(parts[:1] if len(parts) > 1 else parts)
    for package in _PACKAGES:
        if f"{package}/" in file:
            return package
    return "the interpreter and its library" if sys.prefix not in file else "other libraries"
