"""
Become another program, as another user if asked, that ends when its parent ends.

Run as a file (`python -I -S launch.py PARENT UID GID PROGRAM ...`), so that it starts in a few milliseconds
and needs no package. It takes the place of `preexec_fn`, which is not safe in a process with threads.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_KEEP = -1


def end_with_parent(parent: int, how: signal.Signals) -> None:
    """
    Ask the kernel for this signal when the parent process dies, however it dies.

    Linux only; elsewhere an orphan is found and stopped by the next start. `parent` is the process that
    should be ours: when it died before the kernel could be asked, this process ends at once.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(how), 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(1)


def _main(parent: str, uid: str, gid: str, *program: str) -> None:
    if int(uid) != _KEEP:
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    os.umask(0o077)
    # After the change of user, which would clear it. SIGINT is PostgreSQL's fast and clean way out.
    end_with_parent(int(parent), signal.SIGINT)
    os.execv(program[0], program)  # noqa: S606  (our own program and arguments, no shell wanted)


if __name__ == "__main__":
    _main(*sys.argv[1:])
