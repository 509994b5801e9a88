"""The files of one embedded PostgreSQL, and the programs that work on them as the right user."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from service.embedded import launch
from service.embedded.place import Account, account_for, home_below, programs_for

HOST: Final = "127.0.0.1"
USER: Final = "onestop"
DATABASE: Final = "onestop"

_WHO_MAY_CONNECT: Final = "".join(f"host {what} {USER} {HOST}/32 scram-sha-256\n" for what in ("all", "replication"))
# The builtin locale sorts alike on every machine, whatever its C library.
_LOCALE: Final = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
_PASSWORD_BYTES: Final = 24
_POLL_SECONDS: Final = 0.01
_SHUTDOWN_SECONDS: Final = 60.0
_STATUS_LINE: Final = 7


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot run; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A server's folder (`home`), the user it belongs to, and where the server's programs are."""

    home: Path
    account: Account
    programs: Path

    @classmethod
    def below(cls, data_dir: Path) -> Self:
        """The cluster of a data folder. Raises OSError or LookupError when there is no place or user for it."""
        home = home_below(data_dir)
        account = account_for(home)
        return cls(home, account, programs_for(account))

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    @property
    def _pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    def make(self, *, sync: bool = True) -> None:
        """Make the data on first use, whole or not at all. `sync=False` leaves it to the system to write it out."""
        if self.data.exists():
            return
        new = self.home / "data.new"
        if new.exists():
            shutil.rmtree(new)
        self._run("initdb", "-D", str(new), "-U", USER, "--auth=reject", *_LOCALE, *(() if sync else ("--no-sync",)))
        self._single_user(new, f"CREATE DATABASE {DATABASE}")
        new.rename(self.data)

    def let_in(self) -> None:
        """Say who may connect, before the server reads it."""
        path = self.data / "pg_hba.conf"
        if path.read_text() != _WHO_MAY_CONNECT:
            path.write_text(_WHO_MAY_CONNECT)

    def password(self, kept: Path) -> str:
        """The password of USER, kept in that file; a new one is set when the file is missing."""
        if kept.exists() and (password := kept.read_text()):
            return password
        password = secrets.token_urlsafe(_PASSWORD_BYTES)
        self._single_user(self.data, f"ALTER ROLE {USER} PASSWORD '{password}'")
        kept.touch(mode=0o600)
        kept.write_text(password)
        return password

    def stop_orphan(self) -> None:
        """
        End a server that still runs on the data, and clear away what a killed one left.

        Only for whoever holds the data folder: such a server has lost the process that started it.
        Raises EmbeddedPostgresError when it does not end.
        """
        if not self._pid_file.exists():
            return
        pid = int(self._pid_file.read_text().splitlines()[0])
        deadline = time.monotonic() + _SHUTDOWN_SECONDS
        if self._runs_as(pid):
            os.kill(pid, signal.SIGINT)
        while self._runs_as(pid):
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(f"process {pid} runs on {self.data} and does not end: stop it")
            time.sleep(_POLL_SECONDS)
        # Its number may by now be another process's, at which PostgreSQL would shy away.
        self._pid_file.unlink(missing_ok=True)

    def is_ready(self, pid: int) -> bool:
        """Whether that server takes connections."""
        try:
            lines = self._pid_file.read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > _STATUS_LINE and lines[0] == str(pid) and lines[_STATUS_LINE].strip() == "ready"

    def command(self, program: str, *arguments: str) -> list[str]:
        """One of the server's programs, as the right user, ending with this process."""
        launcher = (sys.executable, "-I", "-S", launch.__file__)
        who = (os.getpid(), self.account.uid, self.account.gid)
        return [*launcher, *map(str, who), str(self.programs / program), *arguments]

    def _runs_as(self, pid: int) -> bool:
        try:
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            return False
        return os.fsencode(self.data) in arguments

    def _single_user(self, data: Path, statement: str) -> None:
        self._run("postgres", "--single", "-D", str(data), "postgres", statement=statement)

    def _run(self, program: str, *arguments: str, statement: str = "") -> None:
        done = subprocess.run(
            self.command(program, *arguments),
            input=f"{statement}\n",
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise EmbeddedPostgresError(f"{program} failed: {(done.stderr or done.stdout).strip()}")
