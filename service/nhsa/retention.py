"""
What the interface forgets, and when: files, recorded envelopes and answers go after 30 days, nonces with their window.

Of a message that did something its name stays for ever, so that it never acts again; its answer stays where it is the
hospital's proof of money (a settlement, its cancellation). Refusals go whole: a copy of a message never comes so late.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.clock import Clock
from service.db import transaction_on
from service.nhsa.auth.tif import WINDOW
from service.nhsa.messages import ANSWERS_KEPT
from service.nhsa.transactions.files import KEPT

PROOFS: Final = ("2304", "2305", "2207", "2208", "2601")
"""The transactions that move money: their answers stay."""
_AT_ONCE: Final = 1000
_FILES: Final = text("""
    DELETE FROM nhsa_files WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM nhsa_files WHERE at < :before LIMIT :at_once FOR UPDATE SKIP LOCKED))
""")
_RECORDED: Final = text("""
    DELETE FROM nhsa_recorded WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM nhsa_recorded WHERE at < :before LIMIT :at_once FOR UPDATE SKIP LOCKED))
""")
_REFUSALS: Final = text("""
    DELETE FROM nhsa_messages WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM nhsa_messages WHERE at < :before AND outcome = 'refused'
        LIMIT :at_once FOR UPDATE SKIP LOCKED))
""")
_ANSWERS: Final = text("""
    UPDATE nhsa_messages SET answer_enc = NULL WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM nhsa_messages
        WHERE at < :before AND outcome = 'done' AND answer_enc IS NOT NULL AND infno <> ALL (:proofs)
        LIMIT :at_once FOR UPDATE SKIP LOCKED))
""")
_NONCES: Final = text("""
    DELETE FROM nhsa_nonces WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM nhsa_nonces WHERE at < :before LIMIT :at_once FOR UPDATE SKIP LOCKED))
""")
_STEPS: Final[tuple[tuple[str, TextClause, timedelta], ...]] = (
    ("files", _FILES, KEPT),
    ("recorded", _RECORDED, ANSWERS_KEPT),
    ("refusals", _REFUSALS, ANSWERS_KEPT),
    ("answers", _ANSWERS, ANSWERS_KEPT),
)


async def forget(engine: AsyncEngine, clock: Clock) -> dict[str, int]:
    """
    Forget what is old enough; gives how many rows of each kind went.

    A thousand rows at a time, each in a transaction of its own: nobody waits for it, and where it is killed the next
    one goes on. Several may run at once.
    """
    gone = {kind: await _all(engine, statement, clock.now() - age) for kind, statement, age in _STEPS}
    # Signatures are judged by the time of day, also where a sandbox stands on another one.
    return gone | {"nonces": await _all(engine, _NONCES, clock.source() - 2 * WINDOW)}


async def _all(engine: AsyncEngine, statement: TextClause, before: datetime) -> int:
    gone, last = 0, _AT_ONCE
    while last == _AT_ONCE:
        async with transaction_on(engine) as tx:
            values = {"before": before, "at_once": _AT_ONCE, "proofs": list(PROOFS)}
            last = (await tx.execute(statement, values)).rowcount
        gone += last
    return gone
