"""
The long forms (`scripts/prove/changes`): `machine [EXAMPLES STEPS]`, `bulk [PERSONS KILLS]`; nothing: both, whole.

Each makes a database of its own on the PostgreSQL of ONESTOP_DATABASE_URL, or on one that it starts.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.db import EVERY_COUNTY, seeing
from service.embedded import EmbeddedPostgres
from tests.claims.machine.running import run_machine
from tests.conftest import FORGETFUL, Cluster, memory, with_template
from tests.corrections.bulk.comparing import VISITS, compare

EXAMPLES, STEPS = 200, 50
PERSONS, KILLS = 4_000, 10


@contextmanager
def cluster_of(folder: Path) -> Iterator[Cluster]:
    given = os.environ.get("ONESTOP_DATABASE_URL")
    server = None if given else EmbeddedPostgres(folder / "pg", options=FORGETFUL)
    try:
        cluster = with_template(given or (server.start() if server else ""))
        yield cluster
        asyncio.run(cluster.execute(f"DROP DATABASE {cluster.template} WITH (FORCE)"))
    finally:
        if server is not None:
            server.stop()


def prove_machine(cluster: Cluster, folder: Path, examples: int, steps: int) -> str:
    begin = time.monotonic()
    taken = run_machine(cluster, folder, examples=examples, steps=steps, derandomize=False)
    told = ", ".join(f"{name} {times}" for name, times in sorted(taken.items()))
    seconds = time.monotonic() - begin
    return f"machine: {examples} examples of {steps} steps, equal after every step, {seconds:.0f} s: {told}"


def prove_bulk(cluster: Cluster, folder: Path, persons: int, kills: int) -> str:
    begin = time.monotonic()
    found = asyncio.run(compare(cluster, folder, persons=persons, kills=kills))
    assert found["same"], found
    seconds = time.monotonic() - begin
    return f"bulk: {persons * VISITS} settlements killed {found['killed']} times: the same ledger, {seconds:.0f} s"


def main() -> None:
    what, *sizes = sys.argv[1:] or ["all"]
    with tempfile.TemporaryDirectory(dir=memory()) as name, seeing(EVERY_COUNTY):
        folder = Path(name)
        # As root, PostgreSQL runs as another user, who must get in.
        folder.chmod(0o755)
        with cluster_of(folder) as cluster:
            for one, prove, usual in (
                ("machine", prove_machine, (EXAMPLES, STEPS)),
                ("bulk", prove_bulk, (PERSONS, KILLS)),
            ):
                if what in (one, "all"):
                    place = folder / one
                    place.mkdir()
                    first, second = (int(size) for size in sizes) if sizes else usual
                    sys.stdout.write(prove(cluster, place, first, second) + "\n")
                    sys.stdout.flush()


if __name__ == "__main__":
    main()
