"""What processes have used, as Linux counts it: CPU seconds and memory, of ours and of a PostgreSQL server's."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

_TICKS = os.sysconf("SC_CLK_TCK")
_PAUSE = 0.1


def postmaster(folder: Path) -> int:
    """The process id of the server whose data lie below a folder."""
    found = next(folder.rglob("postmaster.pid"))
    return int(found.read_text(encoding="ascii").splitlines()[0])


def _status(pid: int, name: str) -> int:
    """A figure of a process in kB; 0 where the process is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return int(status.split(f"{name}:")[1].split()[0]) if f"{name}:" in status else 0


def peak_of(pid: int) -> int:
    """The most memory that a process ever held, in MB."""
    return _status(pid, "VmHWM") // 1024


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def _seconds(pid: int, fields: slice) -> float:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:
        return 0.0
    return sum(int(each) for each in stat.rpartition(")")[2].split()[fields]) / _TICKS


class Cpu(NamedTuple):
    """CPU seconds of a server: of the processes that answer callers, and of its housekeeping (vacuum, checkpoints)."""

    answering: float
    housekeeping: float

    def since(self, before: "Cpu") -> "Cpu":
        return Cpu(self.answering - before.answering, self.housekeeping - before.housekeeping)


def cpu_of_server(pid: int) -> Cpu:
    """What a server has used until now. Its callers' connections stay open: of those that end it is housekeeping."""
    children = {child: _seconds(child, slice(11, 13)) for child in _children(pid)}
    answering = sum(seconds for child, seconds in children.items() if _answers(child))
    return Cpu(answering, _seconds(pid, slice(11, 15)) + sum(children.values()) - answering)


def _answers(pid: int) -> bool:
    try:
        return b"127.0.0.1(" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


@contextmanager
def sampled(pid: int) -> Iterator[Callable[[], int]]:
    """
    The most memory (MB) that all processes of a server held at once meanwhile, looked at ten times a second.

    Their own memory (RssAnon): what all of them share, which the setting shared_buffers bounds, is not in it.
    """
    peak, ended = 0, threading.Event()

    def look() -> None:
        nonlocal peak
        while not ended.wait(_PAUSE):
            peak = max(peak, sum(_status(each, "RssAnon") for each in (pid, *_children(pid))))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield lambda: peak // 1024
    finally:
        ended.set()
        watcher.join()
