"""Server processes: started on one listening socket, watched, and drained when it is time to stop."""

import asyncio
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

WORKER: Final = ("-m", "service.worker")
_BACKLOG: Final = 2048
_START_SECONDS: Final = 60.0
_DRAIN_SECONDS: Final = 40.0


class WorkerError(Exception):
    """A server process that does not come up; it has said why itself."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A running server process."""

    process: subprocess.Popen[bytes]
    ready: int

    def wait_until_ready(self) -> None:
        """Wait until the process takes requests. Raises WorkerError when it ends or takes too long."""
        readable, _, _ = select.select([self.ready], [], [], _START_SECONDS)
        said = os.read(self.ready, 1) if readable else b""
        os.close(self.ready)
        if not said:
            raise WorkerError("a server process did not start")

    def stop(self, deadline: float) -> None:
        """Let the process finish its requests; end it when it is not done by then (monotonic seconds)."""
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 is any free one. Raises OSError when the address is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_BACKLOG)


def start_worker(
    listener: socket.socket,
    environment: Mapping[str, str],
    *,
    clock_days: int = 0,
    log: Path | None = None,
    program: Sequence[str] = WORKER,
) -> Worker:
    """
    Start a server process on the socket; several may share one.

    `environment` holds the settings that differ from our own environment. What the process says is added to
    `log`, or shares our own output. `program` is what Python runs: a bench has
    its own. Call it from a thread that lives on: on Linux the process ends with it.
    """
    reads, writes = os.pipe()
    asked = {"parent": os.getpid(), "listener": listener.fileno(), "ready": writes, "clock-days": clock_days}
    with nullcontext() if log is None else log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, *program, *(f"--{name}={value}" for name, value in asked.items())],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=(listener.fileno(), writes),
            # Ctrl-C at a terminal is for the parent, who then asks each process to drain.
            start_new_session=True,
        )
    os.close(writes)
    return Worker(process, reads)


def stop_workers(workers: list[Worker]) -> None:
    """Ask all to finish what they have begun and wait until they have."""
    deadline = time.monotonic() + _DRAIN_SECONDS
    for worker in workers:
        worker.process.send_signal(signal.SIGTERM)
    for worker in workers:
        worker.stop(deadline)


async def verify_in_own_processes(url: str, county_code: str, verification_id: UUID, count: int) -> bool:
    """
    Do a verification in that many processes beside us; whether all of them came to their end.

    They end with us, however we end, and what is not done then is done by the next ones.
    """
    arguments = {"parent": os.getpid(), "county": county_code, "verification": verification_id}
    started = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "service.verifier",
            *(f"--{name}={value}" for name, value in arguments.items()),
            env={**os.environ, "ONESTOP_DATABASE_URL": url},
            stdin=subprocess.DEVNULL,
        )
        for _ in range(count)
    ]
    try:
        return not any([await process.wait() for process in started])
    finally:
        for process in started:
            if process.returncode is None:
                process.kill()
                await process.wait()
