"""Seal what has been written since the last time, in the background: nobody who settles waits for it."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.clock import Clock
from service.db import transaction_on
from service.proof.seals import store
from service.proof.seals.model import FIRST, KINDS, NO_ROWS, SLACK, Kind, Seal, chained, content_hash
from service.proof.seals.store import BEGINNING, EPOCH, Unsealed

AT_ONCE: Final = 250
"""Rows of a kind in one seal: so few that nobody who is discharged meanwhile waits while they are read and hashed."""

Progress = Callable[[int], None]


async def seal(
    engine: AsyncEngine, county_code: str, clock: Clock, progress: Progress | None = None, *, rest: float = 0
) -> int | None:
    """
    Seal every row of a county that is committed and not sealed; gives how many, None where another process does it.

    Each seal is a transaction of its own, oldest rows first: killed anywhere, the next run goes on. Before each next
    page it rests so many times as long as the last one took: those who are discharged meanwhile come first. It keeps
    its turn as it rests: another process would begin anew what this one is doing, and each would stop the other.
    """
    done, owed = 0, 0.0
    for kind in KINDS:
        async with transaction_on(engine) as tx:
            until = await store.sealed_until(tx, county_code, kind)
        since = EPOCH if until is None else until - SLACK
        after: Unsealed | None = BEGINNING
        while after is not None:
            began = time.monotonic() + owed
            made = await _seal_page(engine, county_code, kind, clock, since, after, owed)
            if made is None:
                return None
            sealed, after = made
            done += sealed
            if progress is not None and sealed:
                progress(done)
            owed = max(0.0, rest * (time.monotonic() - began))
    return done


async def _seal_page(
    engine: AsyncEngine, county_code: str, kind: Kind, clock: Clock, since: datetime, after: Unsealed, owed: float
) -> tuple[int, Unsealed | None] | None:
    async with transaction_on(engine) as tx:
        if not await store.take_turn(tx, county_code):
            return None
        await asyncio.sleep(owed)
        page = await store.rows_since(tx, county_code, kind, since, after, AT_ONCE)
        known = await store.sealed_among(tx, county_code, kind, page)
        new = [row for row in page if row.key not in known]
        if new:
            await _add(tx, county_code, kind, clock, new)
    return len(new), page[-1] if len(page) == AT_ONCE else None


async def _add(tx: AsyncConnection, county_code: str, kind: Kind, clock: Clock, rows: list[Unsealed]) -> None:
    head = await store.last(tx, county_code)
    names = await store.columns(tx)
    draft = Seal(
        county_code=county_code,
        seq=head.seq + 1 if head is not None else 1,
        kind=kind.name,
        columns={leaf.table: names[leaf.table] for leaf in kind.leaves},
        since=rows[0].at,
        until=rows[-1].at,
        keys=[row.key for row in rows],
        digests=b"",
        row_count=len(rows),
        content_hash=b"",
        previous_hash=head.hash if head is not None else FIRST,
        hash=b"",
        made_at=clock.now(),
    )
    leaves = await store.digests_of(tx, county_code, kind, draft.columns, draft)
    assert all(digest != NO_ROWS for digest in leaves[0]), "what is sealed is there"
    digests = b"".join(digest for of_key in zip(*leaves, strict=True) for digest in of_key)
    content = content_hash(draft.keys, digests)
    sealed = draft._replace(digests=digests, content_hash=content)
    await store.add(tx, sealed._replace(hash=chained(sealed)))
