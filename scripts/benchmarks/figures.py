"""What a benchmark found: rows of figures, each the median of its runs with their spread, and what is asked of them."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """The median of some runs, the least and the most."""

    median: float
    least: float
    most: float
    unit: str

    @classmethod
    def of(cls, runs: Sequence[float], unit: str) -> "Figure":
        return cls(statistics.median(runs), min(runs), max(runs), unit)

    def __str__(self) -> str:
        return f"{_short(self.median)} {self.unit} ({_short(self.least)} to {_short(self.most)})"


@dataclass(frozen=True, slots=True)
class Target:
    """What the issue asks of a ratio, and what was found."""

    asked: str
    found: float
    met: bool

    @classmethod
    def at_least(cls, name: str, found: float, least: float) -> "Target":
        return cls(f"{name}: at least {least:g}", found, found >= least)

    @classmethod
    def at_most(cls, name: str, found: float, most: float) -> "Target":
        return cls(f"{name}: at most {most:g}", found, found <= most)


@dataclass(slots=True)
class Report:
    """One benchmark: its rows, its targets, and sentences that explain them."""

    name: str
    columns: tuple[str, ...] = ()
    rows: list[tuple[str, ...]] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    def row(self, *cells: object) -> None:
        self.rows.append(tuple(str(cell) for cell in cells))

    def keep(self, name: str, figure: Figure) -> Figure:
        """Put a figure among those of the JSON, by a name of its own."""
        self.figures[name] = asdict(figure)
        return figure

    def markdown(self) -> str:
        lines = [f"## {self.name}", ""]
        if self.columns:
            lines += ["| " + " | ".join(self.columns) + " |", "|" + "---|" * len(self.columns)]
            lines += ["| " + " | ".join(row) + " |" for row in self.rows]
            lines.append("")
        for target in self.targets:
            lines.append(f"- {'met' if target.met else '**missed**'}: {target.asked}; found {_short(target.found)}")
        lines += [f"- {note}" for note in self.notes]
        return "\n".join(lines) + "\n"

    def json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "columns": self.columns,
            "rows": self.rows,
            "figures": self.figures,
            "targets": [asdict(target) for target in self.targets],
            "notes": self.notes,
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Report":
        """A report from its JSON."""
        targets = [Target(**target) for target in kept["targets"]]
        rows = [tuple(row) for row in kept["rows"]]
        return cls(kept["name"], tuple(kept["columns"]), rows, targets, kept["notes"], kept["figures"])


def repeated(runs: int, measure: Callable[[], float], unit: str) -> Figure:
    """The median of that many runs."""
    return Figure.of([measure() for _ in range(runs)], unit)


def _short(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
