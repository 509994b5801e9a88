"""A stay over the wire, from admission to settlement and back: its steps, their order, and what undoes them."""

import pytest

from tests.cases.county import wire_line
from tests.claims.world import World
from tests.nhsa.his import His, complete
from tests.nhsa.hospital import Stay, connect, fee_row

pytestmark = pytest.mark.asyncio(loop_scope="module")

LINE = {"grade": "A", "unit_price": "20.00", "quantity": "300"}
DAY = "2018-06-05"


async def a_stay(world: World, his: His, number: str) -> Stay:
    person_no, _ = await world.county.person([{"class": "registered_poor", "valid_from": "2015-01-01"}])
    return await Stay(his, person_no).admit(number, "2018-06-01")


async def test_a_whole_stay_is_settled_on_the_wire(world: World, his: His) -> None:
    stay = await a_stay(world, his, "S1")
    split = await stay.charge([wire_line(1, LINE, DAY)])
    assert split[0]["inscp_scp_amt"] == "6000.00"
    await stay.discharge("2018-06-09")
    trial = await stay.settle("6000.00", "2303")

    settled = await stay.settle("6000.00")

    info = settled["setlinfo"]
    assert info["psn_cash_pay"] == info["psn_part_amt"] == "600.00"
    assert info["fund_pay_sumamt"] == "5400.00"
    assert trial["setlinfo"]["fund_pay_sumamt"] == "5400.00"
    assert len(settled["setldetail"]) == 5


async def test_steps_out_of_order_name_the_missing_one(world: World, his: His) -> None:
    stay = await a_stay(world, his, "O1")
    data = {**stay.whose, "medfee_sumamt": "6000.00"}
    await stay.charge([wire_line(1, LINE, DAY)])

    assert "2402" in await his.refused("2304", data=data)
    assert "2302" in await his.refused("2404", data=stay.whose)
    await stay.discharge("2018-06-09")
    assert "2405" in await his.refused("2301", feedetail=[fee_row(wire_line(2, LINE, DAY), **stay.whose)])
    assert "2405" in await his.refused("2404", data=stay.whose)
    assert "合计 6000.00" in await his.refused("2304", data={**data, "medfee_sumamt": "5999.99"})
    made = (await his.done("2304", data=data))["setlinfo"]
    assert "2305" in await his.refused("2304", data=data)
    assert "2305" in await his.refused("2405", data=stay.whose)
    assert made["setl_id"] in await his.refused("2304", data=data)


async def test_everything_unsettled_can_be_undone_step_by_step(world: World, his: His) -> None:
    stay = await a_stay(world, his, "O2")
    await stay.charge([wire_line(1, LINE, DAY)])
    await stay.discharge("2018-06-09")
    made = (await stay.settle("6000.00"))["setlinfo"]

    told = (await his.done("2305", data={**stay.whose, "setl_id": made["setl_id"]}))["setlinfo"]
    await his.done("2405", data=stay.whose)
    await his.done("2302", data={**stay.whose, "feedetl_sn": "0000"})
    await his.done("2404", data=stay.whose)

    for name in ("medfee_sumamt", "fund_pay_sumamt", "psn_cash_pay", "hifp_pay", "oth_pay", "inscp_scp_amt"):
        assert float(told[name]) == -float(made[name])
    assert await world.rows("SELECT 1 FROM live_visits WHERE visit_no = 'O2'") == []
    assert "撤销" in await his.refused("2301", feedetail=[fee_row(wire_line(2, LINE, DAY), **stay.whose)])


async def test_a_number_in_use_is_refused_with_the_visit_it_names_and_a_finished_one_may_come_again(
    world: World, his: His
) -> None:
    stay = await a_stay(world, his, "O3")
    again = {"psn_no": stay.psn_no, "ipt_no": "O3", "begntime": "2018-07-01 08:00:00"}
    assert stay.mdtrt_id in await his.refused("2401", mdtrtinfo=again)
    await stay.charge([wire_line(1, LINE, DAY)])
    await stay.discharge("2018-06-09")
    await stay.settle("6000.00")

    same = again | {"begntime": "2018-06-01 08:00:00"}
    assert "已结算" in await his.refused("2401", mdtrtinfo=same)

    second = await Stay(his, stay.psn_no).admit("O3", "2018-07-01")
    await second.charge([wire_line(1, LINE, "2018-07-02")])
    await second.discharge("2018-07-03")
    await second.settle("6000.00")

    live = await world.rows("SELECT visit_no FROM live_visits WHERE visit_no LIKE 'O3%' ORDER BY 1")
    assert [row[0] for row in live] == ["O3", "O3#2"]


