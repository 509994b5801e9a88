"""The agency's desk of registers: people, their referrals and cards, hospitals and their agreements, the catalogue."""

from random import Random
from typing import Any, Final

from scripts.faulting.cast import Cast
from scripts.faulting.stories.asked import entered, newcomer, pages, reads, said
from tests.cases.county import done
from tests.payouts.office import account
from tests.registers.examples import a_card, a_hospital, a_referral, an_agreement, an_item
from tests.sheets.files import csv_file

_GUARDIAN: Final = {"name": "张四", "relation": "监护人", "phone": "13800005678"}
_CATALOGUE: Final = ["项目编码", "项目名称", "费用类别", "等级", "先行自付比例"]


async def corrected(cast: Cast, dice: Random) -> None:
    """A person moves to another household, gets a guardian who is paid for them, and dies."""
    person_no, _ = await newcomer(cast, bank_account=account("测试乙"))
    path = f"/v1/persons/{person_no}"
    guardian = {**_GUARDIAN, "bank_account": account("张四")}
    steps: tuple[dict[str, Any], ...] = (
        {"township_code": "459901102", "household_no": f"H{dice.randrange(1000):04}"},
        {"payee": guardian},
        {"died_on": "2018-06-20"},
    )
    entry: dict[str, Any] = {}
    for step in steps:
        entry |= step
        await done(await cast.agency("PUT", path, step | {"reason": "更正"}), 200)
    found = await reads(cast.agency, path, **{name: value for name, value in entry.items() if name != "payee"})
    assert found["payee"]["bank_account"] == guardian["bank_account"], found["payee"]


async def joined(cast: Cast, dice: Random) -> None:
    """A person who was entered twice: one entry goes, and its number leads to the other."""
    (stays, _), (goes, number) = await newcomer(cast), await newcomer(cast, phone="13800001234")
    await entered(cast.agency, f"/v1/persons/{stays}/join", {"other": goes}, "person.joined_already")
    await reads(cast.agency, f"/v1/persons/{goes}", person_no=stays, phone="13800001234")
    await reads(cast.agency, f"/v1/recognition?id_no={number}", person_no=stays)


async def referred(cast: Cast, dice: Random) -> None:
    """A patient referred to a hospital; the referral is prolonged to the stay's end, and the stay is settled."""
    patient = cast.patient(dice)
    number = f"Z{patient.person_no}-{patient.visits}"
    visit = patient.visit(cast.hospital_code, dice, referral_no=number)
    day, last = visit["admitted_on"], visit["discharged_on"]
    days = {"approved_on": day, "valid_to": day}
    body = a_referral(referral_no=number, person_no=patient.person_no, hospital_code=cast.hospital_code, **days)
    await entered(cast.agency, "/v1/referrals", body, "referral.exists")
    path = f"/v1/referrals/{number}"
    await done(await cast.agency("PUT", path, {"valid_to": last, "reason": "延期"}), 200)
    await reads(cast.agency, path, person_no=patient.person_no, approved_on=day, valid_to=last)
    await done(await cast.hospital("POST", "/v1/settlements", visit))
    cast.back(patient)


async def certified(cast: Cast, dice: Random) -> None:
    """A card for a chronic disease: applied for, approved, cut short and renewed; the renewal is refused."""
    person_no, _ = await newcomer(cast)
    listed = f"/v1/chronic-cards?person_no={person_no}"
    certificate = {"hospital_code": cast.hospital_code, "issued_on": "2018-02-20"}
    body = a_card(person_no=person_no, certificate=certificate)
    await entered(cast.agency, "/v1/chronic-cards", body, "card.exists")
    [card] = await pages(cast.agency, listed)
    path = f"/v1/chronic-cards/{card['id']}"
    await _decided(cast, path, {"decision": "approve", "reason": "符合条件"}, "approved")
    await done(await cast.agency("PUT", path, {"valid_to": "2018-05-31", "reason": "更正"}), 200)
    renewal = {
        "certificate": certificate | {"issued_on": "2018-05-10"},
        "applied_on": "2018-05-20",
        "valid_to": "2019-05-31",
    }
    await entered(cast.agency, f"{path}/renewal", renewal, "card.exists")
    [renewed] = [one for one in await pages(cast.agency, listed) if one["id"] != card["id"]]
    assert renewed["valid_from"] == "2018-06-01", renewed
    await _decided(cast, f"/v1/chronic-cards/{renewed['id']}", {"decision": "refuse", "reason": "材料不全"}, "refused")
    await reads(cast.agency, path, status="approved", valid_to="2018-05-31")


