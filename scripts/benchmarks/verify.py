"""Proving a county again: settlements per second with both cores, beside the kernel alone on one."""

import os
import time

from scripts.benchmarks.figures import Figure, Report, Target
from scripts.benchmarks.kernel import claim_of, rate
from service.policy.load import shipped_packs
from service.settlement.waterfall import settle
from tests.bulk.county import fill
from tests.proof.prove import PROCESSES, verify
from tests.reconciliation.prove import database


async def run(runs: int, settlements: int) -> Report:
    report = Report("verify", ("what", "settlements per second"))
    claim = claim_of(20, "registered_poor", "low_income_allowance")
    pack = shipped_packs().on("459901", claim.day)
    assert pack is not None
    async with database() as (_, settings):
        began = time.perf_counter()
        made = await fill(settings.database_url or "", settlements, processes=PROCESSES)
        filled = time.perf_counter() - began
        proved: list[float] = []
        alone: list[float] = []
        spent: list[float] = []
        for _ in range(runs):
            alone.append(rate(lambda: settle(claim, pack)))
            before = os.times()
            code, seconds, said = await verify(settings)
            assert (code, said["status"], said["settlements"]) == (0, "clean", made), said
            proved.append(made / seconds)
            after = os.times()
            children = after.children_user + after.children_system - before.children_user - before.children_system
            spent.append(1000 * children / made)
    ours, kernel = report.keep("verify", Figure.of(proved, "/s")), report.keep("kernel", Figure.of(alone, "/s"))
    cpu = report.keep("verify_cpu", Figure.of(spent, "ms"))
    report.row(f"verify: {made:,} settlements, books and seals too, {PROCESSES} processes", ours)
    report.row("of it, CPU of the verifying processes for a settlement (PostgreSQL's comes on top)", cpu)
    report.row("the kernel alone, one core", kernel)
    report.targets.append(Target.at_least("verify / kernel", ours.median / kernel.median, 1.0))
    report.notes.append(f"The county was made in {filled:.0f} s; every run of verify found it clean.")
    return report
