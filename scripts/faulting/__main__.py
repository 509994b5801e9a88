"""`scripts/faults`: break everything on purpose, by a seed, for some minutes; see README, "What survives"."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from scripts.faulting.bench import run
from scripts.faulting.kinds import KINDS


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--only", choices=[kind.__name__.rpartition(".")[2] for kind in KINDS])
    parser.add_argument("--without")
    asked = parser.parse_args()
    kinds = [kind for kind in KINDS if asked.only in (None, kind.__name__.rpartition(".")[2])]
    folder = Path(tempfile.mkdtemp(prefix="onestop-faults-"))
    outcome = asyncio.run(run(folder, seed=asked.seed, minutes=asked.minutes, kinds=kinds, without=asked.without))
    print(outcome)
    for wrong in outcome.wrong:
        print(f"seed {outcome.seed}, after {outcome.after}: {wrong}")
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
