"""One process that does parts of a verification, beside others that do too (`service.processes` starts it)."""

import argparse
import asyncio
import signal
from uuid import UUID

from service.clock import Clock
from service.config import Settings
from service.db import create_system_engine
from service.embedded.launch import end_with_parent
from service.proof.runs import actions


async def _work(county_code: str, verification_id: UUID) -> None:
    settings = Settings()
    if settings.database_url is None:
        raise SystemExit("set ONESTOP_DATABASE_URL to the database to prove")
    engine = create_system_engine(settings.database_url, settings)
    try:
        await actions.work(engine, county_code, verification_id, Clock())
    finally:
        await engine.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--county", required=True)
    parser.add_argument("--verification", type=UUID, required=True)
    asked = parser.parse_args()
    # A part that is not finished is done by the next one; nothing needs to be put in order.
    end_with_parent(asked.parent, signal.SIGKILL)
    asyncio.run(_work(asked.county, asked.verification))


if __name__ == "__main__":
    main()
