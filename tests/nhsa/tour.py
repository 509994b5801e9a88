"""One message of every transaction, in the order in which a hospital would send them."""

import base64
import io
import zipfile

from tests.cases.county import County, wire_line
from tests.nhsa.his import His, complete
from tests.nhsa.hospital import Stay, fee_row

LINE = {"grade": "A", "unit_price": "20.00", "quantity": "300"}
DRUG = {"grade": "B", "unit_price": "150.00", "quantity": "4", "self_pay_ratio": "0.10", "price_ceiling": "140.00"}
DAY = "2018-06-05"
PERIOD = {"stmt_begndate": "2018-06-01", "stmt_enddate": "2018-06-30"}


async def tour(his: His, county: County, other_hospital: str) -> None:
    """Everything once, on a calendar that says the middle of June 2018. What is said is kept in `his.told`."""
    person_no, id_no = await county.person(
        [{"class": "low_income_allowance", "valid_from": "2018-01-01"}], person_no="P459901000001"
    )
    await county.card(person_no, "CD02")
    whose = {"psn_no": person_no}
    sign = (await his.done("9001", signin={"opter_no": "0001", "mac": "00-00", "ip": "10.0.0.9"}))["signinoutb"]
    await people(his, person_no, id_no)
    await stays(his, person_no)
    await chronic(his, person_no)
    filed = await his.done(
        "2501",
        refmedin={**whose, "reflin_medins_no": other_hospital, "refl_date": "2018-06-15", "refl_rea": "病情需要"},
    )
    await his.done("2502", data={**whose, **filed["result"]})
    asked = {
        **whose,
        "opsp_dise_code": "CD03",
        "opsp_dise_name": "糖尿病",
        "ide_fixmedins_no": his.code,
        "hosp_ide_date": "2018-06-10",
        "begndate": "2018-06-15",
    }
    filed = await his.done("2503", data=asked)
    await his.done("2504", data={**whose, "trt_dcla_detl_sn": filed["result"]["trt_dcla_detl_sn"], "memo": "填错病种"})
    await his.done("5301", data=whose)
    await reconciliation(his)
    await his.done("9002", signout={"sign_no": sign["sign_no"], "opter_no": "0001"})


async def people(his: His, person_no: str, id_no: str) -> None:
    asked = {"mdtrt_cert_no": id_no, "certno": id_no, "psn_name": "测试甲"}
    found = await his.done("1101", data=asked)
    assert found["baseinfo"]["psn_no"] == person_no
    await his.done("1201", medinsinfo={"fixmedins_code": his.code})
    await his.done("1901", data={"type": "med_type"})
    check = {"psn_no": person_no, "fixmedins_code": his.code, "begntime": "2018-06-01 08:00:00"}
    await his.done("2001", data=check)
    await his.done("5206", data={"psn_no": person_no})


async def stays(his: His, person_no: str) -> None:
    stay = await Stay(his, person_no).admit("ZY0001", "2018-06-01")
    await his.done("5303", data={"begntime": "2018-06-01 00:00:00", "endtime": "2018-06-30 00:00:00"})
    change = {**stay.whose, "begntime": "2018-06-01 08:00:00", "ipt_otp_no": "ZY0001"}
    await his.done("2403", adminfo=change, diseinfo=[stay.whose])
    await stay.charge([wire_line(1, LINE, DAY), wire_line(2, DRUG, DAY)])
    await his.done("2302", data=[{**stay.whose, "feedetl_sn": "2"}])
    await stay.discharge("2018-06-09")
    await his.done("2405", data=stay.whose)
    await stay.discharge("2018-06-09")
    await stay.settle("6000.00", "2303")
    made = (await stay.settle("6000.00", invono="FP0001"))["setlinfo"]
    named = {**stay.whose, "setl_id": made["setl_id"]}
    await his.done("5203", data=named)
    await his.done("100001", data=named)
    await his.done("2305", data=named)
    lost = his.msgid()
    await stay.settle("6000.00", msgid=lost)
    await his.done("2601", data={"psn_no": person_no, "omsgid": lost, "oinfno": "2304"})
    await stay.settle("6000.00")
    gone = await Stay(his, person_no).admit("ZY0002", "2018-06-12")
    await his.done("2404", data=gone.whose)


