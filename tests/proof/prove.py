"""The long form: 100,000 settlements proved by two processes, then 200 tamperings, each named. Writes a report."""

import asyncio
import json
import os
import platform
import random
import sys
import time
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.vault import Vault
from service.clock import Clock
from service.config import Settings
from service.db import transaction_on
from service.proof.seals.actions import seal
from tests.bulk.county import fill
from tests.cases.county import COUNTY
from tests.conftest import KEYS
from tests.proof.scene import bill_and_pay
from tests.proof.tamperings import TAMPERINGS
from tests.reconciliation.prove import database
from tests.reconciliation.year import Year

REPORT = Path(__file__).parents[2] / "scripts" / "reports" / "verify.md"
PROCESSES = 2
TAMPERED = 200
FEBRUARY = date(2018, 2, 4)


async def verify(settings: Settings) -> tuple[int, float, dict[str, Any]]:
    """`onestop verify`: how it ended, how long it took, what it said."""
    environment = os.environ | {"ONESTOP_DATABASE_URL": settings.database_url or "", "ONESTOP_KEYS": KEYS}
    command = ["-m", "service.cli", "verify", "--json", "--workers", str(PROCESSES), "--most", "5"]
    begin = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, env=environment, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    return process.returncode or 0, time.monotonic() - begin, json.loads(said)["items"][0]


async def tamper(engine: AsyncEngine) -> list[tuple[str, str, str]]:
    """
    200 tamperings at once: name, table and key of each. Those of packs and seals are tried one by one in the tests:
    they are found at once, but what rests on them can then not be told apart.
    """
    dice, done = random.Random(200), list[tuple[str, str, str]]()
    async with transaction_on(engine) as tx:
        apart = ("policy_packs", "seals")
        kinds = [one for one in TAMPERINGS if one.table not in apart and await one.possible(tx)]
        await tx.execute(text("SET LOCAL session_replication_role = replica"))
        while len(done) < TAMPERED:
            for one in [one for one in kinds if await one.possible(tx)][: TAMPERED - len(done)]:
                done.append((one.name, one.table, await one.inject(tx, dice.randrange(10**9))))
    return done


async def named(engine: AsyncEngine, verification_id: str) -> list[tuple[str, str]]:
    query = "SELECT table_name, row_key FROM verification_wrongs WHERE verification_id = CAST(:id AS uuid)"
    async with transaction_on(engine) as tx:
        return [(row[0], row[1]) for row in await tx.execute(text(query), {"id": verification_id})]


def is_named(one: tuple[str, str, str], wrong: list[tuple[str, str]], gone: set[str]) -> bool:
    """
    Whether a tampering's row is named. Of a statement that another tampering deleted nothing is left to number its
    lines by: then it is its lines, sealed with it, that are named.
    """
    _, table, key = one
    whole = key.partition("/")[0]
    return any(table == said and (key in row or (whole in gone and row == whole)) for said, row in wrong)


async def count(engine: AsyncEngine) -> int:
    async with transaction_on(engine) as tx:
        return int(await tx.scalar(text("SELECT count(*) FROM settlements")) or 0)


async def main(settlements: int) -> None:
    lines = [
        f"# Verify: the long form ({Clock().today()})\n",
        "`scripts/prove/verify`, on a machine that others shared.\n",
    ]
    async with database() as (engine, settings):
        begin = time.monotonic()
        made = await fill(settings.database_url or "", settlements, processes=PROCESSES)
        filled = time.monotonic() - begin
        await bill_and_pay(Year(engine, Vault.from_settings(settings), [], 0, random.Random(20)), 1, FEBRUARY)
        # Refusals after review have made versions of their own.
        there = await count(engine)
        begin = time.monotonic()
        sealed = await seal(engine, COUNTY, Clock())
        sealing = time.monotonic() - begin
        code, seconds, clean = await verify(settings)
        assert (code, clean["status"], clean["settlements"]) == (0, "clean", there), clean
        lines += [
            f"{platform.machine()}, {os.cpu_count()} cores, {PROCESSES} processes, bills of 20 lines.\n",
            "| what | how many | seconds | a second |",
            "|---|---|---|---|",
            f"| settlements made (kernel and COPY) | {made:,} | {filled:.0f} | {made / filled:,.0f} |",
            f"| keys sealed, one process | {sealed or 0:,} | {sealing:.0f} | {(sealed or 0) / sealing:,.0f} |",
            f"| settlements proved, books and seals too | {there:,} | {seconds:.0f} | {there / seconds:,.0f} |\n",
        ]
        # Kept at once: what follows takes as long again.
        REPORT.write_text("\n".join(lines), encoding="utf-8")
        done = await tamper(engine)
        code, seconds, found = await verify(settings)
        wrong = await named(engine, found["id"])
        gone = {key for name, _, key in done if name == "statements: deleted"}
        missed = [one for one in done if not is_named(one, wrong, gone)]
        by_table = Counter(table for _, table, _ in done)
        kinds = len({name for name, _, _ in done})
        lines += [
            f"{len(done)} tamperings of {kinds} kinds, made at once as a superuser with triggers and references off:",
            f"{len(done) - len(missed)} found, each by its table and key (a line whose statement was deleted too: by",
            f"its statement's, as they were sealed with it); {found['wrong_count']} wrong rows in all,",
            f"exit status {code}, {seconds:.0f} s. By table: {dict(sorted(by_table.items()))}.\n",
            f"The first wrong row that it named: `{found['wrongs'][0]}`.\n",
        ]
        REPORT.write_text("\n".join(lines), encoding="utf-8")
        assert (code, missed) == (1, []), [(one, [row for row in wrong if one[2] in row[1]]) for one in missed]


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