async def _decided(cast: Cast, path: str, decision: Any, status: str) -> None:
    answer = await cast.agency("POST", f"{path}/decision", decision)
    if not said(answer, "card.decided"):
        await done(answer, 200)
    await reads(cast.agency, path, status=status)


async def contracted(cast: Cast, dice: Random) -> None:
    """A hospital registered; its agreement entered, shortened and renewed; then it moves up and is suspended."""
    code = f"H4599012{next(cast.county.serial):04}"
    await entered(cast.agency, "/v1/hospitals", a_hospital(code), "hospital.exists")
    listed = f"/v1/agreements?hospital_code={code}"
    await entered(cast.agency, "/v1/agreements", an_agreement(hospital_code=code), "agreement.overlap")
    [first] = await pages(cast.agency, listed)
    path = f"/v1/agreements/{first['id']}"
    await done(await cast.agency("PUT", path, {"valid_to": "2018-11-30", "reason": "更正"}), 200)
    renewal = {"policy_no": "FP2018-002", "valid_from": "2018-10-01", "valid_to": "2019-09-30"}
    await done(await cast.agency("POST", f"{path}/renewal", renewal | {"dry_run": True}))
    await entered(cast.agency, f"{path}/renewal", renewal, "agreement.overlap")
    days = [(one["policy_no"], one["valid_from"], one["valid_to"]) for one in await pages(cast.agency, listed)]
    expected = [("FP2018-001", "2018-01-01", "2018-09-30"), ("FP2018-002", "2018-10-01", "2019-09-30")]
    assert sorted(days) == expected, f"the agreements of {code} are {days}"
    bar = {"from": "2018-06-01", "to": "2018-06-30", "reason": "核查"}
    change = {"name": "县中医院", "as_of": "2018-03-01", "reason": "更名"}
    await done(await cast.agency("PUT", f"/v1/hospitals/{code}", change), 200)
    await done(await cast.agency("PUT", f"/v1/hospitals/{code}", {"suspended": [bar], "reason": "核查"}), 200)
    await reads(cast.agency, f"/v1/hospitals/{code}", name="县中医院", suspended=[bar])


async def priced(cast: Cast, dice: Random) -> None:
    """An item of the catalogue: entered, changed from a day on, and then by a file; earlier days keep their terms."""
    code = f"XS{next(cast.county.serial):06}"
    path = f"/v1/catalogue/{code}"
    await entered(cast.agency, "/v1/catalogue", an_item(code), "catalogue.overlap")
    await done(await cast.agency("PUT", path, {"self_pay_ratio": "0.20", "as_of": "2018-03-01"}), 200)
    content = csv_file([_CATALOGUE, [code, "人工晶体", "材料", "乙", "10%"]])
    file = {"data": {"kind": "changes", "as_of": "2018-06-01"}, "files": {"file": (f"{code}.csv", content)}}
    made = await done(await cast.agency("POST", "/v1/catalogue-imports", **file))
    await done(await cast.agency("POST", f"/v1/catalogue-imports/{made['id']}/apply"), 200)
    for day, ratio in (("2018-02-28", "0.30"), ("2018-03-01", "0.20"), ("2018-06-01", "0.10")):
        await reads(cast.agency, f"{path}?on={day}", self_pay_ratio=ratio)
