"""What a patient is told: what became of the claim, the year so far, who looked, and nothing of anybody else."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest

from service.access.model import Role
from service.clock import Clock
from tests.cases.county import done
from tests.claims.bills import Body, fee_line
from tests.claims.changes.people import anew
from tests.claims.world import World
from tests.inquiry.patients import settled, settled_again

pytestmark = pytest.mark.asyncio(loop_scope="module")

LOW_INCOME = [{"class": "low_income_allowance", "valid_from": "2015-01-01"}]


@contextmanager
def on(world: World, day: date) -> Iterator[None]:
    """The county's calendar on another day; tokens live in the machine's own time."""
    usual = world.app.state.clock
    world.app.state.clock = Clock.on(day)
    yield
    world.app.state.clock = usual


async def test_the_way_of_a_claim_is_told_from_settlement_to_repayment(world: World) -> None:
    with on(world, date(2018, 6, 9)):
        patient = await settled(world)
    with on(world, date(2018, 7, 2)):
        run = await world.agency("POST", "/v1/statements/run", {"payer": "basic_fund", "period": "2018-06"})
        [statement] = (await done(run, 200))["items"]
    with on(world, date(2018, 7, 12)):
        transfer = {
            "payer": "basic_fund",
            "hospital_code": world.hospital_code,
            "bank_reference": f"B-{patient.person_no}",
            "paid_on": "2018-07-12",
            "amount": statement["total"],
            "allocations": [{"statement_id": statement["id"], "amount": statement["total"]}],
        }
        await done(await world.agency("POST", "/v1/payments", transfer))

    told = (await done(await (await patient.call())("GET", patient.claim), 200))["timeline"]

    assert [(each["on"], each["kind"], each["amount"]) for each in told] == [
        ("2018-06-09", "settled", "100.00"),
        ("2018-07-02", "sent", "800.00"),
        ("2018-07-12", "hospital_repaid", "800.00"),
    ]
    assert "城乡居民基本医疗保险基金" in told[1]["text"]["zh"]
    assert "Basic insurance fund" in told[2]["text"]["en"]


async def test_expected_aid_comes_with_how_to_apply(world: World) -> None:
    hospital = await world.county.hospital("level2", "county", aid="on_application")
    patient = await settled(world, hospital=hospital, person={"identities": LOW_INCOME})

    answer = await done(await (await patient.call())("GET", patient.claim), 200)

    [expected] = [each for each in answer["timeline"] if each["kind"] == "aid_expected"]
    assert expected["amount"] == answer["expected_aid"] == patient.settlement["expected_aid"] != "0.00"
    assert "申请" in expected["text"]["zh"]
    assert [layer["way"] for layer in answer["layers"] if layer["layer"] == "aid"] == ["expected"]


async def test_money_for_the_patients_own_account_is_told(world: World) -> None:
    person_no, number = await world.county.person([{"class": "registered_poor", "valid_from": "2015-01-01"}])
    special = await world.county.hospital("level3_city", "city", specialist=True)
    referral = await world.county.referral(person_no, special, "2018-06-01")
    patient = await settled_again(world, person_no, number, hospital=special, referral_no=referral)
    assert patient.settlement["owed_to_patient"] == "250.00", "1000 x (90 % - 65 %), which nobody advances"

    told = (await done(await (await patient.call())("GET", patient.claim), 200))["timeline"]

    assert ("owed_to_you", "250.00", "top_up_insurer") in [
        (each["kind"], each["amount"], each["payer"]) for each in told
    ]


async def test_the_answer_has_the_settlements_amounts_and_reasons(world: World) -> None:
    patient = await settled(world)

    answer = await done(await (await patient.call())("GET", patient.claim), 200)

    for name in ("total", "in_scope", "first_pay"):
        assert answer["amounts"][name] == patient.settlement["amounts"][name]
    assert [layer["paid"] for layer in answer["layers"]] == [layer["paid"] for layer in patient.settlement["layers"]]
    assert answer["explanation"] == patient.settlement["explanation"]
    assert answer["layers"][0]["clauses"] == ["000 §四(一)"]
    assert answer["hospital"] == "测试医院"


async def test_the_year_adds_up_and_says_how_far_it_is_to_each_threshold(world: World) -> None:
    bill: Body = {"admitted_on": "2018-03-01", "discharged_on": "2018-03-09"}
    line = [fee_line(price="100.00", quantity="100", charged_on="2018-03-02")]
    with on(world, date(2018, 6, 15)):
        patient = await settled(world, fee_lines=line, **bill)
        await settled_again(world, patient.person_no, patient.id_no)
        year = await done(await (await patient.call())("GET", "/v1/patient/year"), 200)

    # Two stays at a level-2 hospital in the county: 10 000 and 1 000 in scope; basic 80 %, the top-up to 90 %.
    assert (year["visits"], year["total"], year["paid_total"], year["patient_pays"]) == (
        2,
        "11000.00",
        "9900.00",
        "1100.00",
    )
    nothing = dict.fromkeys(("serious", "aid", "other"), "0.00")
    assert year["layers"] == nothing | {"basic": "8800.00", "top_up": "1100.00"}
    far = {(each["layer"], each["what"]): (each["threshold"], each["left"]) for each in year["distances"]}
    # 200 000 a year less 8 800; and of the deductible of 3 500, 2 000 + 200 was borne after basic.
    assert far[("basic", "cap")] == ("200000.00", "191200.00")
    assert far[("serious", "band")] == ("3500.00", "1300.00")
    words = {each["what"]: each["text"]["zh"] for each in year["distances"]}
    assert "再自付 1300.00 元" in words["band"]
    assert "70%" in words["band"], "the poor get ten points more"
    assert year["name"] == "测*甲"


async def test_another_year_has_its_totals_and_no_distances(world: World) -> None:
    patient = await settled(world)

    year = await done(await (await patient.call())("GET", "/v1/patient/year?year=2018"), 200)

    assert (year["year"], year["total"], year["distances"]) == (2018, "1000.00", [])


async def test_a_person_sees_who_looked_and_no_clerks_name(world: World) -> None:
    patient = await settled(world)
    await done(
        await world.hospital(
            "GET", f"/v1/settlements/{patient.settlement['id']}", headers={"X-Operator": "clerk-of-the-hospital"}
        ),
        200,
    )
    call = await patient.call()

    answer = await call("GET", "/v1/patient/accesses?limit=2")
    first = await done(answer, 200)
    rest = await done(await call("GET", f"/v1/patient/accesses?limit=200&cursor={first['next_cursor']}"), 200)

    seen = [(each["role"], each["action"]) for each in first["items"] + rest["items"]]
    assert ("patient", "patient.session") in seen
    assert ("hospital", "settlement.read") in seen
    assert ("agency", "settlement.create") in seen
    assert "clerk-of-the-hospital" not in answer.text + str(rest)


async def test_no_answer_has_a_name_or_a_number_in_full(world: World) -> None:
    patient = await settled(world, person={"name": "测试某某", "phone": "13800001234"})
    call = await patient.call()
    filing = {"reason": "不对", "contact": "13900005678"}
    await done(await call("POST", f"{patient.claim}/objection", filing))

    for path in ("claims", f"claims/{patient.settlement['id']}", "year", "accesses"):
        said = (await call("GET", f"/v1/patient/{path}")).text
        for secret in (patient.id_no, "测试某某", "13800001234", "13900005678"):
            assert secret not in said, path
    kept = " ".join([*await world.contents("objections"), *await world.contents("audit_log")])
    assert "13900005678" not in kept
    assert "不对" not in kept


async def test_every_read_of_a_patient_leaves_a_row(world: World) -> None:
    patient = await settled(world)
    call = await patient.call()
    for path in ("claims", f"claims/{patient.settlement['id']}", "year", "accesses"):
        await done(await call("GET", f"/v1/patient/{path}"), 200)

    rows = await world.rows(
        "SELECT action FROM audit_log WHERE person_no = :p AND client_id = 'patient'", p=patient.person_no
    )

    expected = {"patient.session", "patient.claims", "patient.claim", "patient.year", "patient.accesses"}
    assert expected <= {row[0] for row in rows}


async def test_a_township_sees_its_own_people_and_the_aid_that_awaits_it(world: World) -> None:
    hospital = await world.county.hospital("level2", "county", aid="on_application")
    ours = {"identities": LOW_INCOME, "township_code": "459901777"}
    waiting = await settled(world, hospital=hospital, person=ours)
    paid = await settled(world, person={"township_code": "459901777"})
    await settled(world, hospital=hospital, person={"identities": LOW_INCOME, "township_code": "459901778"})
    township = await world.call_as(Role.TOWNSHIP, township_code="459901777")

    everyone = await done(await township("GET", "/v1/township/claims"), 200)
    awaited = await done(await township("GET", "/v1/township/claims?expected_aid=true"), 200)
    first = await done(await township("GET", "/v1/township/claims?limit=1"), 200)
    second = await done(await township("GET", f"/v1/township/claims?limit=1&cursor={first['next_cursor']}"), 200)
    people = await done(await township("GET", "/v1/township/persons"), 200)

    assert [each["id"] for each in everyone["items"]] == [paid.settlement["id"], waiting.settlement["id"]]
    assert [each["id"] for each in first["items"] + second["items"]] == [each["id"] for each in everyone["items"]]
    [aid] = awaited["items"]
    assert (aid["id"], aid["expected_aid"]) == (waiting.settlement["id"], waiting.settlement["expected_aid"])
    assert aid["name"] == "测*甲"
    assert {each["person_no"] for each in people["items"]} == {waiting.person_no, paid.person_no}
    rows = await world.rows("SELECT action FROM audit_log WHERE person_no = :p", p=waiting.person_no)
    assert ("township.claims",) in {tuple(row) for row in rows}
    assert (await world.agency("GET", "/v1/township/claims")).status_code == 403


async def test_a_visit_decided_anew_is_listed_once_and_counted_once(world: World) -> None:
    patient = await settled(world, person={"township_code": "459901779"})
    await done(await world.agency("PUT", f"/v1/persons/{patient.person_no}", {"identities": []}), 200)
    version = await anew(world.agency, patient.settlement["id"])
    call = await patient.call()
    objection = await done(await call("POST", f"{patient.claim}/objection", {"reason": "金额不对"}))

    listed = (await done(await call("GET", "/v1/patient/claims"), 200))["items"]
    before = await done(await call("GET", patient.claim), 200)
    now = await done(await call("GET", f"/v1/patient/claims/{version['id']}"), 200)
    year = await done(await call("GET", "/v1/patient/year?year=2018"), 200)
    township = await world.call_as(Role.TOWNSHIP, township_code="459901779")
    own = await done(await township("GET", "/v1/township/claims"), 200)
    with on(world, date(2018, 12, 1)):
        [person] = (await done(await township("GET", "/v1/township/persons"), 200))["items"]

    assert [(each["id"], each["status"], each["version"]) for each in listed] == [(version["id"], "settled", 2)]
    assert (before["status"], now["status"]) == ("superseded", "settled")
    assert [each["id"] for each in now["objections"]] == [objection["id"]], "said of the visit, whichever version"
    for counted in (year, person):
        assert (counted["visits"], counted["patient_pays"]) == (1, version["patient_pays"])
    assert year["total"] == "1000.00"
    assert [each["id"] for each in own["items"]] == [version["id"]]
    form = {"code": patient.code, "last_six": patient.id_no[-6:]}
    cookie = (await world.client.post("/p", data=form)).headers["set-cookie"].partition(";")[0]
    page = await world.client.get(f"/p/claims/{patient.settlement['id']}", headers={"Cookie": cookie})
    assert (page.status_code, "已由第 2 版替代" in page.text) == (200, True)
