"""Pages of what was decided anew, of aid that is only expected, of other years, and of who read or changed."""

import re

import httpx
import pytest

from service.money import fen, yuan
from tests.cases.county import done
from tests.claims.changes.people import anew, identify, reversed_
from tests.claims.world import World
from tests.inquiry.patients import Patient, settled
from tests.inquiry.test_versions import decided_anew
from tests.web.test_pages import cookie_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

AID = {"identities": [{"class": "low_income_allowance", "valid_from": "2015-01-01"}]}


async def shown(patient: Patient, path: str) -> httpx.Response:
    answer = await patient.world.client.get(path, headers=await cookie_of(patient))
    assert answer.status_code == 200, answer.text
    return answer


async def test_each_status_has_its_page(world: World) -> None:
    changed = await decided_anew(world)
    old, new = changed.patient.settlement["id"], changed.newest["id"]

    first = (await shown(changed.patient, f"/p/claims/{old}")).text
    second = (await shown(changed.patient, f"/p/claims/{new}")).text
    listed = (await shown(changed.patient, "/p/claims")).text

    assert 'class="state superseded"' in first
    assert re.search(rf'href="/p/claims/{new}"[^\n]*查看第 2 版', first)
    assert "/objection" not in first, "objections are to what holds"
    assert 'class="state settled"' in second
    assert f'href="/p/claims/{old}"' in second
    assert (f"/p/claims/{new}" in listed, f"/p/claims/{old}" in listed) == (True, False)
    assert "第 2 版：已重新核定" in listed

    await reversed_(world.agency, new)
    gone = (await shown(changed.patient, f"/p/claims/{new}")).text
    assert 'class="state reversed"' in gone
    assert "以下金额不再有效" in gone
    assert "以后转入我的账户" not in gone, "nothing will come any more"
    assert gone.index("应付给您") < gone.index("该笔结算已撤销，金额不再有效"), "in the order in which it happened"
    assert 'class="state superseded"' in (await shown(changed.patient, f"/p/claims/{old}")).text
    assert 'class="state reversed"' in (await shown(changed.patient, "/p/claims")).text
    held = await settled(world, injury={"third_party": "unknown", "note": "待查"})
    assert 'class="state on_hold"' in (await shown(held, f"/p/claims/{held.settlement['id']}")).text


async def test_a_third_version_is_where_all_earlier_ones_lead(world: World) -> None:
    changed = await decided_anew(world)
    await identify(world, changed.patient.person_no, "registered_poor")
    third = await anew(world.agency, changed.newest["id"])

    for earlier in (changed.patient.settlement["id"], changed.newest["id"]):
        said = (await shown(changed.patient, f"/p/claims/{earlier}")).text
        assert re.search(rf'href="/p/claims/{third["id"]}"[^\n]*查看第 3 版', said)


async def test_expected_aid_is_not_counted_as_paid_and_said_not_to_be_approved(world: World) -> None:
    hospital = await world.county.hospital("level2", "county", aid="on_application")
    patient = await settled(world, hospital=hospital, person=AID)
    aid, paid = patient.settlement["expected_aid"], patient.settlement["paid_total"]

    listed = (await shown(patient, "/p/claims")).text
    whole = (await shown(patient, f"/p/claims/{patient.settlement['id']}")).text

    assert aid != "0.00"
    assert f"<dd>{yuan(fen(paid) - fen(aid))}</dd>" in listed
    assert f'<dd class="expected">{aid}</dd>' in listed
    assert "尚未批准" in listed
    assert 'class="bar expected"' in whole
    assert "（尚未批准）" in whole
    assert "批准后才支付" in whole


async def test_another_year_has_its_own_page(world: World) -> None:
    patient = await settled(world)

    year = (await shown(patient, "/p/year?year=2018")).text

    assert "2018 ·" in year
    assert "1000.00" in year
    assert 'href="/p/year?year=2017"' in year
    assert 'href="/p/year?year=2019"' in year


async def test_who_read_and_who_changed_is_told_apart_with_what_for(world: World) -> None:
    patient = await settled(world)
    path = f"/v1/persons/{patient.person_no}"
    await done(await world.agency("GET", path, headers={"X-Purpose": "audit%20of%20June"}), 200)
    await identify(world, patient.person_no, "registered_poor")

    items = (await done(await (await patient.call())("GET", "/v1/patient/accesses"), 200))["items"]
    page = (await shown(patient, "/p/accesses")).text

    told = {each["action"]: (each["changed"], each["did"]["zh"], each["purpose"]) for each in items}
    assert told["person.read"] == (False, "查看了您的登记信息", "audit of June")
    assert told["person.change"] == (True, "更改了您的登记信息", None)
    assert told["settlement.create"] == (True, "办理了您的结算", None)
    assert "audit of June" in page
    assert "办理或更改" in page
