"""What a settlement answers (api.md, Settlement; domain §5, §6), each with its calculation by hand."""

from typing import Any

import pytest

from service.access.model import Role
from tests.cases.county import Call, County, done
from tests.claims.bills import Body, chronic, fee_line, findings_of, layers_of, stay
from tests.claims.conftest import NEIGHBOUR
from tests.claims.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")

POOR = [{"class": "registered_poor", "valid_from": "2015-01-01"}]
LOW_INCOME = [*POOR, {"class": "low_income_allowance", "valid_from": "2015-01-01"}]


async def settle(call: Call, body: Body) -> Any:
    """Preview and settle; both must say the same, but for what only a settlement has."""
    previewed = await done(await call("POST", "/v1/settlements/preview", body), 200)
    settled = await done(await call("POST", "/v1/settlements", body))
    own = {"id", "status", "query_code", "settled_at", "case_id"}
    assert {k: v for k, v in previewed.items() if k not in own} == {k: v for k, v in settled.items() if k not in own}
    assert (previewed["id"], previewed["status"], previewed["query_code"]) == (None, "preview", None)
    assert previewed["settled_at"] is None
    return settled


def said(answer: Body, *names: str) -> tuple[Any, ...]:
    return tuple(answer[name] for name in names)


async def sums_of(world: World, person_no: str) -> dict[tuple[str, str], int]:
    found = await world.rows("SELECT period, name, value FROM accumulators WHERE person_no = :who", who=person_no)
    return {(period, name): value for period, name, value in found}


async def test_a_preview_leaves_one_audit_row_and_nothing_else(world: World) -> None:
    person_no, id_number = await world.county.person(POOR)
    before = await world.counts()

    body = stay(world.hospital_code, id_number)
    await done(await world.hospital("POST", "/v1/settlements/preview", body), 200)

    after = await world.counts()
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {"audit_log": 1}
    last = "SELECT action, person_no, subject, client_id FROM audit_log ORDER BY at DESC, id DESC LIMIT 1"
    [(action, who, subject, _)] = await world.rows(last)
    assert (action, who, subject) == ("settlement.preview", person_no, body["visit_no"])


async def test_the_parts_of_a_stay_are_one_stay(world: World) -> None:
    _, id_number = await world.county.person(POOR)
    first = stay(world.hospital_code, id_number, visit_no="P-1", interim_no=1)
    returned = fee_line(1, quantity="-5", charged_on="2018-06-20")
    days = {"admitted_on": "2018-06-10", "discharged_on": "2018-06-20"}
    lines = [returned, fee_line(2, "T-B", price="200.00", charged_on="2018-06-15")]
    last = first | days | {"interim_no": 0, "fee_lines": lines}

    one, two = await settle(world.hospital, first), await settle(world.hospital, last)

    # 1 000: basic 800, to 900 top-up 100. Then 2 000 - 500 = 1 500: basic 1 200; 90 % of 2 500 is 2 250, 2 100 is paid.
    assert layers_of(one)["top_up"]["paid"] == "100.00"
    assert said(two["amounts"], "total", "in_scope") == ("1500.00", "1500.00")
    assert (layers_of(two)["basic"]["paid"], layers_of(two)["top_up"]["paid"]) == ("1200.00", "150.00")
    assert said(two, "paid_total", "patient_pays", "due_at_discharge") == ("1350.00", "150.00", "150.00")


async def test_the_deductible_of_a_stay_is_used_up_across_its_parts_also_over_new_year(world: World) -> None:
    person_no, id_number = await world.county.person()
    days = {"admitted_on": "2018-12-28", "discharged_on": "2018-12-31"}
    lines = {"fee_lines": [fee_line(quantity="2", charged_on="2018-12-30")]}
    first = stay(world.hospital_code, id_number, visit_no="P-2", interim_no=1, **days, **lines)
    days = {"admitted_on": "2019-01-01", "discharged_on": "2019-01-10"}
    last = first | days | {"interim_no": 0, "fee_lines": [fee_line(charged_on="2019-01-01")]}

    one, two = await settle(world.hospital, first), await settle(world.hospital, last)

    # Deductible 300 at level 2: 200 of it in the first part, 100 in the last; 75 % of the remaining 900.
    assert layers_of(one)["basic"]["deductible"] == "200.00"
    assert said(layers_of(two)["basic"], "deductible", "paid") == ("100.00", "675.00")
    sums = await sums_of(world, person_no)
    assert (sums.get(("2018", "basic.paid")), sums["2019", "basic.paid"]) == (None, 675_00)


