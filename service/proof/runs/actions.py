"""Begin a verification, do its parts, read it again. A part is one read of one moment, and its result one commit."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.access.model import Caller
from service.clock import Clock
from service.db import transaction_on
from service.ids import new_id
from service.proof import books
from service.proof import store as kept
from service.proof.law import Law
from service.proof.runs import store
from service.proof.runs.model import CLOSED, REFERENCES, Part, PartKind, Verification
from service.proof.runs.proving import proved
from service.proof.seals import store as seals

SETTLEMENTS: Final = 2000
"""About how many settlements one part decides again."""
LINKS: Final = 20
"""How many links of the chain one part proves."""
LISTED: Final = 1000
"""How many wrong rows of one part are kept; all are counted."""


async def start(tx: AsyncConnection, caller: Caller, clock: Clock) -> UUID:
    """Keep a verification of the caller's county to be done."""
    verification_id, now = new_id(clock.now()), clock.now()
    row = {"county_code": caller.county_code, "id": verification_id, "at": now}
    row |= {"client_id": caller.client_id, "operator": caller.operator}
    await store.add(tx, row, await parts_of(tx, caller.county_code))
    return verification_id


async def parts_of(tx: AsyncConnection, county_code: str, *, size: int = SETTLEMENTS) -> list[Part]:
    """The parts that together prove all of a county that is there now."""
    head = await seals.last(tx, county_code)
    links = range(1, head.seq + 1 if head is not None else 1, LINKS)
    asked: list[tuple[PartKind, str, str | None]] = [(PartKind.LAW, "", None)]
    asked += [(PartKind.SETTLEMENTS, one.first, one.end) for one in await kept.ranges(tx, county_code, size)]
    asked += [(PartKind.BOOKS, name, None) for name in (REFERENCES, CLOSED, *books.PROOFS)]
    asked += [(PartKind.CHAIN, str(first), str(min(first + LINKS, links.stop))) for first in links]
    asked += [(PartKind.UNSEALED, "", None)]
    return [Part(number, *one) for number, one in enumerate(asked, 1)]


async def work(
    engine: AsyncEngine,
    county_code: str,
    verification_id: UUID,
    clock: Clock,
    progress: Callable[[], None] | None = None,
) -> None:
    """Do parts until none is left that nobody works on. Any number of processes may work on one verification."""
    law = Law()
    moment = engine.execution_options(isolation_level="REPEATABLE READ")
    while True:
        async with transaction_on(engine) as tx:
            part = await store.take(tx, county_code, verification_id)
            if part is None:
                return
            checked, found = await proved(moment, law, county_code, part)
            await store.finish(
                tx, county_code, verification_id, part, checked=checked, found=found, listed=LISTED, at=clock.now()
            )
        if progress is not None:
            progress()


async def read(tx: AsyncConnection, county_code: str, verification_id: UUID, *, most: int) -> Verification | None:
    """A verification with the first rows it found wrong; None where the county has none of this id."""
    found = await store.listed(tx, county_code, ids=[verification_id])
    if not found:
        return None
    return replace(found[0], wrongs=await store.wrongs(tx, county_code, verification_id, limit=most))


async def latest_unfinished(tx: AsyncConnection, county_code: str) -> UUID | None:
    """The newest verification of a county, where it is not finished."""
    found = await store.listed(tx, county_code)
    return found[0].id if found and found[0].finished_at is None else None