async def chronic(his: His, person_no: str) -> None:
    asked = {"psn_no": person_no, "ipt_otp_no": "MZ0001", "begntime": "2018-06-14 09:00:00"}
    other = (await his.done("2201", data=asked))["data"]
    whose = {"psn_no": person_no, "mdtrt_id": other["mdtrt_id"]}
    await his.done("2202", data={**whose, "ipt_otp_no": "MZ0001"})
    visit = (await his.done("2201", data=asked | {"ipt_otp_no": "MZ0002"}))["data"]
    whose = {"psn_no": person_no, "mdtrt_id": visit["mdtrt_id"]}
    said = {**whose, "med_type": "14", "begntime": "2018-06-14 09:00:00", "dise_codg": "CD02", "dise_name": "高血压病"}
    await his.done("2203", mdtrtinfo=said, diseinfo=[{}])
    row = fee_row(wire_line(1, DRUG, "2018-06-14"), whose["mdtrt_id"], person_no, chrg_bchno="B1")
    await his.done("2204", feedetail=[row])
    await his.done("2205", data={**whose, "chrg_bchno": "B1"})
    await his.done("2204", feedetail=[row])
    asked = {**whose, "med_type": "14", "medfee_sumamt": "600.00", "chrg_bchno": "B1"}
    await his.done("2206", data=asked)
    made = (await his.done("2207", data=asked))["setlinfo"]
    await his.done("2208", data={**whose, "setl_id": made["setl_id"]})
    await his.done("2207", data=asked)


async def reconciliation(his: His) -> None:
    stay = next(answer for infno, _, answer in reversed(his.told) if infno == "2304")["output"]["setlinfo"]
    figures = {"medfee_sumamt": "6000.00", "fund_pay_sumamt": stay["fund_pay_sumamt"], "fixmedins_setl_cnt": "3"}
    asked = {**PERIOD, "setl_optins": "459901", "clr_type": "21", **figures, "refd_setl_flag": None}
    asked |= {"fixmedins_refd_setl_flag": "0", "acct_pay": "0"}
    told = await his.done("3201", data=asked)
    assert told["stmtinfo"]["stmt_rslt"] == "1"
    row = [stay["setl_id"], stay["mdtrt_id"], stay["psn_no"], "6000.00", stay["fund_pay_sumamt"], "0.00", "0"]
    packed = archive([row])
    sent = {"in": base64.b64encode(packed).decode(), "filename": "dz.zip", "fixmedins_code": his.code}
    file = await his.done("9101", fsuploadin=sent)
    asked = {**PERIOD, "setl_optins": "459901", "clr_type": "21", **figures, "file_qury_no": file["file_qury_no"]}
    result = (await his.done("3202", data=asked))["fileinfo"]
    assert await downloaded(his, result["file_qury_no"])
    period = {"begndate": "2018-06-01", "enddate": "2018-06-30", "setlym": "201806", "clr_type": "21"}
    net = {"psntime": "1", "medfee_sumamt": "6000.00", "fund_appy_sum": stay["fund_pay_sumamt"]}
    applied = await his.done("3203", data={**period, **net})
    await his.done("3204", data=applied["result"])


def archive(rows: list[list[str]]) -> bytes:
    """A reconciliation file: zipped, tab-separated."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as written:
        written.writestr("dz.txt", "".join("\t".join(row) + "\n" for row in rows))
    return packed.getvalue()


async def downloaded(his: His, file_qury_no: str) -> list[list[str]]:
    """The rows of a result file."""
    asked = complete("9102", {"fsdownloadin": {"file_qury_no": file_qury_no, "fixmedins_code": his.code}})
    response = await his.post(his.envelope("9102", asked))
    assert response.headers["content-type"] == "application/octet-stream", response.text
    his.told.append(("9102", asked, {}))
    his.raw.append(b"{}")
    with zipfile.ZipFile(io.BytesIO(response.content)) as result:
        text = result.read("result.txt").decode()
    return [line.split("\t") for line in text.splitlines()]
