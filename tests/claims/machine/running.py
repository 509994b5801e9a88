"""Run the machine: so many examples of so many steps, on a database of its own."""

from asyncio import Runner
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.claims import world as worlds
from tests.claims.machine.machine import Settlements
from tests.conftest import Cluster


def run_machine(
    cluster: Cluster, folder: Path, *, examples: int, steps: int, derandomize: bool, shrink: bool = False
) -> dict[str, int]:
    """
    How often each step was taken. Raises AssertionError with a run after which the two sides differ; `shrink` looks
    for the shortest such run, which takes a while.
    """
    asked = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=derandomize,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
        print_blob=False,
    )
    Settlements.steps = {}
    with Runner() as runner:
        made = worlds.made(cluster, folder)
        Settlements.runner, Settlements.world = runner, runner.run(made.__aenter__())
        try:
            run_state_machine_as_test(Settlements, settings=asked)
        finally:
            runner.run(made.__aexit__(None, None, None))
    return Settlements.steps
