"""The log of changes (WAL) of the embedded PostgreSQL: kept in a folder as it is written, and read from there again."""

import shlex
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from service.embedded.place import Account, given_to, within_reach

_AT_LEAST_EVERY: Final = "60s"


def archiving(folder: Path, account: Account) -> Mapping[str, str]:
    """
    The server's settings that keep each finished piece of the log in this folder, made if missing.

    A piece is there whole or not at all; one that is there already is not written over. Raises PermissionError where
    the server's user cannot get to the folder: it would keep nothing, and say so in its own log only.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    given_to(folder, account)
    _check_reach(folder, account)
    kept = shlex.quote(f"{folder.absolute()}/") + "%f"
    keep = f'test ! -e {kept} && cp "%p" {kept}.part && sync {kept}.part && mv {kept}.part {kept}'
    return {
        "archive_mode": "on",
        "archive_command": f'cmp -s "%p" {kept} || ({keep})',
        "archive_timeout": _AT_LEAST_EVERY,
    }


def replaying(folder: Path, account: Account, until: datetime | None) -> Mapping[str, str]:
    """
    The settings with which a server replays the log from this folder, up to an instant or to its end.

    Raises PermissionError where the server's user cannot get to the folder.
    """
    _check_reach(folder, account)
    settings = {"restore_command": f'cp {shlex.quote(f"{folder.absolute()}/")}%f "%p"'}
    if until is not None:
        settings |= {"recovery_target_time": until.isoformat(), "recovery_target_action": "promote"}
    return settings


def _check_reach(folder: Path, account: Account) -> None:
    if account.is_another and not within_reach(folder, account):
        raise PermissionError(f"PostgreSQL runs as another user, who cannot reach {folder}: use a folder open to it")
