"""The fault bench in its short form: every kind of fault once, and one protection that it misses when it is gone."""

from pathlib import Path

from scripts.faulting.bench import run
from scripts.faulting.kinds import KINDS, cut_discharge
from scripts.faulting.report import REPORT, Figures


async def test_whatever_is_broken_nothing_is_lost_made_or_done_twice(tmp_path: Path) -> None:
    outcome = await run(tmp_path / "place", seed=1, minutes=10, most=len(KINDS))

    assert outcome.wrong == [], f"seed {outcome.seed}, after {outcome.after}"
    assert sum(outcome.struck.values()) == len(KINDS)
    assert outcome.acknowledged["settlements"] > 0


async def test_the_bench_misses_the_constraint_that_makes_a_key_unique(tmp_path: Path) -> None:
    outcome = await run(
        tmp_path / "place", seed=1, minutes=10, most=20, kinds=[cut_discharge], without="idempotency-key"
    )

    assert outcome.wrong


def test_the_report_says_what_its_figures_say() -> None:
    assert Figures.read().text() == REPORT.read_text(encoding="utf-8")
