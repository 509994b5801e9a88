"""Put the demo county into a database: whole, once, in one transaction."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.access.vault import Vault
from service.clock import Clock
from service.db import transaction_on
from service.demo import clients, national
from service.demo.catalogue import Catalogue
from service.demo.county import county
from service.demo.dice import fixed_id
from service.demo.hospitals import OPENED, Hospital
from service.demo.names import COUNTY, account
from service.demo.papers import Papers
from service.policy.model import Packs
from service.registers.dated import hold
from service.registers.entries import HospitalTerms
from service.registers.hospitals.actions import sealed_account
from service.registers.model import Author
from service.registers.periods import Dated
from service.registers.store import (
    AGREEMENTS,
    CARDS,
    REFERRALS,
    SUSPENSIONS,
    TERMS,
    add_hospital,
    insert_many_items,
    register_persons,
)

_BY: Final = "demo"
_WHY: Final = "示范县数据"
_FIRST_HOSPITAL_ACCOUNT: Final = 900_000


async def load(engine: AsyncEngine, vault: Vault, clock: Clock, packs: Packs) -> dict[str, Any]:
    """
    Make sure the database holds the demo county, and tell its clients (api.md, Operations).

    A county that is there already stays as it has become, whatever was settled or changed in it since; one whose
    loading was cut off was never there. Raises VaultError when the county was made with other keys.
    """
    async with transaction_on(engine) as tx:
        await hold(tx, "demo county", COUNTY)
        if not await clients.are_there(tx, vault):
            await _fill(tx, vault, Author(clock.now(), _BY, _WHY), packs)
        await national.connect(tx, vault, at=clock.now())
    return clients.told(vault)


async def _fill(tx: AsyncConnection, vault: Vault, author: Author, packs: Packs) -> None:
    pack = packs.on(COUNTY, OPENED)
    assert pack is not None, "a demo county without a law"
    made = county(sorted(pack.diseases))

    await _enter_hospitals(tx, vault, made.hospitals, author)
    await _enter_catalogue(tx, made.catalogue, author)
    await register_persons(tx, vault, made.people, author)
    await _enter_papers(tx, made.papers, author)
    await clients.add_clients(tx, vault, at=author.at)


async def _enter_hospitals(tx: AsyncConnection, vault: Vault, hospitals: Iterable[Hospital], author: Author) -> None:
    terms, suspended, agreements = [], [], []
    for number, each in enumerate(hospitals, _FIRST_HOSPITAL_ACCOUNT):
        await add_hospital(tx, each.code, COUNTY, author)
        scope = {"hospital_code": each.code}
        sealed = sealed_account(vault, each.code, account(each.name, number))
        terms += [(scope, _paid_to(fact, sealed)) for fact in each.terms]
        suspended += [(scope, fact) for fact in each.suspended]
        if each.agreement is not None:
            agreement = {"county_code": COUNTY, "agreement_id": fixed_id(f"agreement with {each.code}")}
            agreements.append((agreement, each.agreement))
    await TERMS.add_many(tx, terms, author)
    await SUSPENSIONS.add_many(tx, suspended, author)
    await AGREEMENTS.add_many(tx, agreements, author)


def _paid_to(fact: Dated[HospitalTerms], sealed: bytes | None) -> Dated[HospitalTerms]:
    return replace(fact, what=replace(fact.what, bank_account_enc=sealed))


async def _enter_catalogue(tx: AsyncConnection, catalogue: Catalogue, author: Author) -> None:
    longest = max(map(len, catalogue.values()))
    for version in range(longest):
        items = {code: terms[version] for code, terms in catalogue.items() if version < len(terms)}
        await insert_many_items(tx, COUNTY, items, author)


async def _enter_papers(tx: AsyncConnection, papers: Papers, author: Author) -> None:
    within = {"county_code": COUNTY}
    referrals = [(within | {"referral_no": number}, each) for number, each in papers.referrals.items()]
    cards = [(within | {"card_id": card_id}, each) for card_id, each in papers.cards.items()]
    await REFERRALS.add_many(tx, referrals, author)
    await CARDS.add_many(tx, cards, author)
