"""
The embedded PostgreSQL: one server for one data folder, alive as long as the process that started it.

Safe after a kill: of this process (the kernel then stops the server; one that is left all the same is stopped
by the next start), of the server (the next start recovers), of the machine. Nothing is ever deleted.
"""

import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from service.embedded import launch
from service.embedded.place import Account, account_for, home_below, programs_for

_USER: Final = "onestop"
_DATABASE: Final = "onestop"
_HOST: Final = "127.0.0.1"
_WHO_MAY_CONNECT: Final = f"host all {_USER} {_HOST}/32 scram-sha-256\n"
_TRIES: Final = 3
_POLL_SECONDS: Final = 0.01
_RECOVERY_SECONDS: Final = 600.0
_SHUTDOWN_SECONDS: Final = 60.0
_STATUS_LINE: Final = 7

_OPTIONS: Final[Mapping[str, str]] = {
    "listen_addresses": _HOST,
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "wal_compression": "on",
    # The log names what went wrong, never the personal data that was in the statement.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_min_messages": "log",
    "log_checkpoints": "off",
}


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot run; the message says why and what to do."""


class EmbeddedPostgres:
    """
    A PostgreSQL server of our own, listening on the loopback interface only, with a password.

    `data_dir` is made if missing. `options` are server settings ("fsync": "off") on top of ours. Start it
    from a thread that lives as long as the server should: on Linux the server ends with it.
    """

    def __init__(self, data_dir: Path, *, options: Mapping[str, str] | None = None) -> None:
        self._data_dir = data_dir.absolute()
        self._options = {**_OPTIONS, **(options or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None
        self._port = 0

    def start(self) -> str:
        """
        Start the server, making its data on first use, and give its address (postgresql://user:password@...).

        Started again after the server died, it comes back at the same address.
        Raises EmbeddedPostgresError when another process holds the data folder or the server does not start.
        """
        self._data_dir.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        try:
            self._home = home_below(self._data_dir)
            self._account = account_for(self._home)
            self._programs = programs_for(self._account)
            self._stop_orphan()
            self._make_cluster()
            password = self._password()
            self._launch()
        except (OSError, LookupError) as error:
            self.stop()
            raise EmbeddedPostgresError(f"the embedded PostgreSQL cannot start: {error}") from error
        except BaseException:
            self.stop()
            raise
        return f"postgresql://{_USER}:{password}@{_HOST}:{self._port}/{_DATABASE}"

    def stop(self) -> None:
        """End all sessions, write everything to disk, stop the server and let go of the data folder."""
        if self._process is not None:
            self._end(self._process)
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

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def _cluster(self) -> Path:
        return self._home / "data"

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
                f"the data folder {self._data_dir} is in use by process {holder}: "
                "stop that one, or use another folder"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        self._lock = lock

    def _stop_orphan(self) -> None:
        """We hold the lock, so a server that still runs on this data has lost the process that started it."""
        pid_file = self._cluster / "postmaster.pid"
        if not pid_file.exists():
            return
        pid = int(pid_file.read_text().splitlines()[0])
        deadline = time.monotonic() + _SHUTDOWN_SECONDS
        if self._is_our_server(pid):
            os.kill(pid, signal.SIGINT)
        while self._is_our_server(pid):
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"process {pid} runs on {self._cluster} and does not end: stop it"
                )
            time.sleep(_POLL_SECONDS)
        # Left by a kill. Its number may by now be another process's, at which PostgreSQL would shy away.
        pid_file.unlink(missing_ok=True)

    def _is_our_server(self, pid: int) -> bool:
        try:
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            return False
        return os.fsencode(self._cluster) in arguments

    def _make_cluster(self) -> None:
        if self._cluster.exists():
            return
        new = self._home / "data.new"
        if new.exists():
            shutil.rmtree(new)
        sync = ("--no-sync",) if self._options.get("fsync") == "off" else ()
        # The builtin locale sorts alike on every machine, whatever its C library.
        locale = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        self._run("initdb", "-D", str(new), "-U", _USER, "--auth=reject", *locale, *sync)
        (new / "pg_hba.conf").write_text(_WHO_MAY_CONNECT)
        self._single_user(new, f"CREATE DATABASE {_DATABASE}")
        # Whole or not at all: a kill before this line leaves only something to begin again.
        new.rename(self._cluster)

    def _password(self) -> str:
        path = self._data_dir / "postgres.password"
        if path.exists() and (password := path.read_text()):
            return password
        password = secrets.token_urlsafe(24)
        self._single_user(self._cluster, f"ALTER ROLE {_USER} PASSWORD '{password}'")
        path.touch(mode=0o600)
        path.write_text(password)
        return password

    def _single_user(self, cluster: Path, statement: str) -> None:
        self._run("postgres", "--single", "-D", str(cluster), "postgres", statement=statement)

    def _run(self, program: str, *arguments: str, statement: str = "") -> None:
        done = subprocess.run(
            self._command(str(self._programs / program), *arguments),
            input=f"{statement}\n",
            cwd=self._home,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise EmbeddedPostgresError(f"{program} failed: {(done.stderr or done.stdout).strip()}")

    def _command(self, *program: str) -> list[str]:
        who: Account = self._account
        launcher = [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), str(who.uid), str(who.gid)]
        return [*launcher, *program]

    def _launch(self) -> None:
        said = ""
        for _ in range(_TRIES):
            self._port = self._port or _free_port()
            said = self._try_launch()
            if not said:
                return
            # The port was taken meanwhile, or the children of a killed server are still on their way out.
            self._port = 0
            time.sleep(1)
        raise EmbeddedPostgresError(f"the embedded PostgreSQL did not start: {said}")

    def _try_launch(self) -> str:
        """Start the server and wait until it takes connections. Gives its last words if it ends instead."""
        log_path = self._home / "server.log"
        settings = {**self._options, "port": str(self._port)}
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with log_path.open("ab") as log:
            begin = log.tell()
            self._process = subprocess.Popen(
                self._command(str(self._programs / "postgres"), "-D", str(self._cluster), *flags),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._home,
                # Ctrl-C at a terminal must first reach those who use the database.
                start_new_session=True,
            )
        deadline = time.monotonic() + _RECOVERY_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            if self._is_ready(self._process.pid):
                return ""
            time.sleep(_POLL_SECONDS)
        self._end(self._process)
        return log_path.read_bytes()[begin:].decode(errors="replace").strip() or "it said nothing"

    def _is_ready(self, pid: int) -> bool:
        try:
            lines = (self._cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > _STATUS_LINE and lines[0] == str(pid) and lines[_STATUS_LINE].strip() == "ready"

    @staticmethod
    def _end(process: subprocess.Popen[bytes]) -> None:
        for how in (signal.SIGINT, signal.SIGQUIT):
            if process.poll() is None:
                process.send_signal(how)
                try:
                    process.wait(_SHUTDOWN_SECONDS)
                except subprocess.TimeoutExpired:
                    continue


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port
