"""What can be done about an injury on hold: release it to the patient, or refuse it. Each is one transaction."""

from uuid import UUID

import orjson

from service.claims.changes.actions import Asking, live, readjudicate, reverse
from service.claims.changes.model import Change
from service.claims.model import Cause, ThirdParty
from service.ids import new_id
from service.ledger import store as ledger
from service.payouts.counter import Counter
from service.payouts.injuries import store
from service.payouts.injuries.refusals import NotOnHold
from service.payouts.injuries.store import Held
from service.payouts.items.model import Kind, Source
from service.payouts.items.store import add_source


async def listed(counter: Counter, *, after: UUID | None, rows: int) -> list[Held]:
    """What is on hold in the county, the oldest first."""
    found = await store.held(counter.tx, counter.county_code, after=after, rows=rows)

    await counter.note_shown("injury.list", (each.person_no for each in found))
    return found


async def decide(counter: Counter, settlement_id: UUID, third_party: ThirdParty, *, note: str, chain: bool) -> bytes:
    """
    Say what was found out: what was held is owed to the patient, or, where a third party has paid, taken back.

    Nothing of a held settlement was ever posted, so to refuse it is to reverse it. Raises injury.not_on_hold,
    payout.operator_missing, and what `claims.changes.actions` raises.
    """
    counter.check_named()
    record = await live(counter.tx, counter.caller, settlement_id)
    if not record.on_hold:
        raise NotOnHold("/settlement_id")
    tx, caller, desk = counter.tx, counter.caller, counter.desk
    if third_party == ThirdParty.LIABLE_PAID:
        refused = await reverse(tx, caller, settlement_id, desk, Asking(), reason=note, chain=chain)
        assert isinstance(refused, bytes)
        return refused

    change = Change(Cause.INJURY, note, third_party=third_party)
    released = await readjudicate(tx, caller, settlement_id, desk, Asking(), change=change, chain=chain)
    assert isinstance(released, bytes)
    version_id = UUID(orjson.loads(released)["id"])
    if await ledger.entry(tx, counter.county_code, version_id):
        source = Source(version_id, Kind.RELEASE, new_id(counter.now))
        await add_source(tx, counter.county_code, source, counter.now)
    return released
