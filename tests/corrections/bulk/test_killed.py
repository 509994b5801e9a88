"""A bulk re-adjudication that is killed goes on where it stopped, and ends with the same ledger."""

from pathlib import Path

import pytest

from tests.conftest import Cluster
from tests.corrections.bulk.comparing import compare


@pytest.mark.long
async def test_three_hundred_settlements_killed_three_times_end_with_the_same_ledger(
    cluster: Cluster, tmp_path: Path
) -> None:
    found = await compare(cluster, tmp_path, persons=60, kills=3)

    assert (found["settlements"], found["killed"], found["same"]) == (300, 3, True)
