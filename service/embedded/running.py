"""Where the embedded PostgreSQL of a data folder is reached while another process runs it."""

import fcntl
from pathlib import Path
from typing import Final

from service.embedded.cluster import DATABASE, HOST, USER

_PORT_LINE: Final = 3


def running_at(data_dir: Path) -> str | None:
    """The address of the server that another process runs on this data folder; None where none does."""
    pid_file = data_dir / "postgres" / "data" / "postmaster.pid"
    try:
        with (data_dir / "postgres.lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        port = pid_file.read_text().splitlines()[_PORT_LINE]
        password = (data_dir / "postgres.password").read_text()
        return f"postgresql://{USER}:{password}@{HOST}:{port}/{DATABASE}"
    except FileNotFoundError:
        return None
    return None
