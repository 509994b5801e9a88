"""The bench's report says what was measured, again from its JSON, and what was gained since an older commit."""

import json
from pathlib import Path

import pytest

from scripts.benchmarks import report as kept
from scripts.benchmarks.figures import Figure, Report, Target


def measured() -> Report:
    found = Report("settle", ("what", "onestop"))
    found.row("closed loop", found.keep("settle_20", Figure.of([300.0, 320.0, 290.0], "/s")))
    found.targets.append(Target.at_least("throughput / floor", 0.4, 0.5))
    found.notes.append("Proved.")
    return found


def test_a_figure_is_the_median_of_its_runs_with_their_spread() -> None:
    assert str(Figure.of([3.0, 1.0, 2.0], "ms")) == "2 ms (1 to 3)"


def test_a_report_read_from_its_json_says_the_same() -> None:
    found = measured()

    assert Report.of(json.loads(json.dumps(found.json()))).markdown() == found.markdown()
    assert "**missed**: throughput / floor: at least 0.5; found 0.4" in found.markdown()


def test_what_was_measured_earlier_stays_and_the_gain_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_KEPT", tmp_path / "bench.json")
    monkeypatch.setattr(kept, "_PAGE", tmp_path / "bench.md")
    before = tmp_path / "before.json"
    old = {"settle_20": {"median": 150.0, "unit": "/s"}, "gone": {"median": 1.0, "unit": "/s"}}
    before.write_text(json.dumps([{"name": "settle", "figures": old}]), encoding="utf-8")

    kept.keep([(Report("kernel"), "scripts/bench kernel", kept.machine())], None)
    kept.keep([(measured(), "scripts/bench settle", kept.machine())], before)

    page = (tmp_path / "bench.md").read_text(encoding="utf-8")
    assert page.index("## kernel") < page.index("## settle") < page.index("## Before and after")
    assert "| settle: settle_20 | 150 /s | 300 /s | x2.00 |" in page
    assert "`scripts/bench settle`" in page
    assert "gone" not in page
