"""
The embedded PostgreSQL: one server for one data folder, alive as long as the process that started it.

Safe after a kill: of this process (the kernel then stops the server; one that is left all the same is stopped
by the next start), of the server (the next start recovers), of the machine. Nothing is ever deleted.
"""

import fcntl
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from service.embedded.archive import archiving
from service.embedded.cluster import DATABASE, HOST, USER, Cluster, EmbeddedPostgresError

_TRIES: Final = 10
# The port was taken meanwhile, or the children of a killed server are still on their way out.
_PASSING: Final = ("could not create any TCP/IP sockets", "still in use")
_PAUSE_SECONDS: Final = 1.0
_POLL_SECONDS: Final = 0.01
_RECOVERY_SECONDS: Final = 600.0
_SHUTDOWN_SECONDS: Final = 60.0

_OPTIONS: Final[Mapping[str, str]] = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "wal_compression": "on",
    # The log tells how the server is, never the personal data of a statement that failed.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}


class EmbeddedPostgres:
    """
    A PostgreSQL server of our own, listening on the loopback interface only, with a password.

    `data_dir` is made if missing. `options` are server settings ("fsync": "off") on top of ours; `archive` is where the
    log of changes is kept, if anywhere. Start it from a thread that lives as long as the server should: on Linux the
    server ends with it.
    """

    def __init__(
        self, data_dir: Path, *, options: Mapping[str, str] | None = None, archive: Path | None = None
    ) -> None:
        self._archive = archive
        self._data_dir = data_dir.absolute()
        self._options = {**_OPTIONS, **(options or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None
        self._port: int | None = None
        self._url: str | None = None

    def start(self) -> str:
        """
        Start the server, making its data on first use, and give its address (postgresql://user:password@...).

        While it runs, this only gives the address. After it died, it comes back at the same one.
        Raises EmbeddedPostgresError when another process holds the data folder or the server does not start.
        """
        if self._url is not None and self.is_running():
            return self._url
        self._data_dir.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        try:
            cluster = Cluster.below(self._data_dir)
            cluster.stop_orphan()
            cluster.make(sync=self._options.get("fsync") != "off")
            cluster.let_in()
            if self._archive is not None:
                self._options |= archiving(self._archive, cluster.account)
            password = cluster.password(self._data_dir / "postgres.password")
            self._port = self._launch(cluster)
        except (OSError, LookupError) as error:
            self.stop()
            raise EmbeddedPostgresError(f"the embedded PostgreSQL cannot start: {error}") from error
        except BaseException:
            self.stop()
            raise
        self._url = f"postgresql://{USER}:{password}@{HOST}:{self._port}/{DATABASE}"
        return self._url

    def stop(self) -> None:
        """End all sessions, write everything to disk, stop the server and let go of the data folder."""
        if self._process is not None:
            _end(self._process)
            self._process = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The server's main process, while it runs."""
        return self._process.pid if self._process is not None and self.is_running() else None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _take_lock(self) -> None:
        if self._lock is not None:
            return
        path = self._data_dir / "postgres.lock"
        lock = path.open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            lock.close()
            raise EmbeddedPostgresError(
                f"the data folder {self._data_dir} is in use by process {holder}: stop that one, or use another folder"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        self._lock = lock

    def _launch(self, cluster: Cluster) -> int:
        said = ""
        for _ in range(_TRIES):
            port = self._port or _free_port()
            said = self._try_launch(cluster, port)
            if not said:
                return port
            if not any(reason in said for reason in _PASSING):
                break
            time.sleep(_PAUSE_SECONDS)
        raise EmbeddedPostgresError(f"the embedded PostgreSQL did not start: {said}")

    def _try_launch(self, cluster: Cluster, port: int) -> str:
        """Start the server and wait until it takes connections. Gives its last words if it ends instead."""
        settings = {**self._options, "port": str(port)}
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with cluster.log.open("ab") as log:
            begin = log.tell()
            self._process = process = subprocess.Popen(
                cluster.command("postgres", "-D", str(cluster.data), *flags),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=cluster.home,
                # Ctrl-C at a terminal must first reach those who use the database.
                start_new_session=True,
            )
        deadline = time.monotonic() + _RECOVERY_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            if cluster.is_ready(process.pid):
                return ""
            time.sleep(_POLL_SECONDS)
        _end(process)
        return cluster.log.read_bytes()[begin:].decode(errors="replace").strip() or "it said nothing"


def _end(process: subprocess.Popen[bytes]) -> None:
    """Fast and clean; where that takes too long, at once: the next start then recovers from the log."""
    for how in (signal.SIGINT, signal.SIGQUIT):
        if process.poll() is None:
            process.send_signal(how)
            try:
                process.wait(_SHUTDOWN_SECONDS)
            except subprocess.TimeoutExpired:
                continue


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
