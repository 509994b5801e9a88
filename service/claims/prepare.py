"""From order to decision: the one path that preview and settlement share. Gathers, decides, records nothing."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.model import Caller, Role
from service.claims import checks, store
from service.claims import refusals as no
from service.claims.decide import Facts, Making, decide
from service.claims.model import Order, Record
from service.errors import Text
from service.policy.model import Packs
from service.registers.facts import visit_facts
from service.registers.model import FactsAsked


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
    facts = await gather(tx, caller, order, packs, making.now)
    history = await store.open_person(
        tx,
        order,
        county_code=facts.person.county_code,
        person_no=facts.person.person_no,
        lock=making.settlement_id is not None,
    )
    return decide(caller, order, facts, history, making)


async def gather(
    tx: AsyncConnection, caller: Caller, order: Order, packs: Packs, now: datetime, *, county_code: str | None = None
) -> Facts:
    """
    What the registers and the law say of a visit today. With `county_code`, of a person of that county alone.

    Raises the refusals of `claims.refusals` that need neither the person's history nor the bill.
    """
    if caller.role == Role.HOSPITAL and order.hospital_code != caller.hospital_code:
        raise checks.unknown_hospital(order.hospital_code)
    checks.check_order(order, now.date())
    charged = [order.last_day, *(line.charged_on for line in order.lines)]
    asked = FactsAsked(
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
    visit = await visit_facts(tx, asked)
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
