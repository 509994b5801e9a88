"""
No room on the disk: PostgreSQL's data is moved to a small filesystem in memory, which is filled up under traffic until
tables cannot grow or the log cannot be written; then there is room again, and the data moves back. Where nothing may be
mounted, a quota takes the place of the small filesystem.
"""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any, Final

import asyncpg
import psutil

from scripts.faulting.cast import Cast
from scripts.faulting.place import Place
from scripts.faulting.spared import Spared
from service.embedded import launch

NAME: Final = "disk full"
SHARE: Final = 1
_SPARE: Final = 24 * 1024**2
_BALLAST: Final = 1024**2
# Than a piece of the log, and longer than the tables of a run: PostgreSQL has no name of its own for a table's quota.
_SHORTER: Final = 15 * 1024**2
_SECONDS: Final = 3.0
_LARGE: Final = "CREATE TEMPORARY TABLE no_room AS SELECT sha256(n::text::bytea) FROM generate_series(1, 1000000) n"
_UNAVAILABLE: Final = "503 service.unavailable"
_SWITCHES: Final = 40


async def strike(cast: Cast, dice: Random) -> str:
    # Beside the data, because the server's own user must get in.
    place, small = cast.place, cast.place.cluster.data.with_name("small")
    place.database.stop()
    try:
        moved = await asyncio.to_thread(_onto_small, place, small)
    except subprocess.CalledProcessError:
        return await _within_a_quota(cast)
    place.database.start()
    ballast = small / "ballast"
    try:
        await asyncio.sleep(1)
        _fill(ballast)
        if log_too := dice.random() < 1 / 2:
            await _use_up_the_log(place)
        await _refused(cast)
    finally:
        ballast.unlink(missing_ok=True)
        place.database.stop()
        await asyncio.to_thread(_back, place, small, moved)
        place.database.start()
    return "tables and log" if log_too else "tables"


async def _within_a_quota(cast: Cast) -> str:
    """Where nothing may be mounted: no file may be as long as a piece of the log, so that there is no next piece."""
    place = cast.place
    place.database.start()
    try:
        await asyncio.sleep(1)
        _limited(place)
        await _use_up_the_log(place)
        await _refused(cast)
    finally:
        place.database.stop()
        place.database.start()
    return "log, by a quota"


def _limited(place: Place) -> None:
    """As the user whose processes they are: root itself may be forbidden to."""
    account = place.cluster.account
    as_owner = [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), str(account.uid), str(account.gid)]
    prlimit = shutil.which("prlimit")
    assert prlimit is not None, "there is no prlimit (util-linux)"
    parent = psutil.Process(int((place.cluster.data / "postmaster.pid").read_text().splitlines()[0]))
    for one in (parent, *parent.children(recursive=True)):
        subprocess.run([*as_owner, prlimit, f"--pid={one.pid}", f"--fsize={_SHORTER}:"], check=False)


async def _refused(cast: Cast) -> None:
    """Some seconds without room. Raises Spared if the callers felt nothing of it."""
    with suppress(asyncpg.PostgresError, OSError):
        async with _connected(cast.place) as connection:
            await connection.execute(_LARGE)
        raise Spared("there was room left")
    before = cast.watch.heard[_UNAVAILABLE]
    await asyncio.sleep(_SECONDS)
    if cast.watch.heard[_UNAVAILABLE] == before:
        raise Spared("nobody asked for room")


def _onto_small(place: Place, small: Path) -> Path:
    """Move the data onto a filesystem that has little room left. Raises CalledProcessError if it may not mount."""
    data = place.cluster.data
    moved = data.with_name("data.disk")
    size = sum(file.stat().st_size for file in data.rglob("*") if file.is_file()) + _SPARE
    small.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", str(small)], check=True)
    data.rename(moved)
    subprocess.run(["cp", "-a", str(moved), str(small / "data")], check=True)
    data.symlink_to(small / "data")
    return moved


def _back(place: Place, small: Path, moved: Path) -> None:
    data = place.cluster.data
    # Whatever of its log PostgreSQL could not close is read when it starts again.
    data.unlink()
    subprocess.run(["cp", "-a", str(small / "data"), str(data)], check=True)
    subprocess.run(["umount", str(small)], check=True)
    shutil.rmtree(moved)


def _fill(ballast: Path) -> None:
    piece = b"\0" * _BALLAST
    with ballast.open("wb", buffering=0) as file:
        for size in (_BALLAST, 4096):
            with suppress(OSError):
                while True:
                    file.write(piece[:size])


async def _use_up_the_log(place: Place) -> None:
    """Go on to the next piece of the log again and again until there is none and PostgreSQL gives up."""
    with suppress(asyncpg.PostgresError, OSError):
        async with _connected(place) as connection:
            for _ in range(_SWITCHES):
                await connection.execute("SELECT pg_logical_emit_message(true, 'faults', 'x'); SELECT pg_switch_wal()")


@asynccontextmanager
async def _connected(place: Place) -> AsyncIterator[Any]:
    """A connection of our own, past the proxy; dropped without a word, for a server without room may not answer."""
    assert place.settings.database_url is not None
    connection = await asyncpg.connect(place.settings.database_url)
    try:
        yield connection
    finally:
        connection.terminate()
