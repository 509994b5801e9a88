"""What can be done about near misses: look at them, and say that two claims are two encounters."""

from uuid import UUID

from service.payouts.counter import Counter
from service.payouts.encounters import store
from service.payouts.encounters.model import Dismissal, NearMiss, Pair
from service.payouts.encounters.refusals import NearMissDismissed, NearMissUnknown


async def listed(
    counter: Counter, *, person_no: str | None, dismissed: bool, after: tuple[UUID, UUID, str] | None, rows: int
) -> list[NearMiss]:
    """Pairs of the county's claims, newest first, and one more than a page where there are more."""
    found = await store.near_misses(
        counter.tx,
        counter.vault,
        counter.county_code,
        person_no=person_no,
        dismissed=dismissed,
        after=after,
        rows=rows,
    )

    await counter.note_shown("encounter.near_misses", store.persons_of(found))
    return found


async def dismiss(counter: Counter, pair: Pair, reason: str) -> NearMiss:
    """
    Say that two claims are two encounters, and why. It is not shown again, and stands in nobody's way.

    Raises near_miss.unknown, near_miss.dismissed, payout.operator_missing.
    """
    counter.check_named()
    found = await store.find(counter.tx, counter.vault, counter.county_code, pair)
    if found is None:
        raise NearMissUnknown("/encounters")
    dismissal = Dismissal(reason, counter.caller.client_id, counter.caller.operator, counter.now)
    if not await store.dismiss(counter.tx, counter.vault, counter.county_code, pair, dismissal):
        raise NearMissDismissed

    for person_no in dict.fromkeys(store.persons_of([found])):
        await counter.note("encounter.dismiss", person_no=person_no, subject=pair.one)
    return found._replace(dismissal=dismissal)
