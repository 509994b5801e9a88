"""Serve until told to stop. What dies meanwhile, a server process or our own database, is started again."""

import signal
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Final, NoReturn

from prometheus_client.multiprocess import mark_process_dead

from service.embedded import EmbeddedPostgres
from service.processes import Worker, WorkerError, start_worker, stop_workers
from service.wire.metrics import FOLDER

_WATCH_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What to serve: the socket, how many processes on it, their settings, and the database if it is ours.

    With a `log`, what the processes say goes there and not to our own output.
    """

    listener: socket.socket
    workers: int
    environment: Mapping[str, str]
    database: EmbeddedPostgres | None = None
    clock_days: int = 0
    log: Path | None = None

    def start_worker(self, measurements: str) -> Worker:
        environment = {**self.environment, FOLDER: measurements}
        return start_worker(self.listener, environment, clock_days=self.clock_days, log=self.log)


def serve(plan: Plan, when_ready: Callable[[], None]) -> None:
    """
    Run the server processes until SIGTERM or Ctrl-C, then let them finish the requests they have.

    Raises WorkerError when a process cannot be started, EmbeddedPostgresError when the database cannot.
    """
    workers: list[Worker] = []
    # Where the processes lay their counts together for whoever reads /metrics; they begin anew with each start.
    measurements = mkdtemp(prefix="onestop-metrics-")
    try:
        with suppress(KeyboardInterrupt):
            workers.extend(plan.start_worker(measurements) for _ in range(plan.workers))
            for worker in workers:
                worker.wait_until_ready()
            when_ready()
            _watch(plan, workers, measurements)
    finally:
        # One more SIGTERM must not cut off what is being finished; Ctrl-C still may.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        # Who comes now is refused at once, rather than left waiting on a socket from which nobody accepts.
        plan.listener.close()
        stop_workers(workers)
        rmtree(measurements, ignore_errors=True)


def _watch(plan: Plan, workers: list[Worker], measurements: str) -> NoReturn:
    while True:
        time.sleep(_WATCH_SECONDS)
        if plan.database is not None and not plan.database.is_running():
            plan.database.start()
        ended = [index for index, worker in enumerate(workers) if worker.process.poll() is not None]
        for index in ended:
            mark_process_dead(workers[index].process.pid, measurements)
            workers[index] = plan.start_worker(measurements)
        for index in ended:
            # One that dies while it starts must not take the others with it: the next look starts it again.
            with suppress(WorkerError):
                workers[index].wait_until_ready()
