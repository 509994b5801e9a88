"""What is changed after its month was billed stands on the next statement, and in the month in which it was changed."""

from typing import Any

from tests.cases.county import County, done
from tests.claims.changes.people import POOR, anew, month_stay, reversed_
from tests.reconciliation.conftest import H1, Calendar, Parties

PAYER = "top_up_insurer"


async def settled(parties: Parties, county: County, **more: Any) -> tuple[str, Any]:
    person_no, patient = await county.person(POOR, **more)
    return person_no, await done(await parties.hospital("POST", "/v1/settlements", month_stay(H1, patient, 6)))


async def line_of(parties: Parties, period: str) -> Any:
    [statement] = (await parties.run(PAYER, period))["items"]
    [line] = await parties.lines(statement["id"])
    return statement["total"], line["kind"], line["amount"], line["original_line"]


async def test_a_reversal_after_the_month_is_an_adjustment_on_the_next_statement(
    parties: Parties, calendar: Calendar, county: County
) -> None:
    _, first = await settled(parties, county)
    calendar.turn_to("2018-07-02")
    assert (await line_of(parties, "2018-06"))[:3] == ("1000.00", "advance", "1000.00")

    await reversed_(parties.hospital, first["id"])
    calendar.turn_to("2018-08-02")

    total, kind, amount, original = await line_of(parties, "2018-07")
    assert (total, kind, amount) == ("-1000.00", "adjustment", "-1000.00")
    assert "2018-06" in original


async def test_a_later_version_bills_its_difference_alone_and_counts_in_the_month_it_was_made(
    parties: Parties, calendar: Calendar, county: County
) -> None:
    # Poor 8 000 + 1 000; without it 7 275 and no top-up, which the patient has 1 725 too much of.
    person_no, first = await settled(parties, county)
    calendar.turn_to("2018-07-02")
    await line_of(parties, "2018-06")
    await done(await parties.agency("PUT", f"/v1/persons/{person_no}", {"identities": []}), 200)

    await anew(parties.agency, first["id"])
    calendar.turn_to("2018-08-02")

    assert (await line_of(parties, "2018-07"))[:3] == ("-1000.00", "adjustment", "-1000.00")
    june, july = [await report(parties, period) for period in ("2018-06", "2018-07")]
    assert (june["visits"], june["total"], june["layers"]["top_up"]) == (1, "10000.00", "1000.00")
    assert (july["visits"], july["total"], july["layers"]["top_up"]) == (0, "0.00", "-1000.00")
    assert july["layers"]["basic"] == "-725.00"


async def report(parties: Parties, period: str) -> Any:
    return (await done(await parties.agency("GET", f"/v1/reports/month?period={period}"), 200))["whole"]


async def test_a_file_that_names_a_visit_means_the_case_that_its_statement_bills(
    parties: Parties, calendar: Calendar, county: County
) -> None:
    _, patient = await county.person(POOR)
    body = month_stay(H1, patient, 6)
    first = await done(await parties.hospital("POST", "/v1/settlements", body))
    calendar.turn_to("2018-07-02")
    [june] = (await parties.run(PAYER, "2018-06"))["items"]
    await reversed_(parties.hospital, first["id"])
    await done(await parties.hospital("POST", "/v1/settlements", body))

    content = f"住院号,金额\r\n{body['visit_no']},1000.00".encode()
    path = f"/v1/statements/{june['id']}/matches"
    matched = await done(await parties.insurer("POST", path, files={"file": ("a.csv", content)}))

    assert matched["differences"] == []
