"""Break the service on purpose, in an order that a seed decides, and look after each fault at what was promised."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scripts.faulting.bench import Outcome, run
from scripts.faulting.kinds import KINDS, Kind
from scripts.faulting.report import Figures, lack
from scripts.faulting.taken_out import PROTECTIONS

_TOLD = 5


def names() -> dict[str, Kind]:
    """The kinds by what they are called on the command line."""
    return {kind.__name__.rpartition(".")[2]: kind for kind in KINDS}


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="what is broken, and in which order")
    parser.add_argument("--minutes", type=float, default=2.0, help="how long, without the setting up")
    parser.add_argument("--only", action="append", choices=names(), help="only this kind of fault; may be said again")
    parser.add_argument("--without", choices=[*PROTECTIONS, "each"], help="take a protection out: it must be found")
    parser.add_argument("--report", action="store_true", help="keep the figures in scripts/reports/faults.md")
    asked = parser.parse_args()
    removed = list(PROTECTIONS) if asked.without == "each" else [asked.without]
    return max(_one(asked, without) for without in removed)


def _one(asked: argparse.Namespace, without: str | None) -> int:
    only: Sequence[str] = asked.only or (PROTECTIONS[without].kinds if without else tuple(names()))
    kinds = [kind for name, kind in names().items() if name in only]
    folder = Path(tempfile.mkdtemp(prefix="onestop-faults-"))
    outcome = asyncio.run(run(folder, seed=asked.seed, minutes=asked.minutes, kinds=kinds, without=without))
    if asked.report:
        figures = Figures.read()
        figures.add(outcome, _command(asked, without))
        figures.write()
    return _told(outcome)


def _command(asked: argparse.Namespace, without: str | None) -> str:
    said = ["scripts/faults", f"--seed {asked.seed}", f"--minutes {asked.minutes:g}"]
    return " ".join(
        [*said, *(f"--only {kind}" for kind in asked.only or ()), *([f"--without {without}"] * bool(without))]
    )


def _told(outcome: Outcome) -> int:
    """Say how it ended. Of a protection that was taken out the lack must be found; otherwise nothing may be wrong."""
    for wrong in outcome.wrong[:_TOLD]:
        print(f"seed {outcome.seed}, after {outcome.after}: {wrong}")
    if outcome.without is not None:
        found = lack(outcome.without, outcome.wrong)
        said = "it is missed" if found is not None else "IT IS NOT MISSED"
        print(f"seed {outcome.seed}: without {PROTECTIONS[outcome.without].what}, {said}")
        return 0 if found is not None else 1
    faults = sum(outcome.struck.values())
    print(f"seed {outcome.seed}: {faults} faults in {outcome.seconds:.0f} s, {len(outcome.wrong)} wrong")
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