async def test_the_year_of_a_stay_over_new_year_is_that_of_its_discharge(world: World) -> None:
    person_no, id_number = await world.county.person(POOR)
    for first, last in (("2018-12-31", "2018-12-31"), ("2018-12-31", "2019-01-01")):
        days = {"admitted_on": first, "discharged_on": last}
        await settle(
            world.hospital, stay(world.hospital_code, id_number, **days, fee_lines=[fee_line(charged_on=last)])
        )

    sums = await sums_of(world, person_no)

    assert (sums["2018", "basic.paid"], sums["2019", "basic.paid"]) == (800_00, 800_00)


async def test_a_referral_is_judged_on_the_day_of_first_admission(world: World) -> None:
    person_no, id_number = await world.county.person(POOR)
    hospital = await world.county.hospital("level3_city", "city")
    referral = await world.county.referral(person_no, hospital, "2018-06-01")
    first = stay(hospital, id_number, visit_no="P-3", interim_no=1, referral_no=referral)
    last = first | {"admitted_on": "2018-06-10", "discharged_on": "2018-06-20", "interim_no": 0}

    answers = [await settle(world.agency, body) for body in (first, last)]

    # Referred: 65 % for the poor, and the top-up to 90 %, which is not advanced outside the county.
    for answer in answers:
        layers = layers_of(answer)
        assert (layers["basic"]["paid"], layers["top_up"]["paid"]) == ("650.00", "250.00")
        assert said(layers["top_up"], "pay_to", "expected") == ("patient", False)
        assert said(answer, "hospital_advances", "owed_to_patient", "due_at_discharge") == (
            "650.00",
            "250.00",
            "350.00",
        )


async def test_aid_on_application_is_expected_and_not_shifted_onto_the_insurer(world: World) -> None:
    person_no, id_number = await world.county.person(LOW_INCOME)
    hospital = await world.county.hospital("level2", "county", aid="on_application")
    await world.county.agreement(hospital)
    lines = [fee_line(quantity="100"), fee_line(2, "T-C", quantity="50", grade="C")]

    answer = await settle(world.agency, stay(hospital, id_number, fee_lines=lines))

    # 15 000, 10 000 of it in scope: basic 8 000, aid 85 % of 2 000 = 1 700, to 13 500 top-up 3 800.
    layers = layers_of(answer)
    assert said(layers["aid"], "paid", "pay_to", "expected") == ("1700.00", "patient", True)
    assert said(layers["top_up"], "paid", "pay_to", "expected") == ("3800.00", "hospital", False)
    assert said(answer, "expected_aid", "owed_to_patient", "hospital_advances") == ("1700.00", "0.00", "11800.00")
    assert said(answer, "paid_total", "patient_pays", "due_at_discharge") == ("13500.00", "1500.00", "3200.00")
    # Expected aid consumes the year's sums at discharge.
    assert (await sums_of(world, person_no))["2018", "aid.paid"] == 1_700_00


async def test_the_mode_of_aid_is_that_of_the_last_day(world: World) -> None:
    _, id_number = await world.county.person(LOW_INCOME)
    hospital = await world.county.hospital("level2", "county", name="mode")
    change = {"aid": "on_application", "as_of": "2018-06-10"}
    await done(await world.agency("PUT", f"/v1/hospitals/{hospital}", change), 200)

    before = await settle(world.agency, stay(hospital, id_number))
    after = await settle(world.agency, stay(hospital, id_number, admitted_on="2018-06-09", discharged_on="2018-06-10"))

    assert [layers_of(answer)["aid"]["expected"] for answer in (before, after)] == [False, True]


async def test_an_injury_of_unknown_cause_is_held(world: World) -> None:
    person_no, id_number = await world.county.person(POOR)
    injury = {"third_party": "unknown", "note": "traffic accident"}

    answer = await settle(world.hospital, stay(world.hospital_code, id_number, injury=injury))

    assert said(answer, "status", "held", "paid_total") == ("on_hold", "900.00", "900.00")
    assert said(answer, "hospital_advances", "owed_to_patient", "due_at_discharge") == ("0.00", "0.00", "1000.00")
    assert {layer["pay_to"] for layer in answer["layers"] if layer["paid"] != "0.00"} == {"patient"}
    assert (await sums_of(world, person_no))["2018", "basic.paid"] == 800_00
    ways = await world.rows("SELECT DISTINCT way FROM settlement_layers WHERE settlement_id = :id", id=answer["id"])
    assert {way for (way,) in ways} <= {"held", "credited"}


