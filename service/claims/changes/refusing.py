"""A payer's refusal after review (拒付): the refused part becomes the hospital's to bear, by a version of its own."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.model import Caller
from service.claims import records, year
from service.claims.actions import Desk
from service.claims.changes import store
from service.claims.changes.actions import Asking, readjudicate
from service.claims.changes.model import Change, Part
from service.claims.changes.who_gets import owed_to_hospital
from service.claims.model import Cause
from service.claims.records import View
from service.settlement.model import Award

Refused = Mapping[UUID, Mapping[str, int]]
"""What was taken of each case, by layer, in fen."""


async def take_turns(tx: AsyncConnection, county_code: str, refused: Refused) -> None:
    """Let nobody settle or change anything of the persons of some cases until the transaction ends."""
    # All persons before any visit, and in one order: whoever else holds one of them waits for no other.
    for person_no in await store.persons_of(tx, county_code, list(refused)):
        await year.take_turn(tx, county_code, person_no)


async def refuse(
    tx: AsyncConnection, caller: Caller, county_code: str, payer: str, refused: Refused, desk: Desk, *, reason: str
) -> None:
    """
    Write the version of each case of which a payer has refused a part: that part moves to what the hospital bears;
    no other layer, no sum and nothing of the patient's changes (domain §6).

    The caller holds the turns of the persons, and has deducted the money: nothing is posted. A case that is reversed
    has no version any more, and of one that was lowered no more is refused than the payer still owes the hospital:
    what was deducted beyond that is owed again with the next statement.
    """
    for case_id, settlement_id in await store.live_of(tx, county_code, list(refused)):
        record = await records.find(tx, settlement_id, View(county_code))
        assert record is not None
        parts = parts_of(record.awards, payer, refused[case_id])
        if parts:
            change = Change(Cause.REFUSAL, reason, refused=parts)
            await readjudicate(tx, caller, settlement_id, desk, Asking(), change=change)


def parts_of(awards: Sequence[Award], payer: str, refused: Mapping[str, int]) -> tuple[Part, ...]:
    """
    What is refused of a settlement, by its awards: of the layers under which it was deducted as far as the payer owes
    the hospital under them, the rest of its other layers. A later version may have moved an amount to another.
    """
    owed = {part.layer: part.amount for part in owed_to_hospital(awards, ()) if part.payer == payer}
    parts = {layer: min(amount, refused.get(layer, 0)) for layer, amount in owed.items()}
    rest = sum(refused.values()) - sum(parts.values())
    for layer, amount in owed.items():
        more = min(rest, amount - parts[layer])
        parts[layer] += more
        rest -= more
    return tuple(Part(layer, payer, amount) for layer, amount in parts.items() if amount)
