"""No answer, no harm: a message acts once, and a reversed one never again."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from tests.cases.county import wire_line
from tests.claims.world import World, drifted, until_somebody_waits
from tests.nhsa.his import His, as_text, complete
from tests.nhsa.hospital import Stay, connect

pytestmark = pytest.mark.asyncio(loop_scope="module")

LINE = {"grade": "A", "unit_price": "20.00", "quantity": "300"}
POOR = [{"class": "registered_poor", "valid_from": "2015-01-01"}]


async def ready(world: World, his: His, number: str) -> tuple[Stay, dict[str, Any]]:
    """A discharged stay, and what settling it asks."""
    person_no, _ = await world.county.person(POOR)
    stay = await Stay(his, person_no).admit(number, "2018-06-01")
    await stay.charge([wire_line(1, LINE, "2018-06-05")])
    await stay.discharge("2018-06-09")
    return stay, complete("2304", {"data": {**stay.whose, "medfee_sumamt": "6000.00"}})


async def live(world: World, number: str) -> int:
    return len(await world.rows("SELECT 1 FROM live_visits WHERE visit_no = :number", number=number))


async def test_the_same_message_again_gets_the_same_answer_byte_for_byte(world: World, his: His) -> None:
    _, asked = await ready(world, his, "M1")
    envelope = his.envelope("2304", asked)

    first = await his.post(envelope)
    again = await his.post(envelope | {"inf_time": "2018-06-09 23:59:59", "sign_no": "null"})
    at_once = await asyncio.gather(*(his.post(envelope) for _ in range(5)))

    assert as_text(first.content)["infcode"] == "0"
    assert {first.content} == {again.content, *(one.content for one in at_once)}
    assert await live(world, "M1") == 1


async def test_another_body_under_the_same_msgid_is_refused(world: World, his: His) -> None:
    stay, asked = await ready(world, his, "M2")
    msgid = his.msgid()
    await his.done("2304", msgid=msgid, **asked)

    message = await his.refused("2304", msgid=msgid, data={**asked["data"], "invono": "F2"})

    assert "msgid" in message
    assert (await his.done("5203", data={**stay.whose, "setl_id": await setl_id(his, stay)}))["setlinfo"][
        "invono"
    ] == ""


async def setl_id(his: His, stay: Stay) -> str:
    for infno, asked, answer in reversed(his.told):
        if infno == "2304" and answer["infcode"] == "0" and asked["data"]["mdtrt_id"] == stay.mdtrt_id:
            return str(answer["output"]["setlinfo"]["setl_id"])
    raise AssertionError("not settled")


async def test_a_refusal_is_kept_so_that_a_late_copy_cannot_do_what_was_refused(world: World, his: His) -> None:
    person_no, _ = await world.county.person(POOR)
    stay = await Stay(his, person_no).admit("M3", "2018-06-01")
    await stay.charge([wire_line(1, LINE, "2018-06-05")])
    msgid, data = his.msgid(), {**stay.whose, "medfee_sumamt": "6000.00"}
    refused = await his.refused("2304", msgid=msgid, data=data)
    await stay.discharge("2018-06-09")

    assert "2402" in refused
    assert await his.refused("2304", msgid=msgid, data=data) == refused
    assert await live(world, "M3") == 0
    await his.done("2304", data=data)


async def test_a_reversal_before_its_target_stops_it(world: World, his: His) -> None:
    stay, asked = await ready(world, his, "M4")
    msgid = his.msgid()
    reversal = {"psn_no": stay.psn_no, "omsgid": msgid, "oinfno": "2304"}

    await his.done("2601", data=reversal)

    assert "冲正" in await his.refused("2304", msgid=msgid, **asked)
    assert await live(world, "M4") == 0
    await his.done("2304", **asked)


async def test_a_reversal_after_its_target_undoes_it_once(world: World, his: His) -> None:
    stay, asked = await ready(world, his, "M5")
    msgid = his.msgid()
    made = (await his.done("2304", msgid=msgid, **asked))["setlinfo"]
    reversal = {"psn_no": stay.psn_no, "omsgid": msgid, "oinfno": "2304"}

    await his.done("2601", data=reversal)
    await his.done("2601", data=reversal)

    assert await live(world, "M5") == 0
    assert "冲正" in await his.refused("2304", msgid=msgid, **asked)
    seen = (await his.done("5203", data={**stay.whose, "setl_id": made["setl_id"]}))["setlinfo"]
    assert seen["refd_setl_flag"] == "1"
    assert seen["medins_setl_id"] == msgid
    again = (await his.done("2304", **asked))["setlinfo"]
    assert again["fund_pay_sumamt"] == made["fund_pay_sumamt"]
    assert await drifted(world) == []


async def test_a_reversal_races_its_target_and_one_of_them_wins(world: World, his: His) -> None:
    for number in range(6):
        stay, asked = await ready(world, his, f"R{number}")
        msgid = his.msgid()
        target = his.post(his.envelope("2304", asked, msgid))
        reversal = his.say("2601", data={"psn_no": stay.psn_no, "omsgid": msgid, "oinfno": "2304"})
        first, second = (target, reversal) if number % 2 else (reversal, target)
        await asyncio.gather(first, second)

        assert await live(world, f"R{number}") == 0
        assert "冲正" in await his.refused("2304", msgid=msgid, **asked)
    assert await drifted(world) == []


async def test_another_persons_message_is_not_reversed(world: World, his: His) -> None:
    _, asked = await ready(world, his, "M6")
    msgid = his.msgid()
    await his.done("2304", msgid=msgid, **asked)
    other, _ = await world.county.person(POOR)

    message = await his.refused("2601", data={"psn_no": other, "omsgid": msgid, "oinfno": "2304"})

    assert "psn_no" in message
    assert await live(world, "M6") == 1


async def test_what_may_be_reversed_is_the_profiles(world: World, his: His) -> None:
    stay, _ = await ready(world, his, "M7")

    message = await his.refused("2601", data={"psn_no": stay.psn_no, "omsgid": "1", "oinfno": "2301"})

    assert "2304" in message


async def test_an_admission_is_reversed_only_while_nothing_rests_on_it(world: World, his: His) -> None:
    person_no, _ = await world.county.person(POOR)
    msgid = his.msgid()
    given = {"psn_no": person_no, "ipt_no": "M8", "begntime": "2018-06-01 08:00:00"}
    found = (await his.done("2401", msgid=msgid, mdtrtinfo=given))["result"]
    stay = Stay(his, person_no, found["mdtrt_id"])
    await stay.charge([wire_line(1, LINE, "2018-06-05")])
    reversal = {"psn_no": person_no, "omsgid": msgid, "oinfno": "2401"}

    assert "2302" in await his.refused("2601", data=reversal)
    await his.done("2302", data={**stay.whose, "feedetl_sn": "0000"})
    await his.done("2601", data=reversal)

    await Stay(his, person_no).admit("M8", "2018-06-01")


async def test_a_cancellation_that_got_no_answer_is_reversed_and_the_settlement_stands(world: World) -> None:
    """The lenient profile lets 2305 be reversed: the hospital's setl_id is live again, with the same amounts."""
    code = await world.county.hospital("level2", "county", specialist=True)
    await connect(world.app, code, profile="lenient")
    his = His(world.client, code, "lenient")
    stay, asked = await ready(world, his, "M9")
    made = (await his.done("2304", **asked))["setlinfo"]
    named, msgid = {**stay.whose, "setl_id": made["setl_id"]}, his.msgid()
    told = (await his.done("2305", msgid=msgid, data=named))["setlinfo"]
    assert told["medfee_sumamt"] == "-6000.00"
    assert told["setl_id"] == made["setl_id"]
    assert float(told["fund_pay_sumamt"]) == -float(made["fund_pay_sumamt"])
    assert await live(world, "M9") == 0

    await his.done("2601", data={"psn_no": stay.psn_no, "omsgid": msgid, "oinfno": "2305"})

    seen = (await his.done("5203", data=named))["setlinfo"]
    assert seen["refd_setl_flag"] == "0"
    assert seen["fund_pay_sumamt"] == made["fund_pay_sumamt"]
    assert await live(world, "M9") == 1
    assert "2305" in await his.refused("2304", **asked)
    assert await drifted(world) == []


