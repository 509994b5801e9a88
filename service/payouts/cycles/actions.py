"""What can be done about a cycle: look at what it would come to, run it, read it again."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from service.claims.year import take_turns
from service.db import transaction_on
from service.ids import new_id
from service.ledger import store as ledger
from service.ledger.model import Cause, Entry, Share, person
from service.ledger.postings import claim
from service.payouts.cycles import store
from service.payouts.cycles.model import OfPerson
from service.payouts.cycles.refusals import CycleOpen, CycleUnknown
from service.payouts.items import store as items
from service.payouts.items.model import Kind, Source
from service.policy.cycles import Cycle, CycleTerms
from service.policy.library import Library
from service.policy.model import Pack
from service.reconciliation.desk import Desk
from service.reconciliation.refusals import PayerUnknown

CHUNK: Final = 200
"""Persons that one transaction of a run takes: their discharges wait no longer than that."""

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Law:
    """A cycle and the terms on which it is paid."""

    cycle: Cycle
    terms: CycleTerms
    pack: Pack


def law_of(desk: Desk, start: date) -> Law:
    """The cycle that begins on a day, as the pack in force that day has it. Raises cycle.unknown and payer.unknown."""
    pack = desk.packs.on(desk.county_code, start)
    terms = pack.chronic_cycle if pack is not None else None
    cycle = terms.starting(start, pack.valid_to) if pack is not None and terms is not None else None
    if pack is None or terms is None or cycle is None:
        raise CycleUnknown("/start")
    if desk.payers is not None and terms.payer not in desk.payers:
        raise PayerUnknown("/payer")
    return Law(cycle, terms, pack)


def over(desk: Desk) -> list[Cycle]:
    """The cycles of the county that are over, oldest first; of a payer, those that it pays."""
    packs = [pack for pack in desk.packs.in_order() if desk.county_code in pack.county_codes]
    return [
        cycle
        for pack in packs
        if (terms := pack.chronic_cycle) is not None and (desk.payers is None or terms.payer in desk.payers)
        for cycle in terms.ended(desk.today, pack.valid_to)
    ]


async def tell(desk: Desk, law: Law, run: dict[str, Any]) -> None:
    """Add a run to the events that its payer polls; no hospital is concerned."""
    await desk.tell(
        "cycle.run",
        run["id"],
        county_code=desk.county_code,
        hospital_code="",
        payer=law.terms.payer,
        cycle_start=law.cycle.start.isoformat(),
        persons=run["persons"],
        changed=run["changed"],
    )


async def everybody(desk: Desk, law: Law, after: str = "") -> AsyncIterator[list[OfPerson]]:
    """What the cycle comes to by what is settled now, some persons at a time, after a person."""
    while numbers := await store.persons_after(desk.tx, desk.county_code, law.cycle, law.terms, after, CHUNK):
        yield await store.of_persons(desk.tx, desk.county_code, law.cycle, law.terms, numbers)
        after = numbers[-1]


async def run(desk: Desk, law: Law, progress: Progress = lambda _: None) -> dict[str, Any]:
    """
    Post what every person of the cycle is owed, or the difference to what was posted before; gives the run.

    Some persons a transaction: a run that is cut off goes on where it stopped, and one over a cycle that was run
    before changes only what has changed since. Raises cycle.open.
    """
    if desk.today <= law.cycle.end:
        raise CycleOpen("/start")
    run_id = await _begun(desk, law)
    while True:
        async with transaction_on(desk.engine) as tx:
            row = await store.held(tx, desk.county_code, run_id)
            if row["finished_at"] is not None:
                return row
            after = row["reached"] or ""
            numbers = await store.persons_after(tx, desk.county_code, law.cycle, law.terms, after, CHUNK)
            await take_turns(tx, desk.county_code, numbers)
            found = await store.of_persons(tx, desk.county_code, law.cycle, law.terms, numbers)
            changed = [each for each in found if each.is_new]
            await _post(tx, desk, law, run_id, changed)
            done = len(numbers) < CHUNK
            await store.advance(
                tx,
                row,
                reached=numbers[-1] if numbers else row["reached"],
                persons=len(numbers),
                changed=len(changed),
                finished_at=desk.now if done else None,
            )
        progress(row["persons"] + len(numbers))


async def _begun(desk: Desk, law: Law) -> UUID:
    async with transaction_on(desk.engine) as tx:
        await store.take_turn(tx, desk.county_code, law.cycle.start)
        left = await store.unfinished(tx, desk.county_code, law.cycle.start)
        if left is not None:
            return UUID(int=left["id"].int)
        run_id = new_id(desk.now)
        begun = {"county_code": desk.county_code, "id": run_id, "cycle_start": law.cycle.start}
        await store.add_run(tx, begun | {"persons": 0, "changed": 0, **desk.author()})
        return run_id


async def _post(tx: Any, desk: Desk, law: Law, run_id: UUID, changed: list[OfPerson]) -> None:
    lines, posted = [], []
    for each in changed:
        line_id = new_id(desk.now)
        lines.append(_line(desk, law, run_id, line_id, each))
        if each.difference:
            posted.append((line_id, each))
    if lines:
        # What is written by a text of the law can be read after the county has edited it.
        await Library(desk.packs).keep(tx, law.pack, at=desk.now)
        await store.add_lines(tx, lines)
    for line_id, each in posted:
        case_id = each.before.case_id if each.before else line_id
        entry = Entry(desk.county_code, line_id, Cause.CYCLE, None, case_id, desk.now, desk.today)
        share = Share(law.terms.layer, law.terms.payer, person(each.person_no), each.difference)
        await ledger.post(tx, entry, claim([share]))
        source = Source(line_id, Kind.CYCLE, line_id, law.cycle.pay_by)
        await items.add_source(tx, desk.county_code, source, desk.now)


def _line(desk: Desk, law: Law, run_id: UUID, line_id: UUID, each: OfPerson) -> dict[str, Any]:
    return {
        "county_code": desk.county_code,
        "id": line_id,
        "run_id": run_id,
        "cycle_start": law.cycle.start,
        "person_no": each.person_no,
        "serial": each.before.serial + 1 if each.before else 1,
        "pack_hash": law.pack.hash,
        **each.now._asdict(),
        "difference": each.difference,
        "visits": [
            [str(visit.settlement_id), visit.service_on.isoformat(), visit.disease_code, visit.total, visit.reimbursed]
            for visit in each.visits
        ],
        "at": desk.now,
    }
