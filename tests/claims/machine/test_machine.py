"""Settled, reversed, chained, decided anew, billed and paid in any order: the service and the paper always agree."""

from pathlib import Path

import pytest

from tests.claims.machine.running import run_machine
from tests.conftest import Cluster


@pytest.mark.long
def test_the_service_agrees_with_the_county_on_paper_after_every_step(cluster: Cluster, tmp_path: Path) -> None:
    taken = run_machine(cluster, tmp_path, examples=10, steps=25, derandomize=True)

    assert taken["settle"] > 0
