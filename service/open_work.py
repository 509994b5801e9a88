"""The work that no request waits for, of every room: what `/readyz`, `/metrics` and `GET /v1/deadlines` look at."""

from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from service.corrections.bulk import store as readjudications
from service.payouts.cycles import store as cycles
from service.proof.runs import store as verifications
from service.proof.seals import store as seals
from service.wire.jobs import PATIENCE, Look, Open, Source

_MISSED: Final = 10
# Where servers do not seal, a timer does, once a day.
_BY_TIMER: Final = timedelta(hours=26)


async def _sealing(tx: AsyncConnection, look: Look) -> list[Open]:
    patience = max(PATIENCE, timedelta(seconds=_MISSED * look.seal_seconds)) if look.seal_seconds else _BY_TIMER
    found = []
    for county_code in look.county_codes:
        since = await seals.unsealed_for(tx, county_code)
        if since is not None:
            found.append(Open("sealing", county_code, None, since, patience))
    return found


async def _verifying(tx: AsyncConnection, look: Look) -> list[Open]:
    found = await verifications.resting(tx, look.county_codes)
    return [Open("verification", county_code, str(id_), since, PATIENCE) for county_code, id_, since in found]


async def _readjudicating(tx: AsyncConnection, look: Look) -> list[Open]:
    found = await readjudications.resting(tx, look.county_codes)
    return [Open("readjudication", county_code, str(id_), since, PATIENCE) for county_code, id_, since in found]


async def _cycles(tx: AsyncConnection, look: Look) -> list[Open]:
    found = await cycles.resting(tx, look.county_codes)
    return [Open("cycle", county_code, start.isoformat(), since, PATIENCE) for county_code, start, since in found]


SOURCES: Final[tuple[Source, ...]] = (_sealing, _verifying, _readjudicating, _cycles)
