"""
`scripts/simulate --seeds A..B --days N`: seeded counties, one after the other, each checked every day of its life.

A seed that fails is cut down to a short story; `--days` other than those of the failure may change its plan.
"""

import argparse
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from scripts.simulating.living import simulate
from scripts.simulating.report import report
from tests.claims.machine.prove import cluster_of


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/simulate", description=__doc__)
    parser.add_argument("--seeds", default="1..4", help="first..last")
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no seed later than that")
    parser.add_argument("--report", type=Path, help="write the figures there")
    asked = parser.parse_args()
    first, _, last = asked.seeds.partition("..")
    seeds = list(range(int(first), int(last or first) + 1))
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # As root, PostgreSQL runs as another user, who must get in.
        folder.chmod(0o755)
        with (
            cluster_of(folder) as cluster,
            ProcessPoolExecutor(asked.processes, mp_context=get_context("spawn")) as pool,
        ):
            shares = [seeds[share :: asked.processes] for share in range(asked.processes)]
            running = [
                pool.submit(simulate, cluster, some, asked.days, n, asked.minutes)
                for n, some in enumerate(shares)
                if some
            ]
            lived = [one.result() for one in running]
    seconds = time.monotonic() - began
    text = report(asked.seeds, asked.days, lived, seconds)
    sys.stdout.write(text)
    if asked.report is not None:
        asked.report.write_text(text, encoding="utf-8")
    if any(one.stories for one in lived):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
