"""The report that `scripts/prove/rosters` writes."""

import os
import platform
from collections.abc import Sequence
from typing import Any

Figures = dict[str, Any]

_WHAT = {
    "new": "everybody is new",
    "same": "nothing has changed",
    "changed": "one row in a hundred has changed",
}


def lines_of_steps(suffix: str, found: Sequence[tuple[int, Figures, Figures]], steps: Sequence[str]) -> list[str]:
    """One line a step, and one of all steps together: both sizes beside each other, and how the CPU grew."""
    (_, small_library, small), (_, large_library, large) = found
    alone = small_library["cpu"], large_library["cpu"]
    grown = alone[1] / max(alone[0], 0.01)
    lines = [f"| {suffix[1:]} | the library alone | | {alone[0]:.1f} s | | | {alone[1]:.1f} s | | {grown:.1f} |"]
    for names, called in [([step], _called(step)) for step in steps] + [(list(steps), "**all six**")]:
        spent = [_together(figures, names) for figures in (small, large)]
        cells = []
        for (size, *_), (wall, own, server, kept) in zip(found, spent, strict=True):
            rate = size * len(names) / wall
            cells.append(f"{wall:.1f} s ({rate:,.0f} rows/s) | {own:.1f} s | {server:.1f} s + {kept:.1f} s")
        grown, with_all = (sum(spent[1][1:end]) / sum(spent[0][1:end]) for end in (3, None))
        lines.append(f"| {suffix[1:]} | {called} | {' | '.join(cells)} | {grown:.1f} ({with_all:.1f}) |")
    return lines


def _called(step: str) -> str:
    variant, _, what = step.partition(" ")
    return f"{_WHAT[variant]}: {what}"


def _together(figures: Figures, steps: Sequence[str]) -> list[float]:
    return [sum(part) for part in zip(*(figures[step]["spent"] for step in steps), strict=True)]


def line_of_memory(suffix: str, size: int, library: Figures, found: Figures) -> str:
    """How much memory the import took."""
    return (
        f"| {suffix[1:]} | {size:,} | {found['start']} MB | {library['peak']} MB | {found['peak']} MB | "
        f"{found['server_peak']} MB |"
    )


def written(steps: Sequence[str], memory: Sequence[str]) -> str:
    """The whole report."""
    newline = "\n"
    machine = f"{platform.machine()}, {os.cpu_count()} cores shared with other work, Python {platform.python_version()}"
    return f"""# Rosters at county scale

Made by `scripts/prove/rosters`: full lists of 20,000 and 200,000 rows against a register that knows nobody, then the
same people in other bytes, then with one row in a hundred changed; each preview and each application. PostgreSQL is
the embedded one, writing through to the disk. Machine: {machine}. What
stands under 20,000 is of each figure the middle one of three times, two before the large list and one after it.

Growth is read from the CPU seconds of the importing process and of the PostgreSQL processes that answer it. After the +
stands what all others of its processes used: vacuum, statistics and checkpoints, which begin with the minute, and
helpers of a parallel question; growth with them is in brackets. Ten times the rows should take ten times the CPU.

| file | step | 20,000 rows | own CPU | PostgreSQL's | 200,000 rows | own CPU | PostgreSQL's | growth of CPU |
|---|---|---|---|---|---|---|---|---|
{newline.join(steps)}

*The library alone* is a process that reads every cell of the same file and keeps nothing: openpyxl, or lines of text.
An application includes finding the same file again and comparing the register with the preview.

| file | rows | at the start | the library alone | most ever, importing | PostgreSQL's own |
|---|---|---|---|---|---|
{newline.join(memory)}

*Most ever* is `VmHWM` of the process that did all six steps; *PostgreSQL's own* is the most that all its processes held
at once of memory that is theirs alone (`RssAnon`, looked at ten times a second), without the shared buffers.
"""
