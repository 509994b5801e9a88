"""
Whether the disk is itself again: a virtual one into which gigabytes were just loaded lets a flush wait for tenths of a
second now and then, for some minutes. A county that has been settling for years is not loaded a minute ago.
"""

import asyncio
import os
import time
from pathlib import Path
from typing import Final

_PAGE, _PAGES = 8192, 4096
_SYNCS_PER_SECOND: Final = 100
_CALM: Final = 0.05
_CALM_SECONDS: Final = 30.0
_PATIENCE: Final = 900.0


async def calmed(folder: Path) -> str:
    """
    Wait until bare writes of a page have been flushed without delay for half a minute; in words, what was seen.

    A disk that does not calm down within a quarter of an hour is measured as it is.
    """
    return await asyncio.to_thread(_calmed, folder / "calm")


def _calmed(file: Path) -> str:
    waits: list[float] = []
    began = stalled = time.monotonic()
    with file.open("wb", buffering=0) as probe:
        os.posix_fallocate(probe.fileno(), 0, _PAGE * _PAGES)
        os.fsync(probe.fileno())
        page = os.urandom(_PAGE)
        while (asked := time.monotonic()) - stalled < _CALM_SECONDS and asked - began < _PATIENCE:
            os.pwrite(probe.fileno(), page, _PAGE * (len(waits) % _PAGES))
            os.fdatasync(probe.fileno())
            waits.append(time.monotonic() - asked)
            if waits[-1] > _CALM:
                stalled = time.monotonic()
            time.sleep(max(0.0, 1 / _SYNCS_PER_SECOND - waits[-1]))
    file.unlink()
    slow = sum(wait > _CALM for wait in waits)
    last = f"; the last of these {stalled - began:.0f} s after the county was loaded" if slow else ""
    return (
        f"before anything was measured, {slow} of {len(waits):,} bare flushes took longer than {1000 * _CALM:.0f} ms,"
        f" the longest {1000 * max(waits):.0f} ms{last}"
    )
