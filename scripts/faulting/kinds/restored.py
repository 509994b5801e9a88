"""
The cluster thrown away with its disk, restored from a backup by an operator's commands, and gone on with.

From a dump that was drawn under traffic; or from a base backup and the log of changes, brought to a moment or to where
the log ends. What was acknowledged by that moment is there, byte for byte; what came later is not, and that is what the
bench then forgets on purpose: a backup of ten o'clock cannot know what was said at eleven.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from random import Random
from typing import Any, Final

from scripts.faulting.cast import Cast
from scripts.faulting.place import ROOT, Place
from scripts.faulting.stories.visits import settled

NAME: Final = "thrown away and restored"
SHARE: Final = 1
_LATER: Final = (0.5, 2.0)
_PAUSE: Final = 0.1
_ARCHIVE_SECONDS: Final = 30
_PIECE: Final = "SELECT pg_walfile_name(pg_current_wal_insert_lsn())"
_KEYS: Final = "SELECT client_id, key FROM idempotency_keys"
_ON_THE_WIRE: Final = "SELECT visit_no FROM settlements WHERE visit_no LIKE 'W%' AND version = 1"


class _Until(StrEnum):
    """What is restored: the moment of a dump, a moment of the log, or all that the log has."""

    DUMP = "from a dump"
    MOMENT = "from a base backup, to a moment"
    NEWEST = "from a base backup, to the end of the log"


@dataclass(frozen=True, slots=True)
class _Heard:
    """How far the callers had got at an instant."""

    acknowledged: int
    on_the_wire: frozenset[str]

    @classmethod
    def by_now(cls, cast: Cast) -> "_Heard":
        return cls(len(cast.watch.acknowledged), frozenset(cast.watch.on_the_wire))


async def strike(cast: Cast, dice: Random) -> str:
    cast.ways_back = cast.ways_back or dice.sample([*map(str, _Until)], len(_Until))
    until, place, backup = _Until(cast.ways_back.pop()), cast.place, cast.place.folder / "backup"
    shutil.rmtree(backup, ignore_errors=True)
    began = _Heard.by_now(cast)
    if until is _Until.DUMP:
        await _onestop(place, "backup", os.fspath(backup))
    else:
        _forget_older_log(place)
        await _onestop(place, "backup", os.fspath(backup), "--base")
    await cast.watch.pause()
    moment, at = await _instant(place), _Heard.by_now(cast)
    cast.watch.open.set()

    await asyncio.sleep(dice.uniform(*_LATER))
    await settled(cast, dice)
    await cast.stories.shut()
    if until is _Until.NEWEST:
        at = _Heard.by_now(cast)
    await _thrown_away(place, until)
    if until is _Until.DUMP:
        await _onestop(place, "restore", os.fspath(backup))
    else:
        to = ("--to", moment) if until is _Until.MOMENT else ()
        await _onestop(place, "restore", os.fspath(backup), *to, ONESTOP_WAL_ARCHIVE=os.fspath(place.archive))
    await _onestop(place, "verify", "--workers", "1")
    await place.begin_anew()
    await _forget(cast, at if until is not _Until.DUMP else began, at)
    cast.stories.open()
    return until


async def _onestop(place: Place, *arguments: str, **settings: str) -> None:
    """One of the service's own commands on the embedded PostgreSQL, as an operator of the machine gives it."""
    known = {**os.environ, **place.service.environment, "ONESTOP_DATA_DIR": os.fspath(place.data), **settings}
    del known["ONESTOP_DATABASE_URL"]
    command = [sys.executable, "-m", "service.cli", *arguments, "--json"]
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, env=known, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"onestop {arguments[0]}: {done.stderr.strip()} {done.stdout.strip()[:400]}"
    answer: Any = json.loads(done.stdout)
    assert arguments[0] != "verify" or answer["ok"]


async def _instant(place: Place) -> str:
    """Now, by the clock that PostgreSQL dates commits with."""
    now: datetime = await place.scalar("SELECT clock_timestamp()")
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "+0000"


async def _thrown_away(place: Place, until: _Until) -> None:
    """Lose the files: after an orderly stop, which writes the log out to its end, or in the midst of everything."""
    for one in (place.service, place.quiet):
        await one.stop()
    if until is _Until.MOMENT:
        await _log_written_out(place)
    cluster = place.cluster
    if until is not _Until.NEWEST:
        stop = cluster.command("pg_ctl", "stop", "-m", "immediate", "-D", str(cluster.data))
        await asyncio.to_thread(subprocess.run, stop, check=True, capture_output=True)
    await place.engine.dispose()
    place.database.stop()
    shutil.rmtree(cluster.home)
    shutil.rmtree(place.data)
    if until is _Until.DUMP:
        # The new cluster's log begins anew, under names that were there before.
        shutil.rmtree(place.archive)


async def _log_written_out(place: Place) -> None:
    """As it is within a minute of the moment (`archive_timeout`), without the minute."""
    piece = place.archive / await place.scalar(_PIECE)
    await place.rows("SELECT pg_switch_wal()")
    async with asyncio.timeout(_ARCHIVE_SECONDS):
        while not piece.exists():
            await asyncio.sleep(_PAUSE)


def _forget_older_log(place: Place) -> None:
    """Nobody restores from before the backup that is taken next."""
    for piece in place.archive.iterdir():
        if piece.suffix != ".history":
            piece.unlink(missing_ok=True)


async def _forget(cast: Cast, sure: _Heard, at: _Heard) -> None:
    """
    Forget what was acknowledged after the moment that was restored; it must indeed not be there.

    `sure`: by then it must be in the backup, and whoever asks again gets the first answer. Between that and `at` a dump
    was drawn, at an instant that only its content tells.
    """
    place, watch = cast.place, cast.watch
    keys = {(row.client_id, row.key) for row in await place.rows(_KEYS)}
    visits = {row.visit_no for row in await place.rows(_ON_THE_WIRE)}
    known = watch.acknowledged
    remembered = [one for one in known[sure.acknowledged : at.acknowledged] if (one.client_id, one.key) in keys]
    later = [one.path for one in known[at.acknowledged :] if (one.client_id, one.key) in keys]
    later += [f"visit {visit}" for visit in sorted((watch.on_the_wire - at.on_the_wire) & visits)]
    watch.wrong += [f"it came after the moment that was restored, and is there: {one}" for one in later]
    told = len(known) + len(watch.on_the_wire)
    known[sure.acknowledged :] = remembered
    watch.on_the_wire.intersection_update(sure.on_the_wire | visits)
    watch.forgotten += told - len(known) - len(watch.on_the_wire)
    watch.all_again = True
    # The month that was billed after that moment is billed once more, before the next one.
    cast.month_over = None
