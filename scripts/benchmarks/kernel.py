"""The kernel alone on one core, beside OpenFisca-core working out the same four layers one situation at a time."""

import json
import subprocess
import sys
import time
from pathlib import Path

from scripts.benchmarks.bills import line
from scripts.benchmarks.figures import Figure, Report, Target
from service.explanation.render import Renderer
from service.policy.load import shipped_packs
from service.policy.model import Pack
from service.settlement.model import Claim
from service.settlement.waterfall import settle
from tests.cases.claims import Person

_ASKED_PER_SECOND = 10_000
_ASKED_OF_OPENFISCA = 6
_SECONDS = 2.0
_POOREST = ("registered_poor", "low_income_allowance")
_ITS_BILL = (("A", "4000.00"), ("C", "1000.00"))
_NOT_ITS = "other"
_VISIT = {
    "visit_type": "inpatient",
    "visit_no": "BENCH",
    "discharged_on": "2018-06-09",
    "hospital_level": "level2",
    "hospital_location": "county",
}


def claim_of(lines: int, *identities: str) -> Claim:
    """A stay of a registered-poor person at the county's hospital, with that many lines."""
    bill = [{name: value for name, value in line(n, "").items() if value is not None} for n in range(1, lines + 1)]
    return Person(frozenset(identities)).claim(_VISIT, bill)


def run(runs: int, folder: Path) -> Report:
    """Settlements per second: a bill of 20 lines with its full working."""
    report = Report("kernel", ("what", "settlements per second on one core"))
    pack = shipped_packs().on("459901", claim_of(1).day)
    assert pack is not None
    claim = claim_of(20, *_POOREST)
    python = openfisca(folder)
    ours: list[float] = []
    theirs: list[float] = []
    # In turns, so that a noisy moment hits both.
    for _ in range(runs):
        ours.append(rate(lambda: settle(claim, pack)))
        theirs.append(_asked(python, pack))
    kernel = report.keep("kernel", Figure.of(ours, "/s"))
    baseline = report.keep("openfisca", Figure.of(theirs, "/s"))
    report.row("kernel: scope, four layers and their working, 20 lines", kernel)
    report.row("OpenFisca-core: four layers, no bill, no working", baseline)
    renderer = Renderer(pack)
    settlement = settle(claim, pack)
    steps = [step for award in settlement.awards for step in award.steps]
    said = report.keep(
        "reasons", Figure.of([rate(lambda: [renderer.step(s) for s in steps]) for _ in range(runs)], "/s")
    )
    report.row("the sentences of one working, in both languages", said)
    report.targets = [
        Target.at_least("kernel, settlements per second", kernel.median, _ASKED_PER_SECOND),
        Target.at_least("kernel / OpenFisca", kernel.median / baseline.median, _ASKED_OF_OPENFISCA),
    ]
    report.notes.append(
        "OpenFisca is given the sums of the bill already in scope, as floating-point numbers, and keeps no reasons; it"
        " reads its situation anew each time, where the kernel is given its claim. In every run both are asked for a"
        " stay of 5,000 yuan with 4,000 in scope, and come to the same four amounts."
    )
    return report


def rate(act: object) -> float:
    """How often in a second of CPU time."""
    assert callable(act)
    done = 0
    began = time.process_time()
    while (spent := time.process_time() - began) < _SECONDS:
        for _ in range(200):
            act()
        done += 200
    return done / spent


def openfisca(folder: Path) -> Path:
    """An environment of its own with OpenFisca-core, made at the first use."""
    python = folder / "openfisca" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder / "openfisca"], check=True)
        requirements = Path(__file__).parent / "openfisca" / "requirements.txt"
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", requirements], check=True)
    return python


def _asked(python: Path, pack: Pack) -> float:
    """How often OpenFisca does it in a second. Raises AssertionError where its amounts are not the kernel's."""
    program = Path(__file__).parent / "openfisca" / "four_layers.py"
    said = subprocess.run([python, program, str(_SECONDS)], check=True, capture_output=True, text=True)
    told = json.loads(said.stdout)
    bill = [{"grade": grade, "unit_price": price, "quantity": "1"} for grade, price in _ITS_BILL]
    same = settle(Person(frozenset(_POOREST)).claim(_VISIT, bill), pack)
    assert told["amounts"] == {award.layer: award.paid / 100 for award in same.awards if award.layer != _NOT_ITS}
    return float(told["per_second"])