async def test_a_return_goes_back_to_its_original_line(world: World, his: His) -> None:
    stay = await a_stay(world, his, "O4")
    await stay.charge([wire_line(1, LINE, DAY)])
    back = fee_row(wire_line(2, LINE, DAY), **stay.whose, init_feedetl_sn="1")
    back |= {"cnt": "-100", "det_item_fee_sumamt": "-2000.00", "exp_content": "", "hosp_appr_flag": "0"}

    split = (await his.done("2301", feedetail=[back]))["result"]
    too_much = back | {"feedetl_sn": "3", "cnt": "-201", "det_item_fee_sumamt": "-4020.00"}

    assert split[0]["inscp_scp_amt"] == "-2000.00"
    assert "多于原收费" in await his.refused("2301", feedetail=[too_much])
    assert "一并撤销" in await his.refused("2302", data={**stay.whose, "feedetl_sn": "1"})
    await stay.discharge("2018-06-09")
    assert (await stay.settle("4000.00"))["setlinfo"]["medfee_sumamt"] == "4000.00"


async def test_an_unapproved_item_is_the_patients_own(world: World, his: His) -> None:
    stay = await a_stay(world, his, "O5")
    row = fee_row(wire_line(1, LINE, DAY), **stay.whose, hosp_appr_flag="2")

    split = (await his.done("2301", feedetail=[row]))["result"]

    assert split[0]["fulamt_ownpay_amt"] == "6000.00"
    assert split[0]["chrgitm_lv"] == "03"


async def test_the_catalogue_goes_before_the_uploaded_terms(world: World, his: His) -> None:
    item = {
        "item_code": "CAT1",
        "name": "目录药",
        "category": "western_medicine",
        "grade": "B",
        "self_pay_ratio": "0.20",
    }
    response = await world.agency("POST", "/v1/catalogue", item | {"valid_from": "2018-01-01"})
    assert response.status_code == 201, response.text
    stay = await a_stay(world, his, "O6")

    row = fee_row(wire_line(1, LINE, DAY) | {"item_code": "CAT1"}, **stay.whose)
    split = (await his.done("2301", feedetail=[row]))["result"]

    assert (split[0]["chrgitm_lv"], split[0]["preselfpay_amt"]) == ("02", "1200.00")
    unknown = fee_row(wire_line(2, LINE, DAY) | {"item_code": "NEW1"}, **stay.whose) | {"exp_content": ""}
    assert "费用目录没有项目 NEW1" in await his.refused("2301", feedetail=[unknown])


async def test_an_injury_not_yet_established_is_all_due_today_and_told_in_the_working(world: World, his: His) -> None:
    stay = await a_stay(world, his, "O7")
    await stay.charge([wire_line(1, LINE, DAY)])
    await stay.discharge("2018-06-09")
    hurt = {"exp_content": '{"TRUM_FLAG":"1","REL_TTP_FLAG":"1"}'}
    data = {**stay.whose, "medfee_sumamt": "6000.00"}
    assert "REL_TTP_FLAG" in await his.refused("2303", data=data | {"exp_content": '{"TRUM_FLAG":"1"}'})

    made = (await stay.settle("6000.00", **hurt))["setlinfo"]

    assert (made["psn_cash_pay"], made["fund_pay_sumamt"]) == ("6000.00", "0.00")
    rows = (await his.done("100001", data={**stay.whose, "setl_id": made["setl_id"]}))["data"]
    held = [row for row in rows if row["polItemCode"] == "LP03"]
    assert held[0]["fundPayAmt"] == "5400.00"
    again = (await his.done("2305", data={**stay.whose, "setl_id": made["setl_id"]}))["setlinfo"]
    assert again["psn_cash_pay"] == "-6000.00"


async def test_another_hospitals_visit_does_not_exist(world: World, his: His) -> None:
    stay = await a_stay(world, his, "O8")
    code = await world.county.hospital("township", "county")
    await connect(world.app, code)

    told = await His(world.client, code).refused("2404", data=stay.whose)

    assert "查无此就诊" in told


