"""
`scripts/simulate --seeds A..B --days N`: seeded counties, each checked every day of its life, as many at once as asked.

A seed that fails is cut down to a short story; `--days` other than those of the failure may change its plan. The
report is written after every seed, adds up the runs of different seeds, and is gone on with by `--rest`.
"""

import argparse
import shlex
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from scripts.simulating.living import Lived, simulate
from scripts.simulating.report import Figures, Run
from tests.claims.machine.prove import cluster_of
from tests.conftest import memory


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/simulate", description=__doc__)
    parser.add_argument("--seeds", default="1..4", help="first..last")
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no seed later than that")
    parser.add_argument("--report", type=Path, help="write the figures there (.md), and beside it (.json)")
    parser.add_argument("--rest", action="store_true", help="leave out the seeds that the report has")
    asked = parser.parse_args()
    first, _, last = asked.seeds.partition("..")
    figures = Figures.read(asked.report.with_suffix(".json") if asked.report else None)
    known = figures.lived(asked.days) if asked.rest else frozenset()
    seeds = [seed for seed in range(int(first), int(last or first) + 1) if seed not in known]
    run = Run.begun(f"scripts/simulate {shlex.join(sys.argv[1:])}", asked.processes)
    failed = False
    for lived in _lived(seeds, asked.days, asked.processes, time.monotonic() + 60 * asked.minutes):
        figures.add(run, lived)
        figures.write()
        failed = failed or lived.story is not None
    sys.stdout.write(figures.text())
    if failed:
        raise SystemExit(1)


def _lived(seeds: Sequence[int], days: int, processes: int, until: float) -> Iterator[Lived]:
    """What came of each seed, as soon as it is known."""
    with tempfile.TemporaryDirectory(dir=memory()) as name:
        folder = Path(name)
        # As root, PostgreSQL runs as another user, who must get in.
        folder.chmod(0o755)
        with (
            cluster_of(folder) as cluster,
            ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool,
        ):
            left = iter(seeds)
            under_way: set[Future[Lived]] = set()
            while True:
                free = processes - len(under_way) if time.monotonic() < until else 0
                under_way |= {pool.submit(simulate, cluster, seed, days) for seed in islice(left, free)}
                if not under_way:
                    return
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                yield from (one.result() for one in done)


if __name__ == "__main__":
    main()