async def test_an_injury_whose_cause_does_not_pay_is_settled_with_recourse(world: World) -> None:
    _, id_number = await world.county.person(POOR)

    answer = await settle(world.hospital, stay(world.hospital_code, id_number, injury={"third_party": "liable_unpaid"}))

    assert (answer["status"], findings_of(answer)) == ("settled", ["injury.recourse"])
    assert said(answer, "hospital_advances", "due_at_discharge") == ("900.00", "100.00")


async def test_layers_decided_elsewhere_leave_the_same_top_up(world: World) -> None:
    lines = [fee_line(quantity="100"), fee_line(2, "T-C", quantity="50", grade="C")]
    answers: list[Any] = []
    for decided in (False, True):
        _, id_number = await world.county.person(LOW_INCOME)
        body = stay(world.hospital_code, id_number, fee_lines=lines)
        if decided:
            own = layers_of(answers[0])
            body["decided_layers"] = [
                {"layer": name, "paid": own[name]["paid"], "settlement_no": "N1", "platform": "national"}
                for name in ("basic", "serious", "aid")
            ]
            body["platform_totals"] = {"total": "15000.00", "patient_pays": "5300.00"}
        answers.append(await settle(world.hospital, body))

    here, elsewhere = (layers_of(answer) for answer in answers)
    assert said(elsewhere["top_up"], "paid", "pay_to", "decided") == ("3800.00", "hospital", False)
    assert {name: layer["paid"] for name, layer in here.items()} == {n: one["paid"] for n, one in elsewhere.items()}
    for name in ("basic", "serious", "aid"):
        assert said(elsewhere[name], "pay_to", "decided") == ("elsewhere", True)
    assert said(answers[1], "hospital_advances", "owed_to_patient") == ("3800.00", "0.00")
    assert said(answers[0], "patient_pays", "due_at_discharge") == said(answers[1], "patient_pays", "due_at_discharge")


async def test_other_compensation_is_cut_to_what_is_left(world: World) -> None:
    _, id_number = await world.county.person(POOR)
    other = [
        {"source": "charity", "amount": "150.00", "paid_to": "hospital"},
        {"source": "insurance", "amount": "90.00", "paid_to": "patient"},
        {"source": "waiver", "amount": "10.00"},
    ]

    answer = await settle(world.hospital, stay(world.hospital_code, id_number, other_compensation=other))

    # Basic leaves 200: charity 150 on the bill, then 50 of the 90 beside it, and nothing for the last.
    ways = [(layer["paid"], layer["pay_to"]) for layer in answer["layers"] if layer["layer"] == "other"]
    assert ways == [("150.00", "hospital"), ("50.00", "patient")]
    assert findings_of(answer) == ["other.cut", "other.cut"]
    assert said(answer, "hospital_advances", "owed_to_patient") == ("800.00", "0.00")
    assert said(answer, "patient_pays", "due_at_discharge") == ("0.00", "50.00")


@pytest.mark.parametrize(
    ("agreement", "found"),
    [
        (None, []),
        ({"valid_from": "2018-01-01", "valid_to": "2018-06-08"}, ["agreement.expired"]),
        ({"valid_from": "2018-06-10"}, []),
        ({"insurer": "serious_insurer"}, []),
    ],
    ids=["none", "expired", "later", "another-insurer"],
)
async def test_without_an_agreement_the_top_up_is_owed_to_the_patient(
    agreement: dict[str, str] | None, found: list[str], world: World
) -> None:
    _, id_number = await world.county.person(POOR)
    hospital = await world.county.hospital("level2", "county", name="without")
    if agreement is not None:
        await world.county.agreement(hospital, **agreement)

    answer = await settle(world.agency, stay(hospital, id_number))

    assert said(layers_of(answer)["top_up"], "paid", "pay_to") == ("100.00", "patient")
    assert said(answer, "hospital_advances", "owed_to_patient", "due_at_discharge") == ("800.00", "100.00", "200.00")
    assert findings_of(answer) == found


async def item(world: World, code: str, grade: str, **more: Any) -> None:
    body = {"item_code": code, "name": "item", "category": "x", "grade": grade, "valid_from": "2018-01-01", **more}
    await done(await world.agency("POST", "/v1/catalogue", body))


