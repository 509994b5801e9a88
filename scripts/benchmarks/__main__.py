"""scripts/bench [name ...]: measure, print tables, and leave the figures as JSON or in the report that is kept."""

import argparse
import asyncio
import json
import shlex
import sys
import tempfile
from pathlib import Path

from scripts.benchmarks import grow, kernel, month, profile, safety, settle, verify, wire
from scripts.benchmarks.figures import Report
from scripts.benchmarks.report import keep, machine

_NAMES = ("kernel", "settle", "grow", "month", "verify", "wire", "safety", "profile")


def _sizes(text: str) -> list[int]:
    return [int(size) for size in text.split(",")]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*_NAMES, []], default=list(_NAMES))
    parser.add_argument("--runs", type=int, default=3, help="how often each figure is taken")
    parser.add_argument("--sizes", type=_sizes, default=[10_000, 100_000], help="grow: settlements in the county")
    parser.add_argument("--lines", type=_sizes, default=[100_000], help="month: lines of the statement")
    parser.add_argument("--settlements", type=int, default=20_000, help="verify: settlements in the county")
    parser.add_argument("--json", type=Path, help="where to leave the figures")
    parser.add_argument("--report", action="store_true", help="keep them in scripts/reports/bench.md and .json")
    parser.add_argument("--before", type=Path, help="with --report: what an older commit left with --json")
    return parser.parse_args()


def _measured(name: str, asked: argparse.Namespace, folder: Path) -> Report:
    county = folder / "county"
    match name:
        case "kernel":
            return kernel.run(asked.runs, folder)
        case "settle":
            return asyncio.run(settle.run(asked.runs, county))
        case "grow":
            return asyncio.run(grow.run(asked.runs, county, asked.sizes))
        case "month":
            return asyncio.run(month.run(asked.runs, asked.lines))
        case "verify":
            return asyncio.run(verify.run(asked.runs, asked.settlements))
        case "wire":
            return asyncio.run(wire.run())
        case "safety":
            return asyncio.run(safety.run(asked.runs, county))
        case _:
            return asyncio.run(profile.run(county))


def main() -> None:
    asked = _arguments()
    folder = Path(tempfile.gettempdir()) / "onestop-bench"
    folder.mkdir(exist_ok=True)
    found = []
    for name in asked.names:
        on = machine()
        report = _measured(name, asked, folder)
        print(report.markdown())
        options = " ".join(shlex.quote(each) for each in sys.argv[1:] if each not in _NAMES and each != "--report")
        found.append((report, f"scripts/bench {name} {options}".strip(), on))
        if asked.report:
            # Kept at once: what follows may take long.
            keep(found, asked.before)
    if asked.json is not None:
        left = [report.json() for report, _, _ in found]
        asked.json.write_text(json.dumps(left, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
