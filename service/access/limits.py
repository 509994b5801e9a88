"""
How often something may be tried: counted in the database, for every server process at once and across restarts.

A try is counted before it is judged, and given back when it was right: so however many come at once, on however many
processes, no more than the limit are ever judged, and who is right uses nothing up. Counted are only tries to get
in (a token, a patient's session), never discharges. What is counted is known by its keyed hash alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.vault import Vault
from service.db import transaction_on

_SWEPT: Final = 20
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

# In the order of the key, so that two tries with keys in common never wait for each other crosswise. A count that is
# used up stays as it is: whoever goes on trying writes nothing more.
_TAKE: Final = text("""
WITH asked AS (
    SELECT * FROM unnest(CAST(:kinds AS text[]), CAST(:hashes AS bytea[]), CAST(:starts AS timestamptz[]),
        CAST(:ends AS timestamptz[]), CAST(:most AS int[]))
        AS a (kind, key_hash, window_start, window_end, most)
), counted AS (
    INSERT INTO limit_counts AS c (kind, key_hash, window_start, window_end, most, tries)
    SELECT kind, key_hash, window_start, window_end, most, 1 FROM asked ORDER BY kind, key_hash, window_start
    ON CONFLICT (kind, key_hash, window_start) DO UPDATE SET tries = c.tries + 1, most = excluded.most
    WHERE c.tries < excluded.most
    RETURNING kind, key_hash, window_start
)
SELECT max(a.window_end) FROM asked a
WHERE NOT EXISTS (SELECT FROM counted c
    WHERE (c.kind, c.key_hash, c.window_start) = (a.kind, a.key_hash, a.window_start))
""")
_GIVE_BACK: Final = text("""
WITH mine AS (
    SELECT c.kind, c.key_hash, c.window_start FROM limit_counts c
    JOIN unnest(CAST(:kinds AS text[]), CAST(:hashes AS bytea[]), CAST(:starts AS timestamptz[]))
        AS a (kind, key_hash, window_start) USING (kind, key_hash, window_start)
    WHERE c.tries > 0
    ORDER BY c.kind, c.key_hash, c.window_start FOR UPDATE OF c
)
UPDATE limit_counts c SET tries = c.tries - 1 FROM mine m
WHERE (c.kind, c.key_hash, c.window_start) = (m.kind, m.key_hash, m.window_start)
""")
_SWEEP: Final = text("""
DELETE FROM limit_counts WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM limit_counts WHERE window_end < :at LIMIT :most FOR UPDATE SKIP LOCKED))
""")


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` tries per key in each window. `kind` names it; limits of one kind have one window."""

    kind: str
    most: int
    window: timedelta

    def of(self, *key: str) -> "Tried":
        """This limit, for what it counts: an address, a client, a query code, or several of these together."""
        return Tried(self, "\x00".join(key))


@dataclass(frozen=True, slots=True)
class Tried:
    """A limit and the key that it is counted for."""

    limit: Limit
    key: str

    def start(self, at: datetime) -> datetime:
        """When the window that holds this instant began."""
        return at - (at - _EPOCH) % self.limit.window


class _UsedUpError(Exception):
    """Rolls the counting back."""

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.until = until


class Limiter:
    """Counts tries. Each count is a transaction of its own: a refusal that follows must not undo it."""

    def __init__(self, engine: AsyncEngine, vault: Vault) -> None:
        self._engine = engine
        self._vault = vault

    async def take(self, *tries: Tried, at: datetime) -> timedelta | None:
        """
        Count one try against each limit, of different kinds; how long to wait where one is used up, else None.

        Then nothing is counted against the others: the try is not to be judged. Give the tries back, with the same
        `at`, when what was tried was right.
        """
        try:
            async with transaction_on(self._engine) as tx:
                await tx.execute(_SWEEP, {"at": at, "most": _SWEPT})
                until: datetime | None = await tx.scalar(_TAKE, self._windows(tries, at))
                if until is not None:
                    raise _UsedUpError(until)
        except _UsedUpError as used_up:
            return used_up.until - at
        return None

    async def give_back(self, *tries: Tried, at: datetime) -> None:
        """Undo `take` with the same arguments: the try was right."""
        windows = self._windows(tries, at)
        async with transaction_on(self._engine) as tx:
            await tx.execute(_GIVE_BACK, {name: windows[name] for name in ("kinds", "hashes", "starts")})

    def _windows(self, tries: Sequence[Tried], at: datetime) -> dict[str, list[object]]:
        starts = [tried.start(at) for tried in tries]
        return {
            "kinds": [tried.limit.kind for tried in tries],
            "hashes": [self._vault.fingerprint(f"limit {tried.limit.kind}", tried.key) for tried in tries],
            "starts": list(starts),
            "ends": [start + tried.limit.window for start, tried in zip(starts, tries, strict=True)],
            "most": [tried.limit.most for tried in tries],
        }
