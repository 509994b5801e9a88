"""Every reference visit over the wire comes out as the same visit through REST, to the fen."""

from typing import Any

import pytest

from tests.cases.claims import cases
from tests.cases.county import done, visit_body, wire_figures
from tests.claims.test_reference_http import identities_of
from tests.claims.world import World
from tests.nhsa.his import His
from tests.nhsa.hospital import Stay, connect, fee_row, lines_of, total_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

_CONNECTED: set[tuple[int, str]] = set()


async def his_of(world: World, hospital: str) -> His:
    """The system of a hospital, connected at its first visit; both profiles take turns."""
    key = (id(world), hospital)
    profile = "lenient" if int(hospital[-1]) % 2 else "hunan-1.1.27"
    if key not in _CONNECTED and hospital != world.hospital_code:
        await connect(world.app, hospital, profile=profile)
        _CONNECTED.add(key)
    return His(world.client, hospital, profile)


def extension_of(visit: dict[str, Any]) -> dict[str, Any]:
    return {
        "decided_layers": [
            {"layer": layer, "paid": paid, "settlement_no": "N1", "platform": "national"}
            for layer, paid in visit.get("decided", {}).items()
        ],
        "other_compensation": [{"source": "charity", "amount": amount} for amount in visit.get("other", ())],
    }


async def stay_on_wire(his: His, psn_no: str, visit: dict[str, Any], lines: list[Any], stays: dict[str, Stay]) -> Any:
    """A stay, or one part of it: the parts of a stay go on in the session of the first."""
    middle = bool(visit.get("interim_no"))
    if visit["visit_no"] not in stays:
        stays[visit["visit_no"]] = await Stay(his, psn_no).admit(f"W{visit['visit_no']}", visit["admitted_on"])
    stay = stays[visit["visit_no"]]
    day = visit["discharged_on"]
    await stay.charge(lines_of(lines, day))
    if not middle:
        await stay.discharge(day)
    more = {"mid_setl_flag": "1" if middle else "0", "dscgtime": day, "exp_content": extension_of(visit)}
    total = total_of(lines_of(lines, day))
    trial = await stay.settle(total, "2303", **more)
    settled = await stay.settle(total, **more)
    return trial, settled


async def chronic_on_wire(his: His, psn_no: str, visit: dict[str, Any], lines: list[Any]) -> Any:
    day = visit["service_on"]
    given = {"psn_no": psn_no, "ipt_otp_no": f"W{visit['visit_no']}", "begntime": f"{day} 08:00:00"}
    mdtrt_id = (await his.done("2201", data=given))["data"]["mdtrt_id"]
    whose = {"mdtrt_id": mdtrt_id, "psn_no": psn_no}
    said = {**whose, "med_type": "14", "begntime": f"{day} 08:00:00", "dise_codg": visit["disease"]}
    await his.done("2203", mdtrtinfo=said, diseinfo=[{}])
    rows = [fee_row(line, **whose, chrg_bchno="B1") for line in lines_of(lines, day)]
    await his.done("2204", feedetail=rows)
    total = total_of(lines_of(lines, day))
    asked = {**whose, "med_type": "14", "medfee_sumamt": total, "chrg_bchno": "B1", "exp_content": extension_of(visit)}
    return await his.done("2206", data=asked), await his.done("2207", data=asked)


def money_of(output: dict[str, Any]) -> dict[str, Any]:
    """The setlinfo of a trial and of a settlement alike."""
    different = {"setl_id", "setl_time", "medins_setl_id"}
    return {name: value for name, value in output["setlinfo"].items() if name not in different}


@pytest.mark.parametrize("case", cases("reference.yaml"), ids=lambda case: case["id"])
async def test_reference_case_on_the_wire_as_through_rest(case: dict[str, Any], world: World) -> None:
    county = world.county
    people = [await county.person(identities_of(case)) for _ in range(2)]
    for disease in sorted({step["visit"]["disease"] for step in case["visits"] if "disease" in step["visit"]}):
        for person_no, _ in people:
            await county.card(person_no, disease)
    stays: dict[str, Stay] = {}
    referred: dict[str, str] = {}

    for step in case["visits"]:
        visit = step["visit"]
        hospital = await county.hospital(
            visit["hospital_level"], visit["hospital_location"], specialist=visit.get("specialist_hospital", False)
        )
        his = await his_of(world, hospital)
        if visit.get("referral") and visit["visit_no"] not in referred:
            referred[visit["visit_no"]] = await county.referral(people[0][0], hospital, visit["admitted_on"])
            await county.referral(people[1][0], hospital, visit["admitted_on"])
        number = people[0][1]
        body = visit_body(
            visit, step["fee_lines"], hospital=hospital, id_number=number, referral=referred.get(visit["visit_no"])
        )
        rest = await done(await world.agency("POST", "/v1/settlements", body))
        if visit["visit_type"] == "inpatient":
            trial, settled = await stay_on_wire(his, people[1][0], visit, step["fee_lines"], stays)
        else:
            trial, settled = await chronic_on_wire(his, people[1][0], visit, step["fee_lines"])

        assert wire_figures(rest) == step["expect"]
        assert money_of(trial) == money_of(settled)
        check_same(settled, rest)


def cents(text: str) -> int:
    return round(float(text) * 100)


def check_same(settled: dict[str, Any], rest: dict[str, Any]) -> None:
    """The national fields of a settlement are those of REST's answer; the interface's identities hold."""
    info = {name: cents(value) for name, value in settled["setlinfo"].items() if name.endswith(("pay", "amt"))}
    info |= {name: cents(settled["setlinfo"][name]) for name in ("act_pay_dedc", "overlmt_selfpay")}
    parts = {name: cents(value) for name, value in rest["amounts"].items()}
    names = ("medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
    assert [info[name] for name in names] == [
        parts[name] for name in ("total", "self_funded", "over_ceiling", "first_pay", "in_scope")
    ]
    paid = {"basic": 0, "serious": 0, "aid": 0, "other": 0, "top_up": 0}
    for layer in rest["layers"]:
        today = layer["pay_to"] in ("hospital", "elsewhere") and not layer["expected"]
        paid[layer["layer"]] += cents(layer["paid"]) if today else 0
    assert (info["hifp_pay"], info["hifmi_pay"], info["maf_pay"]) == (paid["basic"], paid["serious"], paid["aid"])
    assert info["oth_pay"] == paid["other"] + paid["top_up"]
    assert info["psn_part_amt"] == info["psn_cash_pay"] == cents(rest["due_at_discharge"])
    assert [cents(row["fund_payamt"]) for row in settled["setldetail"]] == [*paid.values()]
    # Interface §3.
    funds = sum(info[f"{name}_pay"] for name in ("hifp", "hifmi", "hifob", "hifes", "cvlserv", "maf", "oth"))
    assert info["fund_pay_sumamt"] == funds
    assert info["medfee_sumamt"] == info["fund_pay_sumamt"] + info["psn_part_amt"] + info["hosp_part_amt"]
    assert info["psn_part_amt"] == info["acct_pay"] + info["psn_cash_pay"]
    assert info["medfee_sumamt"] == sum(info[name] for name in names[1:])
