"""A payer's refusal after review: a version in which the hospital bears it, and nothing of the patient's moves."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.clock import Clock
from service.db import transaction_on
from service.money import yuan
from service.proof.seals.actions import seal
from tests.cases.county import COUNTY, County, done
from tests.claims.changes.people import POOR, amounts, anew, month_stay, reversed_
from tests.proof.scene import found_wrong, named
from tests.reconciliation.conftest import H1, Calendar, Parties

PAYER = "top_up_insurer"
SUMS = "SELECT person_no, period, name, value FROM accumulators ORDER BY 1, 2, 3"
UNSEALED = "SELECT id FROM ledger_entries WHERE id::text NOT IN (SELECT unnest(keys) FROM seals)"
SEALED_AHEAD = "SELECT kind, until FROM seals WHERE until > made_at"
REASON = "超适应症用药，复核不予支付"
SHARES = ("hospital_bears", "patient_pays", "due_at_discharge", "paid_total", "hospital_advances", "owed_to_patient")


class Case:
    """A poor person's stay of 10 000 in June: 8 000 of basic insurance, 1 000 of the top-up, 1 000 the patient's."""

    def __init__(self, parties: Parties, person_no: str, body: Any, first: Any) -> None:
        self.parties, self.person_no, self.body, self.first = parties, person_no, body, first

    async def versions(self) -> list[Any]:
        path = f"/v1/settlements/{self.first['id']}/versions"
        return [one["side"] | one for one in (await done(await self.parties.agency("GET", path), 200))["items"]]

    async def live(self) -> Any:
        return await done(
            await self.parties.hospital("GET", f"/v1/settlements/{(await self.versions())[-1]['id']}"), 200
        )


async def case(parties: Parties, county: County) -> Case:
    person_no, patient = await county.person(POOR)
    body = month_stay(H1, patient, 6)
    return Case(parties, person_no, body, await done(await parties.hospital("POST", "/v1/settlements", body)))


async def billed(parties: Parties, calendar: Calendar, payer: str = PAYER) -> Any:
    calendar.turn_to("2018-07-02")
    return (await parties.run(payer, "2018-06"))["items"][0]


async def refuse(parties: Parties, statement: Any, amount: str, lines: list[int], **more: Any) -> Any:
    body = {"kind": "refusal", "amount": amount, "lines": lines, "reason": REASON}
    return await parties.agency("POST", f"/v1/statements/{statement['id']}/deductions", body, **more)


async def next_total(parties: Parties, calendar: Calendar) -> str:
    calendar.turn_to("2018-08-02")
    total: str = (await parties.run(PAYER, "2018-07"))["items"][0]["total"]
    return total


def shares(settlement: Any) -> tuple[str, ...]:
    return tuple(settlement[name] for name in SHARES)


async def rows(engine: AsyncEngine, query: str) -> list[Any]:
    async with transaction_on(engine) as tx:
        return [tuple(row) for row in await tx.execute(text(query))]


async def proved(engine: AsyncEngine) -> list[Any]:
    async with transaction_on(engine) as tx:
        return named(await found_wrong(tx))


async def test_a_refusal_writes_a_version_in_which_the_hospital_bears_it(
    parties: Parties, calendar: Calendar, county: County, engine: AsyncEngine
) -> None:
    stay = await case(parties, county)
    june = await billed(parties, calendar)
    sums = await rows(engine, SUMS)
    body = {"kind": "refusal", "amount": "400.00", "lines": [1], "reason": REASON}
    path = f"/v1/statements/{june['id']}/deductions"
    answers = [await parties.insurer("POST", path, body, key="once") for _ in range(2)]
    version = await stay.live()

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    assert shares(stay.first) == ("0.00", "1000.00", "1000.00", "9000.00", "9000.00", "0.00")
    assert shares(version) == ("400.00", "1000.00", "1000.00", "8600.00", "8600.00", "0.00")
    assert [layer["paid"] for layer in version["layers"]] == ["8000.00", "0.00", "0.00", "0.00", "600.00"]
    assert version["amounts"] == stay.first["amounts"]
    both = await stay.versions()
    assert [(one["version"], one["cause"], one["note"]) for one in both] == [(1, None, None), (2, "refusal", REASON)]
    assert (both[1]["differences"], await rows(engine, SUMS)) == ([], sums), "the deduction has moved the money"
    told = (await done(await parties.hospital("GET", "/v1/events"), 200))["items"]
    assert [(one["kind"], one["data"]["cause"]) for one in told if one["subject"] == version["id"]] == [
        ("settlement.readjudicated", "refusal")
    ]
    assert (await parties.statement(june["id"]))["outstanding"] == "600.00"
    assert await proved(engine) == []


async def test_what_was_refused_of_a_case_that_is_then_reversed_is_lost_once(
    parties: Parties, calendar: Calendar, county: County, engine: AsyncEngine
) -> None:
    stay = await case(parties, county)
    june = await billed(parties, calendar)
    await done(await refuse(parties, june, "400.00", [1]))
    await parties.pay(june, "600.00")

    undone = await reversed_(parties.hospital, (await stay.live())["id"])

    # The bill of the version is turned whole, with what the hospital bore of it.
    assert shares(undone) == ("-400.00", "-1000.00", "-1000.00", "-8600.00", "-8600.00", "0.00")
    # Of 1 000 were paid 600: these go back, and the 400 refused are owed again, once.
    assert await next_total(parties, calendar) == "-600.00"
    assert await rows(engine, "SELECT value FROM accumulators WHERE value <> 0") == []
    assert await proved(engine) == []
    # Its id is made of what it is about and tells no time: it is sealed with the others all the same.
    await seal(engine, COUNTY, Clock())
    given_back = "SELECT count(*) FILTER (WHERE substr(id::text, 15, 1) = '5'), count(*) FROM ledger_entries"
    assert await rows(engine, f"{given_back} WHERE cause = 'release'") == [(1, 1)]
    assert await rows(engine, UNSEALED) == []
    assert await rows(engine, SEALED_AHEAD) == []


@pytest.mark.parametrize(
    ("bill", "top_up", "bears", "back"),
    # The patient paid 1 000 at the counter. Of 8 000 the top-up is 800: 600 that the hospital has laid out, 200 that
    # the patient has; 400 of the 600 stay refused, so of the 600 paid 400 go back. Of 6 000 it is 600, and 200 of it
    # the hospital's, all of it refused: the 600 paid go back, and no more. Of 5 000 the hospital has laid out nothing.
    [
        (8_000, "400.00", "400.00", "-400.00"),
        (6_000, "400.00", "200.00", "-600.00"),
        (5_000, "500.00", "0.00", "-600.00"),
    ],
)
async def test_what_was_refused_stays_refused_when_the_bill_is_lowered(
    parties: Parties,
    calendar: Calendar,
    county: County,
    engine: AsyncEngine,
    *,
    bill: int,
    top_up: str,
    bears: str,
    back: str,
) -> None:
    stay = await case(parties, county)
    june = await billed(parties, calendar)
    await done(await refuse(parties, june, "400.00", [1]))
    await parties.pay(june, "600.00")

    lower = month_stay("", "", 6, bill)["fee_lines"]
    version = await stay.live()
    await anew(parties.hospital, version["id"], "hospital_correction", request=stay.body | {"fee_lines": lower})
    lowered = await stay.live()

    assert (yuan(amounts(lowered)["top_up"]), lowered["hospital_bears"]) == (top_up, bears)
    assert await next_total(parties, calendar) == back
    assert await proved(engine) == []


async def test_a_case_refused_twice_bears_both_and_no_more_than_is_left(
    parties: Parties, calendar: Calendar, county: County, engine: AsyncEngine
) -> None:
    stay = await case(parties, county)
    june = await billed(parties, calendar)
    await done(await refuse(parties, june, "400.00", [1]))
    await done(await refuse(parties, june, "600.00", [1]))
    nothing_left = await refuse(parties, june, "0.01", [1])

    assert nothing_left.json()["code"] == "statement.closed"
    assert [one["version"] for one in await stay.versions()] == [1, 2, 3]
    assert shares(await stay.live()) == ("1000.00", "1000.00", "1000.00", "8000.00", "8000.00", "0.00")
    assert await proved(engine) == []


async def test_a_refusal_that_names_no_lines_writes_a_version_of_each_case_that_it_takes_from(
    parties: Parties, calendar: Calendar, county: County, engine: AsyncEngine
) -> None:
    stays = [await case(parties, county) for _ in range(3)]
    june = await billed(parties, calendar)
    await done(await refuse(parties, june, "1300.00", []))

    bears = sorted([(await stay.live())["hospital_bears"] for stay in stays])
    assert bears == ["0.00", "1000.00", "300.00"]
    assert await proved(engine) == []


async def test_more_than_one_of_the_named_cases_is_still_owed_is_not_refused_of_it(
    parties: Parties, calendar: Calendar, county: County, engine: AsyncEngine
) -> None:
    gone, stays = await case(parties, county), await case(parties, county)
    june = await billed(parties, calendar)
    await reversed_(parties.hospital, gone.first["id"])
    before = await rows(engine, "SELECT count(*) FROM settlements UNION ALL SELECT count(*) FROM postings")

    both = await refuse(parties, june, "900.00", [1, 2])
    assert (both.status_code, both.json()["code"]) == (409, "deduction.too_large")
    assert await rows(engine, "SELECT count(*) FROM settlements UNION ALL SELECT count(*) FROM postings") == before
    assert (await stays.live())["version"] == 1


async def test_the_patients_slip_and_message_say_what_they_said_before_a_refusal(
    parties: Parties, calendar: Calendar, county: County
) -> None:
    stay = await case(parties, county)
    june = await billed(parties, calendar)
    await done(await refuse(parties, june, "400.00", [1]))
    path = f"/v1/settlements/{(await stay.live())['id']}"
    sent = await done(await parties.hospital("GET", f"{path}/sms"), 200)
    slip = await parties.hospital("GET", f"{path}/slip.pdf")

    assert "各方承担9000.00元，您负担1000.00元" in sent["parts"][0]
    assert (slip.status_code, slip.content[:4]) == (200, b"%PDF")


async def test_refusals_by_two_payers_and_discharges_of_the_same_persons_at_once_all_come_through(
    parties: Parties, calendar: Calendar, county: County, engine: AsyncEngine
) -> None:
    stays = [await case(parties, county) for _ in range(4)]
    june, basic = [await billed(parties, calendar, payer) for payer in (PAYER, "basic_fund")]
    refused = [refuse(parties, june, "3000.00", [4, 3, 2, 1]), refuse(parties, basic, "30000.00", [1, 2, 3, 4])]
    settled = [
        parties.hospital("POST", "/v1/settlements", stay.body | month_stay(H1, stay.body["person"]["id_no"], 5))
        for stay in reversed(stays)
    ]

    answers = await asyncio.gather(*refused, *settled)

    assert [answer.status_code for answer in answers] == [201] * 6, [answer.text for answer in answers]
    bears = [(await stay.live())["hospital_bears"] for stay in stays]
    assert sum(int(one.replace(".", "")) for one in bears) == 33_000_00
    assert await proved(engine) == []
