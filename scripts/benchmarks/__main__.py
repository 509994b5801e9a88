"""scripts/bench [kernel] [settle]: measure, print tables, and leave the figures as JSON beside them."""

import argparse
import asyncio
import json
import tempfile
from pathlib import Path

from scripts.benchmarks import kernel, settle

_NAMES = ("kernel", "settle")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*_NAMES, []], default=list(_NAMES))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path, help="where to leave the figures")
    asked = parser.parse_args()
    folder = Path(tempfile.gettempdir()) / "onestop-bench"
    folder.mkdir(exist_ok=True)
    reports = []
    for name in asked.names:
        if name == "kernel":
            reports.append(kernel.run(asked.runs, folder))
        else:
            reports.append(asyncio.run(settle.run(asked.runs, folder / "county")))
        print(reports[-1].markdown())
    if asked.json is not None:
        asked.json.write_text(json.dumps([report.json() for report in reports], indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
