"""
What a settlement reads: one round trip takes the request's key and the person's turn, and tells all that is known of
the visit, the person and the hospital.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access import idempotency
from service.claims.model import BillLine, History, LiveVisit, Order
from service.db import Direct
from service.registers import facts
from service.registers.model import FactsAsked, VisitFacts

_OPENED: Final = f"""
    CAST(json_build_array({facts.SAID}, (
        SELECT open_person(person.county_code, person.person_no, :lock, :periods, :hospital_code, :visit_no,
            :first_day, :last_day) FROM person)) AS text)
"""
_OPEN: Final = Direct(f"WITH {facts.KNOWN} SELECT {_OPENED}")
# One round trip in place of three. The person's turn comes after the request's key: nothing else is asked before
# there is a row of `reserved`.
_OPEN_ONCE: Final = Direct(f"WITH reserved AS ({idempotency.RESERVE}), {facts.KNOWN} SELECT {_OPENED} FROM reserved")
_BILLS: Final = text("""
    SELECT bill FROM settlement_documents
    WHERE county_code = :county_code AND settlement_id = ANY (CAST(:ids AS uuid[]))
    ORDER BY settlement_id
""")


class Opened(NamedTuple):
    """What the registers say of a visit, and of a person whom they know the history."""

    facts: VisitFacts
    history: History | None


async def open_visit(tx: AsyncConnection, asked: FactsAsked, order: Order, *, lock: bool) -> Opened:
    """
    The facts of a visit; the person's sums, the parts of this visit and the visits near it; with `lock`, the turn too.

    The turn makes settlements of one person wait for each other; settlements of others are not touched.
    """
    found = await _OPEN.scalar(tx, _values(asked, order, lock=lock))
    return await _opened(tx, orjson.loads(found))


async def open_visit_once(
    tx: AsyncConnection, asked: FactsAsked, order: Order, reserved: Mapping[str, Any]
) -> Opened | None:
    """
    As `open_visit` with the turn, after the key of a request (`idempotency.reserve_values`); None where it was used.

    Raises idempotency.in_progress.
    """
    try:
        found = await _OPEN_ONCE.scalar(tx, {**_values(asked, order, lock=True), **reserved})
    except DBAPIError as error:
        idempotency.raise_if_in_progress(error)
        raise
    return None if found is None else await _opened(tx, orjson.loads(found))


def _values(asked: FactsAsked, order: Order, *, lock: bool) -> dict[str, Any]:
    return {
        **facts.facts_values(asked),
        "lock": lock,
        "periods": [str(order.last_day.year), f"{order.last_day:%Y-%m}", order.stay_period],
        "visit_no": order.visit_no,
        "first_day": order.admitted_on,
    }


async def _opened(tx: AsyncConnection, found: list[Any]) -> Opened:
    known = facts.facts_of(found[0])
    if known.person is None:
        return Opened(known, None)
    history = found[1]
    parts = tuple(_live_visit(one) for one in history["parts"])
    return Opened(
        known,
        History(
            order_no=history["order_no"],
            sums={(period, name): value for period, name, value in history["sums"]},
            parts=parts,
            others=tuple(_live_visit(one) for one in history["others"]),
            earlier_lines=await _earlier_lines(tx, known.person.county_code, parts) if parts else (),
        ),
    )


async def _earlier_lines(tx: AsyncConnection, county_code: str, parts: Sequence[LiveVisit]) -> tuple[BillLine, ...]:
    ids = [part.settlement_id for part in parts]
    bills = await tx.scalars(_BILLS, {"county_code": county_code, "ids": ids})
    return tuple(BillLine(*line) for bill in bills for line in bill)


def _live_visit(found: Sequence[Any]) -> LiveVisit:
    hospital, visit, interim, county, person, settlement, visit_type, admitted, last = found
    return LiveVisit(
        hospital,
        visit,
        interim,
        county,
        person,
        UUID(settlement),
        visit_type,
        date.fromisoformat(admitted),
        date.fromisoformat(last),
    )
