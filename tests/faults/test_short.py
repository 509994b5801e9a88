"""
The fault bench in its short form: every kind of fault once, and one protection that it misses when it is gone.

But for the cluster that is lost and restored, which is an operator's work of minutes: `tests/test_ground_backup.py`.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from scripts.faulting.bench import run
from scripts.faulting.kinds import KINDS, cut_discharge, disk_full, restored
from scripts.faulting.report import REPORT, Figures, lack

SHORT = [kind for kind in KINDS if kind.__name__ != restored.__name__]
PATIENTS, MANY = 16, 40
"""As many as four callers need; and as the pool needs to be exhausted."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody may enter: run as root, PostgreSQL is another user, who keeps its log there."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name) / "place"


@pytest.mark.long
async def test_whatever_is_broken_nothing_is_lost_made_or_done_twice(folder: Path) -> None:
    outcome = await run(folder, seed=1, minutes=10, most=len(SHORT), patients=MANY, kinds=SHORT)

    assert outcome.wrong == [], f"seed {outcome.seed}, after {outcome.after}"
    assert sum(outcome.struck.values()) == len(SHORT)
    assert outcome.acknowledged["settlements"] > 0


@pytest.mark.long
async def test_where_nothing_may_be_mounted_the_disk_is_full_by_a_quota(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_place: object) -> Path:
        raise subprocess.CalledProcessError(32, "mount")

    monkeypatch.setattr(disk_full, "_onto_small", refused)
    outcome = await run(folder, seed=1, minutes=10, most=1, patients=PATIENTS, kinds=[disk_full])

    assert outcome.wrong == []
    assert outcome.places == {disk_full.NAME: {"log, by a quota": 1}}


@pytest.mark.long
async def test_the_bench_misses_the_constraint_that_makes_a_key_unique(folder: Path) -> None:
    outcome = await run(
        folder,
        seed=1,
        minutes=10,
        most=20,
        patients=PATIENTS,
        kinds=[cut_discharge],
        without="idempotency-key",
    )

    assert lack("idempotency-key", outcome.wrong), outcome.wrong


def test_the_report_says_what_its_figures_say() -> None:
    assert Figures.read().text() == REPORT.read_text(encoding="utf-8")
