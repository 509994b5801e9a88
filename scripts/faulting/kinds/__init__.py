"""
What is broken: a file a kind, listed in `KINDS`.

A kind has a `NAME`, a `SHARE` (how often it comes in a round), and `strike`, which breaks something under traffic,
mends what a county's operators would mend, and says in a line what it did. What is looked at afterwards is the same for
all.
"""

from random import Random
from typing import Final, Protocol

from scripts.faulting.cast import Cast
from scripts.faulting.kinds import (
    backend,
    clock_stepped,
    cut_anywhere,
    cut_discharge,
    disk_full,
    immediate,
    kill_job,
    kill_server,
    pool,
    restarted,
    restored,
    silent,
    stopped,
    two_versions,
)


class Kind(Protocol):
    """A file of this folder."""

    __name__: str
    NAME: str
    SHARE: int

    async def strike(self, cast: Cast, dice: Random) -> str: ...


KINDS: Final[tuple[Kind, ...]] = (
    cut_discharge,
    cut_anywhere,
    kill_server,
    backend,
    immediate,
    kill_job,
    stopped,
    pool,
    disk_full,
    clock_stepped,
    restarted,
    restored,
    two_versions,
    silent,
)
