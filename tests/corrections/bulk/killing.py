"""A bulk re-adjudication in a process of its own that is killed again and again, and what is on record in the end."""

import os
import signal
import subprocess
import sys
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.db import transaction_on
from tests.cases.county import COUNTY
from tests.conftest import KEYS

# Its clock is the real one: what a run writes is compared without instants and ids.
RUNNER = """
import asyncio, sys
from uuid import UUID
from service.access.vault import Vault
from service.claims.actions import Desk
from service.clock import Clock
from service.config import Settings
from service.corrections.bulk.work import work
from service.db import create_engine, see
from service.policy.library import Library
from service.policy.load import load_packs

async def main():
    settings = Settings()
    engine = create_engine(settings.database_url, settings)
    see(sys.argv[1])
    desk = Desk(Library(load_packs()), Clock(), Vault.from_settings(settings))
    await work(engine, sys.argv[1], UUID(sys.argv[2]), desk, lambda: print("person", flush=True))
    await engine.dispose()

asyncio.run(main())
"""

# The order in which visits were settled names them in every copy of the county; versions follow each other in time.
LEDGER = """
    SELECT md5(string_agg(row::text, '|' ORDER BY row::text)) FROM (
        SELECT to_jsonb(s) - '{id,case_id,replaces,settled_at,query_code_hash}'::text[] AS row FROM settlements s
        UNION ALL
        SELECT jsonb_build_array(s.visit_no, s.version, to_jsonb(l) - 'settlement_id')
        FROM settlement_layers l JOIN settlements s ON s.id = l.settlement_id
        UNION ALL
        SELECT jsonb_build_array(s.visit_no, s.version, to_jsonb(e) - 'settlement_id')
        FROM accumulator_entries e JOIN settlements s ON s.id = e.settlement_id
        UNION ALL
        SELECT jsonb_build_array(s.visit_no, s.version, e.cause, p.layer, p.payer, p.payee, p.source, p.target,
            p.amount)
        FROM postings p JOIN ledger_entries e ON e.county_code = p.county_code AND e.id = p.entry_id
        JOIN settlements s ON s.county_code = e.county_code AND s.id = e.settlement_id
        UNION ALL SELECT to_jsonb(a) FROM accumulators a
        UNION ALL SELECT to_jsonb(r) - '{readjudication_id,settlement_id,version_id}'::text[]
        FROM readjudication_rows r
        UNION ALL SELECT jsonb_build_array(v.kind, s.visit_no, s.version)
        FROM events v JOIN settlements s ON s.id = v.subject) t
"""


def run(url: str, readjudication_id: UUID, *, kill_after: int | None = None) -> int:
    """Work in a process of its own, killed after so many persons where that is given; how many persons it told of."""
    environment = os.environ | {"ONESTOP_DATABASE_URL": url, "ONESTOP_KEYS": KEYS}
    command = [sys.executable, "-c", RUNNER, COUNTY, str(readjudication_id)]
    told = 0
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in process.stdout:
            told += 1
            if told == kill_after:
                process.send_signal(signal.SIGKILL)
                break
        ended = process.wait()
    assert ended == (-signal.SIGKILL if kill_after is not None else 0)
    return told


async def on_record(engine: AsyncEngine) -> Any:
    """Everything that moved, without the ids and the instants that differ from run to run."""
    async with transaction_on(engine) as tx:
        return await tx.scalar(text(LEDGER))