async def test_an_encounter_settled_on_the_wire_is_not_settled_again_through_rest(world: World, his: His) -> None:
    _, asked = await ready(world, his, "M10")
    await his.done("2304", **asked)
    person_no, _ = await world.county.person(POOR)
    body = {
        "hospital_code": his.code,
        "visit_no": "M10",
        "visit_type": "inpatient",
        "person": {"person_no": person_no},
        "admitted_on": "2018-06-01",
        "discharged_on": "2018-06-09",
        "fee_lines": [wire_line(1, LINE, "2018-06-05")],
    }

    response = await world.hospital("POST", "/v1/settlements", body)

    assert (response.status_code, response.json()["code"]) == (409, "visit.already_settled")


async def test_a_copy_waits_for_its_first_and_both_get_its_answer(world: World, his: His) -> None:
    """Another transaction holds the visit meanwhile."""
    _, asked = await ready(world, his, "M11")
    envelope = his.envelope("2304", asked)
    async with world.app.state.engine.connect() as other, other.begin():
        await other.execute(text("SELECT 1 FROM nhsa_visits WHERE visit_no = 'M11' FOR UPDATE"))
        both = [asyncio.create_task(his.post(envelope)) for _ in range(2)]
        await until_somebody_waits(world)
    answers = [(await one).content for one in both]

    assert answers[0] == answers[1]
    assert as_text(answers[0])["infcode"] == "0"
    assert await live(world, "M11") == 1
