"""3201 and 3202: totals, and every kind of difference line by line, also where totals compensate each other."""

import base64
from typing import Any

import pytest

from tests.cases.county import wire_line
from tests.claims.world import World
from tests.nhsa.his import His
from tests.nhsa.hospital import Stay, connect
from tests.nhsa.tour import archive, downloaded

pytestmark = pytest.mark.asyncio(loop_scope="module")

POOR = [{"class": "registered_poor", "valid_from": "2015-01-01"}]


async def settled(world: World, his: His, number: str, quantity: str) -> dict[str, Any]:
    person_no, _ = await world.county.person(POOR)
    stay = await Stay(his, person_no).admit(number, "2018-06-01")
    line = wire_line(1, {"grade": "A", "unit_price": "20.00", "quantity": quantity}, "2018-06-05")
    await stay.charge([line])
    await stay.discharge("2018-06-09")
    found: dict[str, Any] = (await stay.settle(line["amount"]))["setlinfo"]
    return found


def row(info: dict[str, Any], *, refund: bool = False, **other: str) -> list[str]:
    sign = "-" if refund else ""
    cells = {
        "setl_id": info["setl_id"],
        "mdtrt_id": info["mdtrt_id"],
        "psn_no": info["psn_no"],
        "medfee": sign + info["medfee_sumamt"],
        "fund": sign + info["fund_pay_sumamt"],
        "acct": "0",
        "refund": "1" if refund else "0",
    } | other
    return list(cells.values())


async def compared(world: World, his: His, rows: list[list[str]]) -> list[list[str]]:
    sent = {"in": base64.b64encode(archive(rows)).decode(), "filename": "a.zip", "fixmedins_code": his.code}
    file = await his.done("9101", fsuploadin=sent)
    today = str(world.app.state.clock.today())
    asked = {"stmt_begndate": today, "stmt_enddate": today, "file_qury_no": file["file_qury_no"], "clr_type": "21"}
    found = (await his.done("3202", data=asked))["fileinfo"]
    return await downloaded(his, found["file_qury_no"])


async def test_each_line_gets_the_difference_that_it_is(world: World) -> None:
    code = await world.county.hospital("level2", "county", bank_account=None)
    await connect(world.app, code)
    his = His(world.client, code)
    level, changed, unknown, twice, back = [await settled(world, his, f"C{n}", "300") for n in range(5)]
    fund = await settled(world, his, "C5", "100")
    await his.done("2305", data={name: back[name] for name in ("setl_id", "mdtrt_id", "psn_no")})
    file = [
        row(level),
        row(changed, medfee="5999.99"),
        # `unknown` is not in their file, and this one not in ours: as much as is missing, so that totals agree.
        row(unknown, setl_id="0" * 26),
        row(twice),
        row(twice),
        row(back),
        row(fund, fund="1.00"),
    ]

    found = await compared(world, his, file)

    kinds = sorted((one[2], one[4], one[5], one[6].split()[0]) for one in found)
    assert kinds == sorted(
        [
            (level["setl_id"], "0", "0", "null"),
            (changed["setl_id"], "3", "0", "amount"),
            (unknown["setl_id"], "1", "0", "missing_there"),
            ("0" * 26, "2", "0", "missing_here"),
            (twice["setl_id"], "0", "0", "null"),
            (twice["setl_id"], "2", "0", "duplicate"),
            (back["setl_id"], "0", "0", "null"),
            (back["setl_id"], "1", "1", "reversed_one_side"),
            (fund["setl_id"], "3", "0", "amount"),
        ]
    )
    assert all(len(one) == 10 for one in found)


async def test_totals_are_level_by_refund_flag_and_say_the_centres_figures(world: World) -> None:
    code = await world.county.hospital("level2", "county", bank_account=None)
    await connect(world.app, code)
    his = His(world.client, code)
    first, second = [await settled(world, his, f"T{n}", "300") for n in range(2)]
    await his.done("2305", data={name: second[name] for name in ("setl_id", "mdtrt_id", "psn_no")})
    today = str(world.app.state.clock.today())
    fund = 2 * int(first["fund_pay_sumamt"].replace(".", ""))
    asked = {"stmt_begndate": today, "stmt_enddate": today, "setl_optins": "459901", "clr_type": "21", "acct_pay": "0"}
    made = {"medfee_sumamt": "12000.00", "fund_pay_sumamt": f"{fund // 100}.00", "fixmedins_setl_cnt": "2"}
    refunds = {"medfee_sumamt": "-6000.00", "fund_pay_sumamt": f"-{fund // 200}.00", "fixmedins_setl_cnt": "1"}

    async def result(figures: dict[str, str], flag: str) -> dict[str, str]:
        data = asked | figures | {"fixmedins_refd_setl_flag": flag}
        found: dict[str, str] = (await his.done("3201", data=data))["stmtinfo"]
        return found

    assert (await result(made, "0"))["stmt_rslt"] == "0"
    assert (await result(refunds, "1"))["stmt_rslt"] == "0"
    wrong = await result(made | {"fund_pay_sumamt": "1.00"}, "0")
    assert wrong["stmt_rslt"] == "1"
    assert "2 笔，总额 12000.00，基金 9600.00" in wrong["stmt_rslt_dscr"]
    assert (await result(made, "1"))["stmt_rslt"] == "1"


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"PK\x03\x04 broken", "列"), (b"a\tb\n", "列"), (b"1\t2\t3\tx\t0\t0\t0\n", "金额")],
    ids=["archive", "columns", "amount"],
)
async def test_a_file_that_cannot_be_read_says_where(world: World, his: His, content: bytes, told: str) -> None:
    sent = {"in": base64.b64encode(content).decode(), "filename": "a.zip", "fixmedins_code": his.code}
    file = await his.done("9101", fsuploadin=sent)
    asked = {"stmt_begndate": "2018-06-01", "stmt_enddate": "2018-06-30", "file_qury_no": file["file_qury_no"]}

    assert told in await his.refused("3202", data=asked)


async def test_another_hospitals_file_does_not_exist(world: World, his: His) -> None:
    code = await world.county.hospital("township", "county")
    await connect(world.app, code)
    sent = {"in": base64.b64encode(b"x").decode(), "filename": "a.zip", "fixmedins_code": his.code}
    file = await his.done("9101", fsuploadin=sent)

    told = await His(world.client, code).refused("9102", fsdownloadin={"file_qury_no": file["file_qury_no"]})

    assert "查无此文件" in told


async def test_a_referral_is_never_filed_after_the_fact_nor_to_oneself(world: World, his: His) -> None:
    person_no, _ = await world.county.person(POOR)
    other = await world.county.hospital("level3_city", "city")
    filing = {"psn_no": person_no, "reflin_medins_no": other, "refl_date": "2018-01-01"}

    made = (await his.done("2501", refmedin=filing))["result"]["trt_dcla_detl_sn"]

    approved = await world.rows("SELECT lower(valid) FROM referrals WHERE referral_no = :number", number=made)
    assert approved[0][0] == world.app.state.clock.today()
    assert "本院" in await his.refused("2501", refmedin=filing | {"reflin_medins_no": his.code})
    await connect(world.app, other)
    assert "查无本院" in await His(world.client, other).refused(
        "2502", data={"psn_no": person_no, "trt_dcla_detl_sn": made}
    )
    await his.done("2502", data={"psn_no": person_no, "trt_dcla_detl_sn": made})
    assert "查无" in await his.refused("2502", data={"psn_no": person_no, "trt_dcla_detl_sn": made})
