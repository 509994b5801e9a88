"""What must be true after every fault, whatever died: looked at around the proxies, in the database itself."""

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Any, Final

import orjson

from scripts.faulting.asking import Acknowledged
from scripts.faulting.cast import Cast
from service.db import transaction_on
from tests.proof.scene import found_wrong

RECOVERY_SECONDS: Final = 30.0
"""Within this time of a fault's end every request has its answer again."""
_OLDER: Final = 25
_AT_ONCE: Final = 4
_SETTLED: Final = "/v1/settlements"
_NEVER: Final = {
    "a visit settled twice": """
        SELECT hospital_code, visit_no, interim_no FROM settlements WHERE kind = 'settlement' AND version = 1
        GROUP BY 1, 2, 3 HAVING count(*) > 1""",
    "a settlement reversed twice": """
        SELECT reversal_of FROM settlements WHERE reversal_of IS NOT NULL GROUP BY 1 HAVING count(*) > 1""",
    "a version replaced twice": """
        SELECT replaces FROM settlements WHERE replaces IS NOT NULL GROUP BY 1 HAVING count(*) > 1""",
    "two settlements with one place in a person's order": """
        SELECT person_no, order_no FROM settlements WHERE kind = 'settlement' AND version = 1
        GROUP BY 1, 2 HAVING count(*) > 1""",
    "a period billed twice": """
        SELECT payer, hospital_code, period FROM statements GROUP BY 1, 2, 3 HAVING count(*) > 1""",
    "a transfer entered twice": "SELECT bank_reference FROM payments GROUP BY payer, 1 HAVING count(*) > 1",
    "a sum in two transfers": """
        SELECT origin, layer, payer FROM payout_parts WHERE live GROUP BY 1, 2, 3 HAVING count(*) > 1""",
    "a sum that is not the sum of its entries": """
        SELECT person_no, period, name FROM accumulators a
        FULL JOIN (SELECT county_code, person_no, period, name, sum(delta) AS value
            FROM accumulator_entries GROUP BY 1, 2, 3, 4) e USING (county_code, person_no, period, name)
        WHERE a.value IS DISTINCT FROM e.value""",
    "a key that was used up without an answer": """
        SELECT k.key FROM idempotency_keys k WHERE NOT EXISTS (SELECT FROM idempotency_answers a
            WHERE a.county_code = k.county_code AND a.result_id = k.result_id)""",
    "a settlement without its audit row": """
        SELECT s.id FROM settlements s WHERE s.version = 1 AND s.kind = 'settlement' AND NOT EXISTS (
            SELECT FROM audit_log a WHERE a.subject = s.id::text)""",
}
_ANSWERED: Final = """
    SELECT CASE WHEN s.visit_no LIKE 'W%' THEN s.visit_no ELSE s.id::text END AS told, s.visit_no, s.hospital_code
    FROM settlements s WHERE s.version = 1 AND s.kind = 'settlement' AND (s.visit_no LIKE 'W%'
        OR EXISTS (SELECT FROM idempotency_answers a WHERE a.result_id = s.id))
"""


class Checker:
    """Looks after each fault: what was acknowledged since the last look is asked for again, and some of the rest."""

    def __init__(self, cast: Cast) -> None:
        self._cast = cast
        self._looked = 0

    async def look(self, dice: Random, *, whole: bool = False) -> list[str]:
        """What is wrong, in words; `whole` repeats every request that was ever acknowledged."""
        watch = self._cast.watch
        known, whole, watch.all_again = watch.acknowledged, whole or watch.all_again, False
        older, newer = known[: self._looked], known[self._looked :]
        self._looked = len(known)
        again = known if whole else [*newer, *dice.sample(older, min(_OLDER, len(older)))]
        return [
            *await self.on_record(),
            *await self._unlike(),
            *await self._all_repeated(again),
            *await self._proved(),
        ]

    async def on_record(self) -> list[str]:
        """What is wrong in the database itself, whoever was told of what."""
        found = []
        for what, query in _NEVER.items():
            rows = await self._cast.place.rows(query)
            found += [f"{what}: {tuple(map(str, row))}" for row in rows[:3]]
        return found

    async def _unlike(self) -> list[str]:
        """Settlements that somebody was told of and that are not there; and the other way round."""
        told = {str(orjson.loads(one.content)["id"]) for one in self._cast.watch.acknowledged if one.path == _SETTLED}
        told |= self._cast.watch.on_the_wire
        kept = {row.told: tuple(row) for row in await self._cast.place.rows(_ANSWERED)}
        lost = [f"acknowledged and lost: settlement {one}" for one in sorted(told - kept.keys())]
        return lost + [f"there, and nobody was told: settlement {kept[one]}" for one in sorted(kept.keys() - told)]

    async def _all_repeated(self, again: Sequence[Acknowledged]) -> list[str]:
        found: list[str | None] = []
        for first in range(0, len(again), _AT_ONCE):
            found += await asyncio.gather(*map(self._repeated, again[first : first + _AT_ONCE]))
        return [one for one in found if one is not None]

    async def _repeated(self, one: Acknowledged) -> str | None:
        answer = await one.again()
        if (answer.status_code, answer.content) == (one.status, one.content):
            return None
        return f"another answer to the same request: {one.path}: {answer.status_code} {answer.text[:300]}"

    async def _proved(self) -> list[str]:
        """Every settlement decided again, every book added up, every seal, as `onestop verify` does it."""
        # What was approved goes on in the background: all of it is looked at as it is at one moment.
        engine = self._cast.place.engine.execution_options(isolation_level="REPEATABLE READ")
        async with transaction_on(engine) as tx:
            found: list[Any] = await found_wrong(tx)
        return [f"verify: {one}" for one in found[:5]]