async def test_the_catalogue_counts_where_it_knows_the_item(world: World) -> None:
    _, id_number = await world.county.person(POOR)
    ceiling = {"level2": "80.00", "township": "70.00"}
    await item(world, "K-B", "B", self_pay_ratio="0.10", price_ceiling=ceiling)
    lines = [fee_line(1, "K-B"), fee_line(2, "K-UNKNOWN"), fee_line(3, "K-B", grade=None, charged_on="2018-06-03")]

    answer = await settle(world.hospital, stay(world.hospital_code, id_number, fee_lines=lines))

    # Twice: (100 - 80) x 10 = 200 over the ceiling, 10 % of 800 first; and 1 000 in scope whole.
    assert answer["terms_used"] == {"catalogue": [1, 3], "caller": [2]}
    assert said(answer["amounts"], "over_ceiling", "first_pay", "in_scope") == ("400.00", "160.00", "2440.00")
    assert [finding["code"] for finding in answer["findings"]] == ["catalogue.differs"]
    assert "A" in answer["findings"][0]["detail"]


async def test_a_dated_change_of_the_catalogue_splits_the_stay_and_a_return_keeps_its_originals_terms(
    world: World,
) -> None:
    _, id_number = await world.county.person(POOR)
    await item(world, "K-DATED", "A")
    change = {"grade": "C", "as_of": "2018-06-06"}
    await done(await world.agency("PUT", "/v1/catalogue/K-DATED", change), 200)
    price = {"price": "50.00"}
    lines = [
        fee_line(1, "K-DATED", charged_on="2018-06-05"),
        fee_line(2, "K-DATED", charged_on="2018-06-06", **price),
        fee_line(3, "K-DATED", quantity="-4", charged_on="2018-06-08"),
    ]
    first = stay(world.hospital_code, id_number, visit_no="P-4", interim_no=1, fee_lines=lines)
    days = {"admitted_on": "2018-06-09", "discharged_on": "2018-06-20"}
    lines = [
        fee_line(1, "K-DATED", quantity="-1", charged_on="2018-06-12"),
        fee_line(2, "T-A", charged_on="2018-06-12"),
    ]
    last = first | days | {"interim_no": 0, "fee_lines": lines}

    one, two = await settle(world.hospital, first), await settle(world.hospital, last)

    # 1 000 as A, 500 as C, 400 of the A returned; the next part returns 100 more of the A.
    assert said(one["amounts"], "total", "self_funded", "in_scope") == ("1100.00", "500.00", "600.00")
    assert said(two["amounts"], "total", "self_funded", "in_scope") == ("900.00", "0.00", "900.00")


async def test_lines_that_look_wrong_are_findings(world: World) -> None:
    _, id_number = await world.county.person(POOR)
    lines = [
        fee_line(1, "F-BEFORE", charged_on="2018-05-31"),
        fee_line(2, "F-AFTER", charged_on="2018-06-10"),
        fee_line(3, "F-TWICE", charged_on="2018-06-03"),
        fee_line(4, "F-TWICE", charged_on="2018-06-03"),
        fee_line(5, "F-TWICE", charged_on="2018-06-04"),
        fee_line(6, "F-FEN", price="0.335", quantity="1", amount="0.33"),
        fee_line(7, "F-EDGE", charged_on="2018-06-01"),
        fee_line(8, "F-DAY", charged_on=None),
    ]
    body = stay(world.hospital_code, id_number, fee_lines=lines)

    english = await done(
        await world.hospital("POST", "/v1/settlements/preview", body, headers={"Accept-Language": "en"}), 200
    )
    answer = await settle(world.hospital, body)

    codes = ["line.outside_stay", "line.outside_stay", "line.rounding_accepted", "line.same_item_same_day"]
    assert sorted(findings_of(answer)) == codes
    assert answer["amounts"]["total"] == "7000.33"
    assert sorted(findings_of(english)) == codes
    assert all(finding["detail"].isascii() for finding in english["findings"])
    assert not any(finding["detail"].isascii() for finding in answer["findings"])


async def test_a_bill_of_three_thousand_lines_is_settled_whatever_their_order(world: World) -> None:
    people = [(await world.county.person(POOR))[1] for _ in range(2)]
    lines = [
        fee_line(n, f"N-{n % 700}", price=f"{n % 90}.335", quantity="1", charged_on=f"2018-06-0{n % 9 + 1}")
        for n in range(3000)
    ]
    figures = []
    for id_number, ordered in zip(people, (lines, lines[::-1]), strict=True):
        body = stay(world.hospital_code, id_number, fee_lines=ordered)
        settled = await done(await world.hospital("POST", "/v1/settlements", body))
        assert await done(await world.hospital("GET", f"/v1/settlements/{settled['id']}"), 200) == settled
        figures.append(said(settled, "amounts", "paid_total", "patient_pays"))

    assert figures[0] == figures[1]
    assert figures[0][0]["total"] == f"{sum(n % 90 for n in range(3000)) + 3000 * 0.34:.2f}"


