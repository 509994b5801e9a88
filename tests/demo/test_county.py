"""The demo county as data: the same everywhere, of every kind, and right in its numbers."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

import service.demo
from service.claims.examples import REQUEST_BODY
from service.demo.county import County, county
from service.demo.hospitals import DEMO_HOSPITAL, INSURER, TOWNSHIPS
from service.demo.known import BIRTH_CERTIFICATE, EXAMPLE, KNOWN
from service.money import ppm
from service.policy.load import shipped_packs
from service.registers.entries import HospitalTerms
from service.registers.model import CardStatus, Grade
from service.registers.persons.checks import checked, refuse_overlaps
from service.words import HospitalLevel, IdentityClass, Location

ROOT = Path(__file__).parents[2]
DISEASES = [f"CD{number:02}" for number in range(1, 30)]
HASHED = """
import hashlib
from service.demo.county import county
print(hashlib.sha256(repr(county([f"CD{n:02}" for n in range(1, 30)])).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def made() -> County:
    return county(DISEASES)


def terms_of(made: County, code: str) -> list[HospitalTerms]:
    return [fact.what for each in made.hospitals if each.code == code for fact in each.terms]


def test_it_is_the_same_in_every_process() -> None:
    def content(seed: str, zone: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone}
        command = [sys.executable, "-c", HASHED]
        return subprocess.run(
            command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
        ).stdout.strip()

    first = content("1", "UTC")

    assert len(first) == 64
    assert content("2", "Asia/Tokyo") == first


def test_a_few_thousand_people_live_in_six_townships(made: County) -> None:
    towns = [each.person.township_code for each in made.people]

    assert len(made.people) == pytest.approx(3000, abs=100)
    assert set(towns) == set(TOWNSHIPS)
    assert len(TOWNSHIPS) == 6
    assert min(towns.count(town) for town in TOWNSHIPS) > 400
    assert len({each.person.household_no for each in made.people}) > 1000


def test_every_identity_is_held_by_some_and_several_at_once_by_some(made: County) -> None:
    held = [{fact.what.identity_class for fact in each.coverage.identities} for each in made.people]

    for identity in IdentityClass:
        assert sum(identity in each for each in held) >= 5, identity
    assert sum(IdentityClass.REGISTERED_POOR in each and len(each) > 1 for each in held) > 50
    assert sum(not each for each in held) > 1000


def test_identities_change_over_time(made: County) -> None:
    held = [fact for each in made.people for fact in each.coverage.identities]

    assert {fact.last.year for fact in held} >= {2018, 2019, 2020}
    assert {fact.first.year for fact in held} >= {2018, 2019, 2020, 2021}


def test_all_are_as_the_register_wants_them(made: County) -> None:
    for each in made.people:
        assert checked(each.person, date.max) == each.person
        refuse_overlaps(each.coverage)


def test_nobody_is_anybody(made: County) -> None:
    cards = [each.person for each in made.people if each.person.id_type != BIRTH_CERTIFICATE]

    assert all((each.id_no or "").startswith("459901") for each in cards)
    assert len({each.id_no for each in cards}) == len(cards)
    assert all(luhn(each.bank_account.number) for each in cards if each.bank_account)


def luhn(number: str) -> bool:
    """Written backwards on purpose: not the way the county makes it."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        worth = int(digit) * (1 + place % 2)
        total += worth // 10 + worth % 10
    return total % 10 == 0


def test_some_are_barred_not_insured_dead_or_just_born(made: County) -> None:
    people = made.people

    assert sum(bool(each.coverage.barred) for each in people) > 10
    assert sum(not each.coverage.insured for each in people) > 10
    assert sum(each.person.died_on is not None for each in people) > 20
    assert sum(each.person.id_type == BIRTH_CERTIFICATE for each in people) > 10
    for each in people:
        if died := each.person.died_on:
            assert all(fact.last <= died for fact in each.coverage.insured)
            assert all(fact.last <= died for fact in each.coverage.identities)


@pytest.mark.parametrize("level", HospitalLevel)
def test_there_are_hospitals_of_every_level_and_distance(made: County, level: HospitalLevel) -> None:
    all_terms = [fact.what for each in made.hospitals for fact in each.terms]

    assert level in {terms.level for terms in all_terms}
    assert {terms.location for terms in all_terms} == set(Location)
    assert {terms.aid for terms in all_terms} == {"on_the_spot", "on_application"}
    assert {terms.connected for terms in all_terms} == {terms.specialist for terms in all_terms} == {True, False}
    assert any(each.suspended for each in made.hospitals)


def test_the_demo_hospital_is_in_county_and_under_agreement_all_along(made: County) -> None:
    assert terms_of(made, DEMO_HOSPITAL) == [HospitalTerms("示范县人民医院", "level2", "county")]
    agreement = next(each.agreement for each in made.hospitals if each.code == DEMO_HOSPITAL)
    assert agreement is not None
    assert (agreement.what.insurer, agreement.valid_from, agreement.valid_to) == (INSURER, date(2018, 1, 1), None)


def test_the_catalogue_has_hundreds_of_items_of_every_grade(made: County) -> None:
    first = [versions[0].what for versions in made.catalogue.values()]

    assert len(first) >= 300
    assert {terms.grade for terms in first} == set(Grade)
    assert sum(terms.ceiling_level2 is not None for terms in first) > 50
    assert len({terms.self_pay_ratio for terms in first}) > 4
    assert all(terms.self_pay_ratio == 0 for terms in first if terms.grade != Grade.B)
    assert sum(len(versions) > 1 for versions in made.catalogue.values()) > 3


def test_the_items_of_the_example_are_as_it_says(made: County) -> None:
    assert {code for code in made.catalogue if not code.startswith("DM-")} == {"XA01", "XB01", "XC01", "XB02"}
    for line in REQUEST_BODY["fee_lines"]:
        (fact,) = made.catalogue[line["item_code"]]
        assert (fact.what.grade, fact.what.self_pay_ratio) == (line["grade"], ppm(line.get("self_pay_ratio", "0")))
        assert (fact.valid_from, fact.valid_to) == (date(2018, 1, 1), None)
    dear = made.catalogue["XB02"][0].what
    assert {getattr(dear, f"ceiling_{level}") for level in HospitalLevel} == {1_000_000_000}


def test_referrals_and_cards_are_those_of_people_and_diseases_that_there_are(made: County) -> None:
    people = {each.person.person_no for each in made.people}
    hospitals = {each.code for each in made.hospitals}
    referrals, cards = made.papers.referrals.values(), made.papers.cards.values()

    assert len(referrals) > 150
    assert len(cards) > 300
    assert {fact.what.person_no for fact in referrals} | {fact.what.person_no for fact in cards} <= people
    assert {fact.what.hospital_code for fact in referrals} <= hospitals
    assert {fact.what.disease_code for fact in cards} == set(DISEASES)
    assert {fact.what.status for fact in cards} == set(CardStatus)
    assert all(fact.first <= fact.last for fact in referrals)
    assert all(fact.first <= fact.last for fact in cards)


def test_the_diseases_are_those_of_the_pack() -> None:
    for day in (date(2018, 1, 1), date(2022, 3, 1)):
        pack = shipped_packs().on("459901", day)
        assert pack is not None
        assert sorted(pack.diseases) == DISEASES


def test_the_person_of_the_example_is_registered_poor_for_good_and_has_no_card(made: County) -> None:
    (person,) = [each for each in made.people if each.person.id_no == REQUEST_BODY["person"]["id_no"]]

    assert person.person.id_no == EXAMPLE.id_no == "459901195003070005"
    (held,) = person.coverage.identities
    assert (held.what.identity_class, held.valid_from, held.valid_to) == ("registered_poor", date(2018, 1, 1), None)
    assert person.coverage.insured[0].valid_to is None
    assert person.person.person_no not in {fact.what.person_no for fact in made.papers.cards.values()}


def test_everybody_who_is_known_is_in_the_docstring() -> None:
    assert service.demo.__doc__ is not None
    for known in KNOWN:
        assert f"| {known.id_no} |" in service.demo.__doc__
    assert service.demo.__doc__.count("| 45990") == len(KNOWN)
