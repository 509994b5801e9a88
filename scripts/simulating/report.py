"""The figures of a run, as scripts/reports/simulator.md keeps them."""

import os
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path

from scripts.simulating.living import Lived
from scripts.simulating.running import Told


def report(seeds: str, days: int, shares: Sequence[Lived], seconds: float) -> str:
    """In Markdown: where, what, how fast; what happened, what was struck, and the stories of seeds that failed."""
    told = Told()
    for share in shares:
        told.add(share.told)
    lived = sum(share.seeds for share in shares)
    stories = [story for share in shares for story in share.stories]
    simulated = lived * days
    speed = f"{simulated} simulated days in {seconds:.0f} s, {simulated / seconds:.0f} simulated days a second"
    lines = [
        "# The simulator",
        "",
        f"`scripts/simulate --seeds {seeds} --days {days}`, commit {_commit()}, {_machine()}.",
        "",
        f"- {lived} seeds of {days} days, with {len(shares)} processes: {speed}.",
        f"- On {told.days_checked} days something happened: every invariant was checked at the end of each.",
        f"- {told.checked} things were proved at the ends, as `onestop verify` proves them.",
        f"- {len(stories)} seeds failed.",
        "",
        "| what happened | times |",
        "|---|---|",
        *(f"| {name} | {times} |" for name, times in sorted(told.events.items())),
        "",
        "| what went wrong on the way | times |",
        "|---|---|",
        *(f"| {name} | {times} |" for name, times in sorted(told.faults.items())),
        "",
    ]
    for story in stories:
        lines += ["```", story, "```", ""]
    return "\n".join(lines)


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
