"""The report of the bench: every run's figures in `scripts/reports/faults.json`, and what they say in `faults.md`."""

import json
import os
import platform
import re
import subprocess
from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from scripts.faulting.bench import Outcome
from scripts.faulting.checking import RECOVERY_SECONDS
from scripts.faulting.kinds import cut_discharge
from scripts.faulting.place import ROOT
from scripts.faulting.taken_out import PROTECTIONS
from scripts.faulting.trips import Side
from service.clock import Clock

FIGURES: Final = ROOT / "scripts" / "reports" / "faults.json"
REPORT: Final = FIGURES.with_suffix(".md")
_LONGEST: Final = 220
_INTRODUCTION: Final = """# Faults: what survives

`scripts/faults --seed S --minutes M [--only KIND]` runs two server processes under `onestop serve` and a quiet third, a
PostgreSQL that writes through to the disk, and a proxy of ours between them that reads the database's protocol. Four
callers tell stories of hospitals, payers, offices and clerks (`scripts/faulting/stories`), and send each request again,
with its key, until there is an answer. After **each** fault, with the traffic at rest: all requests answered within
{recovery:.0f} s of its end; every settlement that anybody was told of is there, and none that nobody was told of; each
request that was acknowledged since the last look, and some of the older ones, gives its first answer again, byte for
byte; nothing twice; sums are those of their entries; every settlement decided again and every book added up (`onestop
verify`), nothing wrong. At the end of a run every request that was ever acknowledged is repeated.

Two kinds need a word. *Thrown away and restored*: the cluster is lost with its disk and brought back by `onestop
restore`, from a dump drawn under traffic or from a base backup and the log of changes; what was acknowledged by that
moment is there, byte for byte, nothing that came later is, and that the bench then forgets on purpose. *Two versions at
once*: a migration of the bench's own that only adds, as the next version's must, is run under traffic, and processes
that were started before and after it answer side by side; both have this version's code. The service's real migrations
are tried one by one in `tests/test_migrations_under_traffic.py`.

*All answered again* is the time from when the bench sets about breaking something until every request that anybody had
begun was answered. It contains the fault itself: how long a process is stopped, the disk full, a lock held, the backup
drawn and restored. A fault that did not come about is named and not counted.

The clock is the bench's: the processes that it starts read it from a file (`scripts/faulting/planted`), so that months
are billed and the clock can be stepped. The seed decides what is broken in which order; what it hits then is up to the
machine.
"""


@dataclass
class Figures:
    """What the report rests on."""

    runs: list[dict[str, Any]]
    removals: list[dict[str, Any]]

    @classmethod
    def read(cls) -> "Figures":
        kept = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {"runs": [], "removals": []}
        return cls(kept["runs"], kept["removals"])

    def add(self, outcome: Outcome, command: str) -> None:
        """Put a run beside, or in place of, what was known of the same seed."""
        row = _row(outcome, command)
        kept, same = (self.runs, "seed") if outcome.without is None else (self.removals, "without")
        kept[:] = [one for one in kept if one[same] != row[same]] + [row]

    def write(self) -> None:
        content = {"runs": self.runs, "removals": self.removals}
        FIGURES.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        REPORT.write_text(self.text(), encoding="utf-8")

    def text(self) -> str:
        lines = [_INTRODUCTION.format(recovery=RECOVERY_SECONDS)]
        lines += _told_of_all(self.runs)
        lines += _told_of_cuts(self.runs)
        for run in self.runs:
            lines += _told_of_run(run)
        if self.removals:
            lines += _told_of_removals(self.removals)
        return "\n".join(lines) + "\n"


def _row(outcome: Outcome, command: str) -> dict[str, Any]:
    return {
        "seed": outcome.seed,
        "without": outcome.without,
        "command": command,
        "day": f"{Clock().today()}",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores that others shared, Linux {platform.release()}",
        "versions": f"Python {platform.python_version()}, {outcome.database}, onestop {_revision()}",
        "seconds": round(outcome.seconds),
        "struck": dict(outcome.struck),
        "spared": dict(outcome.spared),
        "cuts": outcome.cuts,
        "places": {name: dict(sorted(found.items())) for name, found in outcome.places.items()},
        "recovery": {name: [round(one, 2) for one in found] for name, found in outcome.recovery.items()},
        "heard": dict(sorted(outcome.heard.items())),
        "acknowledged": dict(outcome.acknowledged),
        "told": dict(outcome.told),
        "rows": outcome.rows,
        "forgotten": outcome.forgotten,
        "after": outcome.after,
        "wrong": outcome.wrong[:20],
    }