async def test_a_person_of_another_county_is_settled_by_its_pack(world: World) -> None:
    own = await world.call_as(Role.AGENCY, county_code=NEIGHBOUR)
    neighbours = County(own, serial=world.county.serial)
    _, id_number = await neighbours.person(POOR, county_code=NEIGHBOUR, township_code="459902101")
    seen = [{"county_code": NEIGHBOUR, "location": "county"}]
    hospital = await world.county.hospital("level2", "county", locations=seen)
    await neighbours.agreement(hospital)
    caller = await world.call_as(Role.HOSPITAL, hospital_code=hospital)
    lines = [fee_line(), fee_line(2, "T-C", grade="C")]

    answer = await settle(caller, stay(hospital, id_number, fee_lines=lines))

    # The neighbour's pack guarantees 80 % of 2 000: basic 800, top-up 800.
    assert said(answer, "county_code", "paid_total") == (NEIGHBOUR, "1600.00")
    assert answer["policy"]["id"] == "neighbour-2018"
    assert said(layers_of(answer)["top_up"], "paid", "pay_to") == ("800.00", "hospital")
    path = f"/v1/settlements/{answer['id']}"
    assert [(await call("GET", path)).status_code for call in (caller, own, world.agency)] == [200, 200, 404]


async def test_a_hospital_of_another_county_lies_where_the_division_codes_say(world: World) -> None:
    own = await world.call_as(Role.AGENCY, county_code=NEIGHBOUR)
    _, id_number = await County(own, serial=world.county.serial).person(
        POOR, county_code=NEIGHBOUR, township_code="459902101"
    )

    answer = await settle(world.hospital, stay(world.hospital_code, id_number))

    # Same prefecture: `city`; poor terms hold, the top-up does not without a referral.
    assert (layers_of(answer)["basic"]["paid"], layers_of(answer)["top_up"]["paid"]) == ("800.00", "0.00")


async def test_identity_is_that_of_the_day_of_discharge(world: World) -> None:
    identities = [{"class": "registered_poor", "valid_from": "2018-06-09", "valid_to": "2018-06-09"}]
    _, id_number = await world.county.person(identities)

    on_the_day = await settle(world.hospital, stay(world.hospital_code, id_number))
    days = {"admitted_on": "2018-06-09", "discharged_on": "2018-06-10"}
    the_day_after = await settle(world.hospital, stay(world.hospital_code, id_number, **days))

    assert [answer["identities"] for answer in (on_the_day, the_day_after)] == [["registered_poor"], []]
    assert [layers_of(answer)["top_up"]["paid"] for answer in (on_the_day, the_day_after)] == ["100.00", "0.00"]


async def test_a_chronic_visit_uses_the_months_deductible_once_and_leaves_the_top_up_to_the_cycle(world: World) -> None:
    person_no, id_number = await world.county.person(POOR)
    await world.county.card(person_no, "CD03")
    line = {"fee_lines": [fee_line(quantity="1", charged_on="2018-06-05")]}
    days = ["2018-06-05", "2018-06-05", "2018-07-01"]
    bodies = [chronic(world.hospital_code, id_number, service_on=day, **line) for day in days]

    answers = [await settle(world.hospital, body) for body in bodies]

    # 100 less the month's 10, at 65 + 5 %: 63; the second visit of the month has no deductible left: 70.
    assert [layers_of(answer)["basic"]["paid"] for answer in answers] == ["63.00", "70.00", "63.00"]
    assert {layers_of(answer)["top_up"]["paid"] for answer in answers} == {"0.00"}
    assert said(answers[0], "service_on", "admitted_on", "disease_code") == ("2018-06-05", None, "CD03")


async def test_a_bill_that_comes_to_nothing_is_settled(world: World) -> None:
    _, id_number = await world.county.person(POOR)
    lines = [fee_line(), fee_line(2, quantity="-10")]

    answer = await settle(world.hospital, stay(world.hospital_code, id_number, fee_lines=lines))

    assert said(answer["amounts"], "total", "in_scope") == ("0.00", "0.00")
    assert said(answer, "paid_total", "patient_pays", "paid_ratio", "due_at_discharge") == (
        "0.00",
        "0.00",
        "0.0000",
        "0.00",
    )
