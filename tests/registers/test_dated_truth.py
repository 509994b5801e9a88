"""The database itself keeps dated truth, also against SQL written by hand; the past can still be asked about."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.vault import Vault
from service.config import Settings
from service.registers.entries import Coverage, Insured, Person, RosterIdentity
from service.registers.model import Author
from service.registers.periods import Dated
from service.registers.store import IDENTITIES, NewPerson, identities_on, insured_on, register_persons

COUNTY = "459901"
SCOPE = {"county_code": COUNTY, "person_no": "P1"}
MAY, JUNE, JULY = (datetime(2018, month, 1, tzinfo=UTC) for month in (5, 6, 7))
POOR, ALLOWANCE = RosterIdentity("registered_poor", "扶贫办"), RosterIdentity("low_income_allowance", "民政局")


@pytest.fixture
async def county(tx: AsyncConnection, settings: Settings) -> AsyncConnection:
    """One person, registered on 1 May 2018 as poor and insured since New Year."""
    since = date(2018, 1, 1)
    coverage = Coverage((Dated(Insured(), since),), (Dated(POOR, since),))
    person = Person(COUNTY, "P1", "张小三", id_type="other")
    await register_persons(tx, Vault.from_settings(settings), [NewPerson(person, coverage)], Author(MAY, "test"))
    await tx.execute(text("INSERT INTO hospitals VALUES ('H1', '459901', now(), 'test', '')"))
    return tx


# Column list and values of a row by hand; what all dated facts have is added by `insert`.
ROWS = {
    "insured_periods": ("county_code, person_no", "'459901', 'P1'"),
    "identities": ("county_code, person_no, identity_class", "'459901', 'P1', 'three_no'"),
    "barred_periods": ("county_code, person_no, cause", "'459901', 'P1', 'x'"),
    "hospital_terms": (
        "hospital_code, name, level, location, specialist, connected, aid",
        "'H1', 'x', 'level2', 'county', false, true, 'on_the_spot'",
    ),
    "hospital_locations": ("hospital_code, county_code, location", "'H1', '459902', 'city'"),
    "hospital_suspensions": ("hospital_code, cause", "'H1', 'x'"),
    "agreements": (
        "county_code, agreement_id, insurer, hospital_code, policy_no",
        "'459901', gen_random_uuid(), 'i', 'H1', 'p'",
    ),
    "referrals": ("county_code, referral_no, person_no, hospital_code", "'459901', 'Z', 'P1', 'H1'"),
    "chronic_cards": (
        """county_code, card_id, person_no, disease_code, certificate_hospital_code, certificate_issued_on,
        applied_on, status""",
        "'459901', gen_random_uuid(), 'P1', 'CD01', 'H1', now(), now(), 'applied'",
    ),
    "catalogue_items": (
        "county_code, item_code, name, category, grade, self_pay_ratio",
        "'459901', 'X', 'n', 'c', 'A', 0",
    ),
}


async def insert(tx: AsyncConnection, table: str, valid: str) -> None:
    columns, values = ROWS[table]
    statement = f"INSERT INTO {table} ({columns}, valid, recorded_at, recorded_by) VALUES ({values}, "  # noqa: S608 (all from ROWS) - tables of this test
    await tx.execute(text(f"{statement} '{valid}', now(), 'test')"))


async def refused(tx: AsyncConnection, statement: str) -> str:
    """The name of the constraint, or the message, with which the database refuses."""
    with pytest.raises(DBAPIError) as caught:
        async with tx.begin_nested():
            await tx.execute(text(statement))
    return str(caught.value.orig)


@pytest.mark.parametrize("table", ROWS)
async def test_one_thing_has_one_current_truth_on_a_day(county: AsyncConnection, table: str) -> None:
    supersede = "SET superseded_at = now(), superseded_by = 'test'"
    await county.execute(text(f"UPDATE insured_periods {supersede}"))
    await insert(county, table, "[2018-01-01,2018-07-01)")

    with pytest.raises(IntegrityError, match=f"ex_{table}_overlap|uq_{table}_current"):
        async with county.begin_nested():
            await insert(county, table, "[2018-06-30,)")

    await county.execute(text(f"UPDATE {table} {supersede} WHERE superseded_at IS NULL"))
    await insert(county, table, "[2018-06-30,)")


@pytest.mark.parametrize("table", ROWS)
async def test_a_fact_holds_on_some_day(county: AsyncConnection, table: str) -> None:
    with pytest.raises(IntegrityError, match=f"ck_{table}_valid_some_day"):
        async with county.begin_nested():
            await insert(county, table, "empty")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE identities SET valid = '[2018-01-01,2018-02-01)'",
        "UPDATE identities SET identity_class = 'three_no'",
        "UPDATE identities SET recorded_at = '2017-01-01'",
        "UPDATE identities SET reason = 'x'",
        "UPDATE identities SET superseded_at = now(), superseded_by = 'x', identity_class = 'three_no'",
        "DELETE FROM identities",
        "TRUNCATE identities",
        "DELETE FROM person_versions",
        "UPDATE person_versions SET sex = 'male'",
        "TRUNCATE person_versions",
    ],
)
async def test_nothing_recorded_is_edited_or_deleted(county: AsyncConnection, statement: str) -> None:
    await county.execute(
        text(
            "INSERT INTO person_versions (county_code, person_no, name_enc, recorded_at, recorded_by) "
            "VALUES ('459901', 'P1', 'x', now(), 'test')"
        )
    )

    assert "keeps its history" in await refused(county, statement)


async def test_a_row_is_superseded_once_by_somebody_and_not_before_it_was_recorded(county: AsyncConnection) -> None:
    supersede = "UPDATE identities SET superseded_at = {}, superseded_by = {}"

    assert "ck_identities_superseded_by_someone" in await refused(county, supersede.format("now()", "NULL"))
    assert "ck_identities_superseded_by_someone" in await refused(county, supersede.format("'2018-04-30'", "'x'"))
    await county.execute(text(supersede.format("now()", "'x'")))
    assert "keeps its history" in await refused(county, supersede.format("now()", "'y'"))
    assert "keeps its history" in await refused(county, supersede.format("NULL", "NULL"))


async def correct(tx: AsyncConnection, wanted: list[Dated[RosterIdentity]], at: datetime) -> None:
    known = await IDENTITIES.current(tx, **SCOPE)
    await IDENTITIES.correct(tx, SCOPE, known, wanted, Author(at, "agency/张三", "名单更正"))


async def test_who_was_this_person_on_a_day_as_known_on_an_instant(county: AsyncConnection) -> None:
    """
    Entered in May: poor since New Year. In June it turns out: only until the end of March, then on the allowance. In
    July the allowance is taken back.
    """
    poor_until_march = Dated(POOR, date(2018, 1, 1), date(2018, 3, 31))
    await correct(county, [poor_until_march, Dated(ALLOWANCE, date(2018, 4, 1))], JUNE)
    await correct(county, [poor_until_march], JULY)

    async def classes(day: date, known_at: datetime) -> list[str]:
        return [each.fact.what.identity_class for each in await identities_on(county, COUNTY, "P1", day, known_at)]

    april = date(2018, 4, 15)
    assert await classes(april, datetime(2018, 4, 30, tzinfo=UTC)) == []
    assert await classes(april, MAY) == ["registered_poor"]
    assert await classes(april, JUNE) == ["low_income_allowance"]
    assert await classes(april, JULY) == []
    assert await classes(date(2018, 3, 31), JULY) == ["registered_poor"]
    assert await insured_on(county, COUNTY, "P1", april, MAY)
    assert not await insured_on(county, COUNTY, "P1", date(2017, 12, 31), MAY)


async def test_a_correction_has_an_author_and_a_reason_and_leaves_what_stays_alone(county: AsyncConnection) -> None:
    stays = Dated(POOR, date(2018, 1, 1))
    await correct(county, [stays, Dated(ALLOWANCE, date(2018, 4, 1))], JUNE)
    await correct(county, [stays], JULY)

    query = text(
        "SELECT identity_class, recorded_by, reason, superseded_by, superseded_reason FROM identities ORDER BY id"
    )
    assert (await county.execute(query)).all() == [
        ("registered_poor", "test", "", None, None),
        ("low_income_allowance", "agency/张三", "名单更正", "agency/张三", "名单更正"),
    ]


async def test_a_clock_set_back_does_not_stop_a_correction(county: AsyncConnection) -> None:
    await correct(county, [], datetime(2018, 4, 1, tzinfo=UTC))

    assert await IDENTITIES.current(county, **SCOPE) == []