def _revision() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def _told_of_all(runs: list[dict[str, Any]]) -> list[str]:
    struck = sum((Counter(run["struck"]) for run in runs), Counter[str]())
    wrong = sum(len(run["wrong"]) for run in runs)
    times = ", ".join(f"{name} {n}" for name, n in struck.most_common())
    return [f"**Over all runs below: {struck.total()} faults, {wrong} wrong.** {times[:1].upper()}{times[1:]}.\n"]


def _told_of_cuts(runs: list[dict[str, Any]]) -> list[str]:
    """How often each place of the discharge path was cut; places that one of these runs enumerated and none cut too."""
    runs = [run for run in runs if run["cuts"]]
    times = sum((Counter(run["places"].get(cut_discharge.NAME, {})) for run in runs), Counter[str]())
    places = sorted({place for run in runs for place in run["cuts"]} | times.keys())
    steps = {tuple(re.split(" before | after ", place)) for place in places}
    lines = [
        "## Where the discharge path was cut\n",
        "`fresh`: on a connection that must prepare its statements first.\n",
        "| connection and round trip | statement | cut before | cut after |",
        "|---|---|---|---|",
    ]
    for trip, statement in sorted(steps):
        counts = [times[f"{trip} {side} {statement}"] for side in Side]
        lines.append(f"| {trip} | {statement} | {' | '.join(map(str, counts))} |")
    cut = sum(times[place] > 0 for place in places)
    return [*lines, "", f"{cut} of {len(places)} places.\n"]


def _told_of_run(run: dict[str, Any]) -> list[str]:
    lost = "nothing lost, nothing twice" if not run["wrong"] else f"WRONG: {run['wrong'][0]}"
    lines = [
        f"## Seed {run['seed']}, {run['day']}: {sum(run['struck'].values())} faults, {lost}\n",
        f"`{run['command']}`; {run['seconds'] // 60} minutes; {run['machine']}; {run['versions']}.\n",
        "| what was broken | times | all answered again after, median / most | where |",
        "|---|---|---|---|",
    ]
    for name, times in sorted(run["struck"].items(), key=lambda one: -one[1]):
        took = run["recovery"].get(name)
        again = "" if took is None else f"{median(took):.1f} s / {max(took):.1f} s"
        where = Counter(run["places"][name])
        places = (
            ", ".join(f"{place} ({n})" for place, n in where.most_common(4)) if len(where) <= 4 else f"{len(where)}"
        )
        lines.append(f"| {name} | {times} | {again} | {places} |")
    rows = ", ".join(f"{n} {name}" for name, n in run["rows"].items())
    spared = ", ".join(f"{reason} ({n})" for reason, n in run["spared"].items())
    acknowledged, told, heard = (sum(run[name].values()) for name in ("acknowledged", "told", "heard"))
    notes = [f"At the end: {rows}. Acknowledged: {acknowledged}, in {told} stories of {len(run['told'])} kinds."]
    notes.append(f"Answers heard: {heard}.")
    if run["forgotten"]:
        notes.append(f"Forgotten, because the county was brought back to before: {run['forgotten']} answers.")
    if "note" in run:
        notes.append(run["note"])
    if spared:
        notes.append(f"Did not come about: {spared}.")
    return [*lines, "", " ".join(notes), ""]


def lack(without: str, wrong: list[str]) -> str | None:
    """What was found wrong for want of this protection; None where nothing was, whatever else went wrong."""
    return next((one for one in wrong if re.search(PROTECTIONS[without].missed, one)), None)


def _told_of_removals(removals: list[dict[str, Any]]) -> list[str]:
    lines = [
        "## With a protection taken out\n",
        "Taken out of the bench's own database and processes only: the service has no switch for any of them.\n",
        "| taken out | command | found after | what was found |",
        "|---|---|---|---|",
    ]
    for one in removals:
        said = (lack(one["without"], one["wrong"]) or "NOT FOUND").replace("|", "/").replace("\n", " ")
        found = said if len(said) <= _LONGEST else f"{said[:_LONGEST]} ..."
        what, revision = PROTECTIONS[one["without"]].what, one["versions"].split(", ")[-1]
        after = f"{_times(sum(one['struck'].values()), 'fault')}, {one['seconds']} s: {one['after']}"
        lines.append(f"| {what} | `{one['command']}` ({one['day']}, {revision}) | {after} | {found} |")
    return lines


def _times(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
