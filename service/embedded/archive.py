"""The log of changes (WAL) of the embedded PostgreSQL: kept in a folder as it is written, and read from there again."""

import shlex
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from service.embedded.place import Account, given_to

_AT_LEAST_EVERY: Final = "60s"


def archiving(folder: Path, account: Account) -> Mapping[str, str]:
    """
    The server's settings that keep each finished piece of the log in this folder, made if missing.

    A piece is there whole or not at all; one that is there already is not written over.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    given_to(folder, account)
    kept = shlex.quote(f"{folder.absolute()}/") + "%f"
    keep = f'test ! -e {kept} && cp "%p" {kept}.part && sync {kept}.part && mv {kept}.part {kept}'
    return {
        "archive_mode": "on",
        "archive_command": f'cmp -s "%p" {kept} || ({keep})',
        "archive_timeout": _AT_LEAST_EVERY,
    }


def replaying(folder: Path, until: datetime | None) -> Mapping[str, str]:
    """The settings with which a server replays the log from this folder, up to an instant or to its end."""
    settings = {"restore_command": f'cp {shlex.quote(f"{folder.absolute()}/")}%f "%p"'}
    if until is not None:
        settings |= {"recovery_target_time": until.isoformat(), "recovery_target_action": "promote"}
    return settings
