"""From order to decision: the one path that preview and settlement share. Gathers, decides, records nothing."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from service.access import idempotency
from service.access.idempotency import Attempt
from service.access.model import Caller, Role
from service.claims import checks, opening
from service.claims import refusals as no
from service.claims.decide import Facts, Making, decide
from service.claims.model import Order, Record
from service.errors import Text
from service.policy.model import Packs
from service.registers.facts import visit_facts
from service.registers.model import FactsAsked, VisitFacts


async def prepare(
    tx: AsyncConnection,
    caller: Caller,
    order: Order,
    packs: Packs,
    making: Making,
) -> Record:
    """
    Decide a visit as things stand. Where a settlement is made, the person's turn is taken first: nothing moves.

    Raises every refusal of `claims.refusals`, and request.invalid where the order contradicts itself.
    """
    asked = _asked(caller, order, making.now)
    opened = await opening.open_visit(tx, asked, order, lock=making.settlement_id is not None)
    return _prepared(caller, order, packs, making, opened)


async def prepare_once(
    tx: AsyncConnection, caller: Caller, order: Order, packs: Packs, making: Making, attempt: Attempt
) -> Record | None:
    """
    As `prepare`, and takes the request's key in the same round trip; None where it was used before.

    Raises idempotency.in_progress beside the refusals of `prepare`.
    """
    assert making.settlement_id is not None
    asked = _asked(caller, order, making.now)
    taken = idempotency.reserve_values(caller, attempt, result_id=making.settlement_id, at=making.now)
    opened = await opening.open_visit_once(tx, asked, order, taken)
    return None if opened is None else _prepared(caller, order, packs, making, opened)


def _prepared(caller: Caller, order: Order, packs: Packs, making: Making, opened: opening.Opened) -> Record:
    facts = _facts(caller, order, packs, opened.facts)
    assert opened.history is not None, "whoever is known has a history"
    return decide(caller, order, facts, opened.history, making)


async def gather(
    tx: AsyncConnection, caller: Caller, order: Order, packs: Packs, now: datetime, *, county_code: str | None = None
) -> Facts:
    """
    What the registers and the law say of a visit today. With `county_code`, of a person of that county alone.

    Raises the refusals of `claims.refusals` that need neither the person's history nor the bill.
    """
    asked = _asked(caller, order, now, county_code)
    return _facts(caller, order, packs, await visit_facts(tx, asked))


def _asked(caller: Caller, order: Order, now: datetime, county_code: str | None = None) -> FactsAsked:
    if caller.role == Role.HOSPITAL and order.hospital_code != caller.hospital_code:
        raise checks.unknown_hospital(order.hospital_code)
    checks.check_order(order, now.date())
    charged = [order.last_day, *(line.charged_on for line in order.lines)]
    return FactsAsked(
        person_key=order.person_key,
        hospital_code=order.hospital_code,
        last_day=order.last_day,
        referral_no=order.referral_no,
        disease_code=order.disease_code,
        item_codes=list({line.item_code for line in order.lines}),
        charged_from=min(charged),
        charged_to=max(charged),
        county_code=county_code,
    )


def _facts(caller: Caller, order: Order, packs: Packs, visit: VisitFacts) -> Facts:
    hospital = checks.check_hospital(order, visit)
    # An agency acts for its own people, in whichever hospital: another county's do not exist for it.
    foreign = caller.role == Role.AGENCY and visit.person is not None and visit.person.county_code != caller.county_code
    person = checks.check_person(order, replace(visit, person=None) if foreign else visit)
    pack = packs.on(person.county_code, order.last_day)
    if pack is None:
        raise no.NoPolicyInForce(
            Text(
                f"{person.county_code} 在 {order.last_day} 没有有效的政策包，请联系医保经办机构。",
                f"No policy pack of {person.county_code} is in force on {order.last_day}: ask the agency.",
            ),
            pointer="/discharged_on" if order.is_stay else "/service_on",
        )
    checks.check_chronic(order, visit, pack)
    return Facts(person, hospital, pack, visit)
