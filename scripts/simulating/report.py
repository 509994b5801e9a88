"""The figures of all runs: `scripts/reports/simulator.json`, seed by seed, and what they say in `simulator.md`."""

import json
import os
import platform
import subprocess
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from scripts.simulating.living import Lived
from service.clock import Clock

_INTRODUCTION: Final = """# The simulator

`scripts/simulate --seeds A..B --days N`: each seed is a county of ten people, three hospitals, an agency (which also
enters what the townships hand in), an insurer and a bank. What they do day by day is decided by the seed, and so is
what goes wrong: the connection to the database is cut before a statement, before a COMMIT or right after one, an answer
is lost, the button is pressed twice. A request sent again that changes nothing is not counted among what happened. It
all goes through the service's own API; beside it the county is kept on paper, in fractions, added up anew each time.

At the end of every day on which something happened, everything of the county is held against the paper and against the
bank's own book: each live visit to the fen, what each payer owes whom and how far it is paid, sums and their entries,
statements and their lines, and that what was acknowledged is there, once. At the end of the plan `onestop verify`'s
own parts prove the county: every settlement decided again, every book added up, the chain of seals.

The application runs in the simulator's process, over a real PostgreSQL whose files need not outlive it (`fsync` is
off, and they are in memory where there is plenty of it): here connections are cut, not machines switched off; those are
[the bench's](faults.md).
"""


@dataclass(frozen=True)
class Run:
    """One call of the command: where and when; `key` tells it from others."""

    key: str
    command: str
    processes: int
    machine: str
    commit: str
    began: float

    @classmethod
    def begun(cls, command: str, processes: int) -> Self:
        """A run that begins now."""
        return cls(
            Clock().now().isoformat(timespec="milliseconds"),
            command,
            processes,
            _machine(),
            _commit(),
            time.monotonic(),
        )

    def row(self, database: str, days: int) -> dict[str, Any]:
        """As it is kept: how long it has taken up to now, for so many days of all its seeds."""
        kept = {name: value for name, value in asdict(self).items() if name != "began"}
        return kept | {"database": database, "seconds": round(time.monotonic() - self.began), "days": days}


@dataclass
class Figures:
    """What the report rests on: rows of runs by their key, rows of seeds by their number. `path` None: kept nowhere."""

    path: Path | None
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    seeds: dict[int, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path | None) -> Self:
        """What was kept there; nothing where there is no such file."""
        if path is None or not path.exists():
            return cls(path)
        kept = json.loads(path.read_text(encoding="utf-8"))
        return cls(path, {row["key"]: row for row in kept["runs"]}, {row["seed"]: row for row in kept["seeds"]})

    def lived(self, days: int) -> frozenset[int]:
        """The seeds of that many days."""
        return frozenset(seed for seed, row in self.seeds.items() if row["days"] == days)

    def add(self, run: Run, lived: Lived) -> None:
        """What came of a seed takes the place of what was known of it."""
        row = asdict(lived) | {"run": run.key, "seconds": round(lived.seconds, 1)}
        database = row.pop("database")
        self.seeds[lived.seed] = row
        days = self.runs.get(run.key, {"days": 0})["days"] + lived.days
        self.runs[run.key] = run.row(database, days)
        self.runs = {key: one for key, one in self.runs.items() if any(s["run"] == key for s in self.seeds.values())}

    def write(self) -> None:
        """Both files, each whole or as it was: a run that is interrupted leaves the figures of what it has done."""
        if self.path is None:
            return
        rows = {"runs": list(self.runs.values()), "seeds": [self.seeds[seed] for seed in sorted(self.seeds)]}
        _put(self.path, _lines_of(rows))
        _put(self.path.with_suffix(".md"), self.text())

    def text(self) -> str:
        """In Markdown: how much, how fast and where, what happened, what was struck, and how seeds failed."""
        rows = [self.seeds[seed] for seed in sorted(self.seeds)]
        stories = [row["story"] for row in rows if row["story"] is not None]
        told = [row["told"] for row in rows]
        days, checked = sum(row["days"] for row in rows), sum(one["days_checked"] for one in told)
        seeds = f"{len(rows)} seeds ({_spans(sorted(self.seeds))})"
        proved = sum(one["checked"] for one in told)
        lines = [
            _INTRODUCTION,
            f"**{seeds}, {days:,} days of a county's life: {len(stories)} failed.**",
            f"Something happened on {checked:,} days, at the end of each of which everything was checked;",
            f"{proved:,} things were proved at the ends.",
            "",
            "| command | when | days | seconds | days a second | where |",
            "|---|---|---|---|---|---|",
            *(_told_of_run(run) for run in self.runs.values()),
            "",
            *_table("what happened", [one["events"] for one in told]),
            *_table("what went wrong on the way", [one["faults"] for one in told]),
        ]
        for story in stories:
            lines += ["```", story, "```", ""]
        return "\n".join(lines)


def _lines_of(rows: Mapping[str, list[dict[str, Any]]]) -> str:
    """JSON with a line for each row."""
    parts = []
    for name, some in rows.items():
        lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in some)
        parts.append(f'"{name}": [\n{lines}\n]')
    return "{" + ",\n".join(parts) + "}\n"


def _put(path: Path, text: str) -> None:
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def _spans(seeds: list[int]) -> str:
    """1, 2, 3, 7 as 1 to 3, 7."""
    firsts = [seed for seed in seeds if seed - 1 not in seeds]
    lasts = [seed for seed in seeds if seed + 1 not in seeds]
    spans = zip(firsts, lasts, strict=True)
    return ", ".join(f"{first} to {last}" if first != last else f"{first}" for first, last in spans)


def _told_of_run(run: Mapping[str, Any]) -> str:
    speed = f"{run['days'] / max(run['seconds'], 1):.1f} with {run['processes']} processes"
    where = f"{run['machine']}, {run['database']}, onestop {run['commit']}"
    return f"| `{run['command']}` | {run['key'][:16]} | {run['days']} | {run['seconds']} | {speed} | {where} |"


def _table(name: str, counts: list[dict[str, int]]) -> list[str]:
    total = sum((Counter(one) for one in counts), Counter[str]())
    return [f"| {name} | times |", "|---|---|", *(f"| {what} | {n:,} |" for what, n in sorted(total.items())), ""]


def _commit() -> str:
    git = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return git.stdout.strip() or "unknown"


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    models = [line.split(": ", 1)[1] for line in _cpu().splitlines() if line.startswith("model name")]
    model = models[0] if models else platform.machine()
    return f"{os.cpu_count()} cores ({model}), {memory:.0f} GB, Python {platform.python_version()}"


def _cpu() -> str:
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8") if path.exists() else ""
