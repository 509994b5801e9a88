"""What the agency does by REST to a settlement of the wire, the wire tells and follows."""

from typing import Any

import pytest

from tests.cases.county import visit_body, wire_line
from tests.claims.world import World
from tests.nhsa.his import His
from tests.nhsa.hospital import Stay, connect, fee_row

pytestmark = pytest.mark.asyncio(loop_scope="module")

POOR = [{"class": "registered_poor", "valid_from": "2015-01-01"}]
LINE = {"grade": "A", "unit_price": "20.00", "quantity": "300"}
DAY = "2018-06-05"


async def hospital(world: World, profile: str = "hunan-1.1.27") -> His:
    code = await world.county.hospital("level2", "county", bank_account=None)
    await world.county.agreement(code)
    await connect(world.app, code, profile=profile)
    return His(world.client, code, profile)


async def settled(world: World, his: His, number: str) -> tuple[Stay, str, dict[str, Any], str]:
    """The stay, its settlement as REST knows it, what the wire told, and the identity number."""
    person_no, id_no = await world.county.person(POOR)
    stay = await Stay(his, person_no).admit(number, "2018-06-01")
    await stay.charge([wire_line(1, LINE, DAY)])
    await stay.discharge("2018-06-09")
    info = (await stay.settle("6000.00"))["setlinfo"]
    found = await world.rows("SELECT settlement_id FROM live_visits WHERE visit_no = :number", number=number)
    return stay, str(found[0][0]), info, id_no


async def halved(world: World, his: His, number: str, settlement_id: str, id_no: str) -> None:
    """The agency decides the stay anew with half of the bill."""
    visit = {"visit_no": number, "visit_type": "inpatient", "admitted_on": "2018-06-01", "discharged_on": "2018-06-09"}
    body = visit_body(visit, [], hospital=his.code, id_number=id_no, referral=None)
    body |= {"fee_lines": [wire_line(1, LINE | {"quantity": "150"}, DAY)]}
    asked = {"cause": "hospital_correction", "note": "复核", "request": body}
    answer = await world.agency("POST", f"/v1/settlements/{settlement_id}/readjudication", asked)
    assert answer.status_code == 201, answer.text


async def figures(world: World, his: His, made: dict[str, str], *, refunds: bool = False) -> str:
    today = str(world.app.state.clock.today())
    asked = {"stmt_begndate": today, "stmt_enddate": today, "setl_optins": "459901", "clr_type": "21", "acct_pay": "0"}
    flag = {"fixmedins_refd_setl_flag": "1" if refunds else "0"}
    told: str = (await his.done("3201", data=asked | made | flag))["stmtinfo"]["stmt_rslt"]
    return told


async def test_a_stay_that_the_agency_reversed_can_be_undone_or_settled_again(world: World) -> None:
    his = await hospital(world)
    for number in ("E1", "E2"):
        stay, settlement_id, info, _ = await settled(world, his, number)
        whose = {**stay.whose, "setl_id": info["setl_id"]}

        answer = await world.agency("POST", f"/v1/settlements/{settlement_id}/reversal", {"reason": "agency"})
        assert answer.status_code == 201, answer.text

        assert (await his.done("5203", data=whose))["setlinfo"]["refd_setl_flag"] == "1"
        assert "已撤销" in await his.refused("2305", data=whose)
        if number == "E1":
            await his.done("2304", data={**stay.whose, "medfee_sumamt": "6000.00"})
        else:
            await his.done("2405", data=stay.whose)
            await his.done("2302", data={**stay.whose, "feedetl_sn": "0000"})
            await his.done("2404", data=stay.whose)
    live = await world.rows("SELECT visit_no FROM live_visits WHERE hospital_code = :code", code=his.code)
    assert [row[0] for row in live] == ["E1"]
    refunds = {"medfee_sumamt": "-12000.00", "fund_pay_sumamt": "-10800.00", "fixmedins_setl_cnt": "2"}
    assert await figures(world, his, refunds, refunds=True) == "0"
    made = {"medfee_sumamt": "18000.00", "fund_pay_sumamt": "16200.00", "fixmedins_setl_cnt": "3"}
    assert await figures(world, his, made) == "0"


async def test_a_stay_decided_anew_is_told_and_taken_back_as_it_stands(world: World) -> None:
    his = await hospital(world)
    stay, settlement_id, info, id_no = await settled(world, his, "E3")
    await halved(world, his, "E3", settlement_id, id_no)
    whose = {**stay.whose, "setl_id": info["setl_id"]}

    now = (await his.done("5203", data=whose))["setlinfo"]
    assert (now["setl_id"], now["medfee_sumamt"], now["refd_setl_flag"]) == (info["setl_id"], "3000.00", "0")
    made = {"medfee_sumamt": "3000.00", "fund_pay_sumamt": now["fund_pay_sumamt"], "fixmedins_setl_cnt": "1"}
    assert await figures(world, his, made) == "0"
    today = str(world.app.state.clock.today())
    period = {"begndate": today, "enddate": today, "clr_type": "21"}
    asked = {"psntime": "1", "medfee_sumamt": "3000.00", "fund_appy_sum": now["fund_pay_sumamt"]}
    number = (await his.done("3203", data=period | asked))["result"]["clr_appy_evt_id"]
    assert "重叠" in await his.refused("3203", data=period | asked | {"begndate": "2018-01-01"})
    await his.done("3204", data={"clr_appy_evt_id": number})

    back = (await his.done("2305", data=whose))["setlinfo"]

    assert (back["medfee_sumamt"], back["fund_pay_sumamt"]) == ("-3000.00", f"-{now['fund_pay_sumamt']}")
    refund = {"medfee_sumamt": "-3000.00", "fund_pay_sumamt": back["fund_pay_sumamt"], "fixmedins_setl_cnt": "1"}
    assert await figures(world, his, refund, refunds=True) == "0"
    assert (await stay.settle("6000.00"))["setlinfo"]["fund_pay_sumamt"] == info["fund_pay_sumamt"]


async def test_a_cancellation_is_reversed_only_to_the_same_share_of_every_layer(world: World) -> None:
    his = await hospital(world, "lenient")
    dear = LINE | {"unit_price": "200.00", "quantity": "100"}
    person_no, _ = await world.county.person(POOR)
    stay = await Stay(his, person_no).admit("E4", "2018-06-01")
    await stay.charge([wire_line(1, dear, DAY)])
    await stay.discharge("2018-06-05")
    info = (await stay.settle("20000.00"))["setlinfo"]
    cancelling = his.msgid()
    whose = {**stay.whose, "setl_id": info["setl_id"]}
    await his.done("2305", msgid=cancelling, data=whose)
    later = await Stay(his, person_no).admit("E5", "2018-07-01")
    await later.charge([wire_line(1, dear | {"unit_price": "50.00"}, "2018-07-05")])
    await later.discharge("2018-07-05")
    await later.settle("5000.00")

    told = await his.refused("2601", data={"psn_no": person_no, "omsgid": cancelling, "oinfno": "2305"})

    assert "不能恢复原结算" in told
    assert (await his.done("5203", data=whose))["setlinfo"]["refd_setl_flag"] == "1"


async def test_nothing_is_charged_to_a_stay_that_is_settled(world: World) -> None:
    his = await hospital(world, "lenient")
    stay, *_ = await settled(world, his, "E6")

    told = await his.refused("2301", feedetail=[fee_row(wire_line(2, LINE, DAY), **stay.whose)])

    assert "2305" in told