async def test_a_closed_sign_in_must_be_renewed(world: World, his: His) -> None:
    sign_no = (await his.done("9001"))["signinoutb"]["sign_no"]
    question = his.envelope("1901", complete("1901", {"data": {"type": "insutype"}})) | {"sign_no": sign_no}

    assert (await his.post(question)).json()["infcode"] == 0
    await his.done("9002", signout={"sign_no": sign_no})
    refused = (await his.post(question)).json()

    assert refused["infcode"] == -1
    assert "9001" in refused["err_msg"]
    assert "已签退" in await his.refused("9002", signout={"sign_no": sign_no})


async def test_fee_lines_go_several_at_a_time_or_not_at_all(world: World, his: His) -> None:
    stay = await a_stay(world, his, "O18")
    await stay.charge([wire_line(number, LINE, DAY) for number in range(1, 6)])
    other = await a_stay(world, his, "O19")

    async def left() -> list[str]:
        found = await world.rows(
            "SELECT feedetl_sn FROM nhsa_fee_lines JOIN nhsa_visits v USING (county_code, mdtrt_id)"
            " WHERE v.visit_no = 'O18' ORDER BY line_no"
        )
        return [row[0] for row in found]

    def named(*serials: str) -> list[dict[str, str]]:
        return [{**stay.whose, "feedetl_sn": serial} for serial in serials]

    assert "77、78" in await his.refused("2302", data=named("1", "78", "77"))
    assert "同一就诊" in await his.refused("2302", data=[*named("1"), {**other.whose, "feedetl_sn": "1"}])
    assert await left() == ["1", "2", "3", "4", "5"]

    await his.done("2302", data=named("1", "3", "3"))
    assert await left() == ["2", "4", "5"]
    await his.done("2302", data=named("4")[0])
    assert await left() == ["2", "5"]
    await stay.settle("12000.00", mid_setl_flag="1", dscgtime="2018-06-06 08:00:00")
    await stay.charge([wire_line(1, LINE, "2018-06-07")])
    assert "2 已结算" in await his.refused("2302", data=named("6", "2"))
    assert await left() == ["2", "5", "6"]
    await his.done("2302", data=named("6", "0000"))
    assert await left() == ["2", "5"]


async def test_the_end_of_a_stay_whose_parts_hold_all_its_cost_is_settled_without_lines(world: World, his: His) -> None:
    stay = await a_stay(world, his, "O10")
    data = {**stay.whose, "medfee_sumamt": "0"}
    await stay.charge([wire_line(1, LINE, DAY)])
    part = (await stay.settle("6000.00", mid_setl_flag="1", dscgtime="2018-06-06 08:00:00"))["setlinfo"]
    assert "没有费用明细" in await his.refused("2304", data=data | {"mid_setl_flag": "1"})
    await stay.discharge("2018-06-09")

    assert (await stay.settle("0", "2303"))["setlinfo"]["psn_cash_pay"] == "0.00"
    end = await stay.settle("0")

    info = end["setlinfo"]
    assert {info[name] for name in ("medfee_sumamt", "fund_pay_sumamt", "psn_part_amt", "psn_cash_pay")} == {"0.00"}
    assert {row["fund_payamt"] for row in end["setldetail"]} == {"0.00"}
    assert "已结算" in await his.refused("2304", data=data)
    live = await world.rows("SELECT interim_no, last_day FROM live_visits WHERE visit_no = 'O10' ORDER BY interim_no")
    assert [(row[0], str(row[1])) for row in live] == [(0, "2018-06-09"), (1, "2018-06-06")]
    settled = await world.rows("SELECT settlement_id FROM live_visits WHERE visit_no = 'O10'")
    for row in settled:
        assert (await world.agency("GET", f"/v1/settlements/{row[0]}/slip.pdf")).status_code == 200
    await his.done("2305", data={**stay.whose, "setl_id": info["setl_id"]})
    await his.done("2305", data={**stay.whose, "setl_id": part["setl_id"]})
    # Without a part before it, an end has lines.
    await his.done("2405", data=stay.whose)
    await his.done("2302", data={**stay.whose, "feedetl_sn": "0000"})
    await stay.discharge("2018-06-09")
    assert "没有费用明细" in await his.refused("2304", data=data)
