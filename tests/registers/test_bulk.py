"""Many persons at once: the same rows as one by one, the same refusals, and quick."""

import time
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.vault import Vault
from service.config import Settings
from service.registers import facts
from service.registers.entries import Bar, CatalogueTerms, Coverage, Insured, Person, RosterIdentity
from service.registers.facts import visit_facts
from service.registers.keys import person_key
from service.registers.model import Author, FactsAsked
from service.registers.periods import Dated
from service.registers.persons import store
from service.registers.refusals import CatalogueOverlap, IdentityOverlap, PersonExists
from service.registers.store import NewPerson, insert_many_items, register_persons
from tests.registers.examples import HOSPITAL, id_no

COUNTY = "459901"
BY = Author(datetime(2018, 1, 1, tzinfo=UTC), "demo", "演示县")
SINCE = date(2018, 1, 1)
MANY = 3000
SECONDS = 10


def a_person(number: int) -> NewPerson:
    person = Person(
        COUNTY,
        f"P{number}",
        "张小三",
        township_code=f"4599010{number % 5:02}",
        id_no=id_no(number % 1000, f"19{50 + number // 1000}0307"),
        phone="13800001234",
    )
    coverage = Coverage(
        (Dated(Insured(), SINCE),),
        (
            Dated(RosterIdentity("registered_poor", "扶贫办"), SINCE),
            Dated(RosterIdentity("three_no"), SINCE, date(2018, 6, 30)),
        ),
        (Dated(Bar("核查"), SINCE, date(2018, 1, 31)),) if number % 2 else (),
    )
    return NewPerson(person, coverage)


@pytest.fixture
def vault(settings: Settings) -> Vault:
    return Vault.from_settings(settings)


async def test_many_persons_come_back_as_entered(tx: AsyncConnection, vault: Vault) -> None:
    people = [a_person(number) for number in range(1, 4)]

    await register_persons(tx, vault, people, BY)
    await register_persons(tx, vault, [], BY)

    coverage = await store.coverage_of(tx, COUNTY, ["P1", "P2", "P3"])
    for each in people:
        assert await store.person(tx, vault, COUNTY, each.person.person_no) == each.person
        assert set(coverage[each.person.person_no].identities) == set(each.coverage.identities)
        assert coverage[each.person.person_no].barred == each.coverage.barred
    asked = FactsAsked(person_key(vault, "id_no", people[0].person.id_no or ""), HOSPITAL, SINCE, SINCE, SINCE)
    found = (await visit_facts(tx, asked)).person
    assert found
    assert (found.person_no, found.insured, found.barred) == ("P1", True, "核查")


async def test_a_few_thousand_take_seconds(tx: AsyncConnection, vault: Vault) -> None:
    """About a second alone on the machine; the limit leaves room for a busy one."""
    people = [a_person(number) for number in range(MANY)]
    began = time.perf_counter()

    await register_persons(tx, vault, people, BY)

    assert time.perf_counter() - began < SECONDS
    assert await tx.scalar(text("SELECT count(*) FROM person_keys")) == 2 * MANY


async def test_the_same_refusals_as_one_by_one(tx: AsyncConnection, vault: Vault) -> None:
    twice = Coverage((), (Dated(RosterIdentity("three_no"), SINCE), Dated(RosterIdentity("three_no"), SINCE)))

    with pytest.raises(PersonExists):
        async with tx.begin_nested():
            await register_persons(tx, vault, [a_person(1), a_person(1)], BY)
    with pytest.raises(IdentityOverlap):
        async with tx.begin_nested():
            await register_persons(tx, vault, [NewPerson(a_person(1).person, twice)], BY)
    assert await tx.scalar(text("SELECT count(*) FROM persons")) == 0


async def test_many_items_at_once(tx: AsyncConnection) -> None:
    items = {f"X{number}": Dated(CatalogueTerms("名", "material", "A"), SINCE) for number in range(1200)}

    await insert_many_items(tx, COUNTY, items, BY)

    assert await tx.scalar(text("SELECT count(*) FROM catalogue_items")) == len(items)
    with pytest.raises(CatalogueOverlap):
        async with tx.begin_nested():
            await insert_many_items(tx, COUNTY, items, BY)


async def test_a_visit_s_facts_are_read_by_b_tree_in_a_full_county(tx: AsyncConnection, vault: Vault) -> None:
    """
    No table from end to end; nothing of a person, and no item, by an exclusion constraint's index: reading from it is
    many times slower, and where it begins with a number that nobody asks for it would be read whole.
    """
    items = {f"X{number}": Dated(CatalogueTerms("名", "material", "A"), SINCE) for number in range(2000)}
    await insert_many_items(tx, COUNTY, items, BY)
    await register_persons(tx, vault, [a_person(number) for number in range(1000)], BY)
    await tx.execute(text("SET LOCAL enable_seqscan = off"))
    await tx.execute(text("ANALYZE"))

    asked = dict.fromkeys(facts.FACTS.text.compile().params) | {"item_codes": list(items)[:1000]}
    plan = "\n".join(await tx.scalars(text(f"EXPLAIN {facts.FACTS.text.text}"), asked))

    assert "Seq Scan" not in plan
    assert "ix_catalogue_items_item" in plan
    for table in ("catalogue_items", "identities", "insured_periods"):
        assert f"ex_{table}_overlap" not in plan
