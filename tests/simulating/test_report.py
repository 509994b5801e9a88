"""The simulator's figures: kept seed by seed while it runs, so that runs add up and an interrupted one goes on."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from scripts.simulating import __main__ as command
from scripts.simulating.living import Lived
from scripts.simulating.report import Figures
from scripts.simulating.running import Told


def of_seed(seed: int, days: int, story: str | None = None) -> Lived:
    return Lived(seed, days, Told({"visit": 3}, {"twice": 1}, checked=7, days_checked=2), 1.5, "PostgreSQL 16", story)


class Interrupted(Exception):
    """Somebody ended the simulator."""


def simulated(path: Path, *said: str, upto: int = 1_000, stories: dict[int, str] | None = None) -> Figures:
    """The figures after the command whose seeds are quickly lived; it is interrupted before one above `upto`."""

    def lived(seeds: list[int], days: int, *_: Any) -> Iterator[Lived]:
        for seed in seeds:
            if seed > upto:
                raise Interrupted
            yield of_seed(seed, days, (stories or {}).get(seed))

    arguments = ["scripts/simulate", *said, "--report", f"{path}"]
    with mock.patch.object(command, "_lived", lived), mock.patch.object(sys, "argv", arguments):
        command.main()
    return Figures.read(path.with_suffix(".json"))


def test_runs_of_other_seeds_add_up_and_the_same_seeds_are_told_once(tmp_path: Path) -> None:
    report = tmp_path / "simulator.md"
    simulated(report, "--seeds", "1..3", "--days", "10")
    simulated(report, "--seeds", "7", "--days", "10")
    simulated(report, "--seeds", "3..4", "--days", "20")

    told = report.read_text(encoding="utf-8")
    assert "**5 seeds (1 to 4, 7), 70 days of a county's life: 0 failed.**" in told
    assert "happened on 10 days," in told
    assert "35 things were proved" in told
    assert "| visit | 15 |" in told
    assert "| twice | 5 |" in told


def test_an_interrupted_run_has_its_figures_and_the_rest_is_lived_later(tmp_path: Path) -> None:
    report = tmp_path / "simulator.md"
    with pytest.raises(Interrupted):
        simulated(report, "--seeds", "1..9", "--days", "10", upto=4)
    assert "**4 seeds (1 to 4), 40 days" in report.read_text(encoding="utf-8")

    figures = simulated(report, "--seeds", "1..9", "--days", "10", "--rest")

    assert "**9 seeds (1 to 9), 90 days" in figures.text()
    first, second = figures.runs.values()
    assert (first["days"], second["days"]) == (40, 50)


def test_seeds_of_fewer_days_are_part_of_the_rest(tmp_path: Path) -> None:
    report = tmp_path / "simulator.md"
    simulated(report, "--seeds", "1..2", "--days", "10")

    figures = simulated(report, "--seeds", "1..2", "--days", "365", "--rest")

    assert {row["days"] for row in figures.seeds.values()} == {365}
    assert len(figures.runs) == 1


def test_a_seed_that_failed_is_told_and_ends_the_command_as_a_failure(tmp_path: Path) -> None:
    report = tmp_path / "simulator.md"
    with pytest.raises(SystemExit) as ended:
        simulated(report, "--seeds", "1..2", stories={2: "seed 2, 3 of 90 events: paid twice"})

    assert ended.value.code == 1
    assert "1 failed" in report.read_text(encoding="utf-8")
    assert "seed 2, 3 of 90 events: paid twice" in report.read_text(encoding="utf-8")
