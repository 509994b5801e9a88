"""3203 and 3204: what a hospital asks for is seen by whoever pays, billed by their runs or refused by the agency."""

from datetime import timedelta
from typing import Any

import pytest

from service.access.model import Role
from service.clock import Clock
from tests.cases.county import Call, done, wire_line
from tests.claims.world import World
from tests.nhsa.his import His
from tests.nhsa.hospital import Stay, connect

pytestmark = pytest.mark.asyncio(loop_scope="module")

POOR = [{"class": "registered_poor", "valid_from": "2015-01-01"}]
LINE = {"grade": "A", "unit_price": "20.00", "quantity": "300"}
REQUESTS = "/v1/statement-requests"


async def asking(world: World) -> tuple[His, dict[str, str], str]:
    """A hospital that settled one stay today, what it asks for by 3203, and the number of that request."""
    code = await world.county.hospital("level2", "county", bank_account=None)
    await connect(world.app, code)
    his = His(world.client, code)
    person_no, _ = await world.county.person(POOR)
    stay = await Stay(his, person_no).admit("ZY1", "2018-06-01")
    await stay.charge([wire_line(1, LINE, "2018-06-05")])
    await stay.discharge("2018-06-09")
    info = (await stay.settle("6000.00"))["setlinfo"]
    day = str(world.app.state.clock.today())
    asked = {"begndate": day, "enddate": day, "clr_type": "21", "psntime": "1", "medfee_sumamt": "6000.00"}
    asked |= {"fund_appy_sum": info["fund_pay_sumamt"]}
    return his, asked, (await his.done("3203", data=asked))["result"]["clr_appy_evt_id"]


async def seen(call: Call, code: str, **filters: str) -> list[Any]:
    query = "&".join(f"{name}={value}" for name, value in {"hospital": code, **filters}.items())
    items: list[Any] = (await done(await call("GET", f"{REQUESTS}?{query}"), 200))["items"]
    return items


async def test_a_request_is_seen_by_those_it_concerns_and_by_nobody_else(world: World) -> None:
    his, asked, _ = await asking(world)
    basic = await world.call_as(Role.PAYER, payers=frozenset({"basic_fund"}))
    serious = await world.call_as(Role.PAYER, payers=frozenset({"serious_insurer"}))
    own = await world.call_as(Role.HOSPITAL, hospital_code=his.code)

    (item,) = await seen(world.agency, his.code)

    assert (item["status"], item["visits"], item["total"]) == ("requested", 1, "6000.00")
    assert item["amount"] == asked["fund_appy_sum"]
    assert item["parts"] == [{"payer": "basic_fund", "statement_id": None, "period": None}]
    assert await seen(basic, his.code) == [item]
    assert await seen(own, his.code) == [item]
    # This one paid nothing of that stay.
    assert await seen(serious, his.code) == []
    assert await seen(world.hospital, his.code) == []
    events = await world.rows(
        "SELECT payer, data FROM events WHERE kind = 'statement.requested' AND hospital_code = :code", code=his.code
    )
    assert [(row[0], row[1]["amount"]) for row in events] == [("basic_fund", asked["fund_appy_sum"])]


async def test_a_run_answers_a_request_and_from_then_on_it_stands(world: World) -> None:
    his, asked, number = await asking(world)
    clock, month = world.app.state.clock, asked["begndate"][:7]
    try:
        world.app.state.clock = Clock(shift=timedelta(days=45))
        run = await done(
            await world.agency("POST", "/v1/statements/run", {"payer": "basic_fund", "period": month}), 200
        )
        statement = next(one for one in run["items"] if one["hospital_code"] == his.code)

        (item,) = await seen(world.agency, his.code)

        assert item["status"] == "issued"
        assert item["parts"] == [{"payer": "basic_fund", "statement_id": statement["id"], "period": month}]
        assert f"basic_fund {month}" in await his.refused("3204", data={"clr_appy_evt_id": number})
        refusal = await world.agency("POST", f"{REQUESTS}/{item['id']}/refusal", {"reason": "迟了"})
        assert (refusal.status_code, refusal.json()["code"]) == (409, "statement_request.issued")
    finally:
        world.app.state.clock = clock
    assert (await seen(world.agency, his.code))[0]["status"] == "issued"


async def test_the_agency_sends_a_request_back_with_a_reason_and_the_hospital_may_ask_anew(world: World) -> None:
    his, asked, number = await asking(world)
    (item,) = await seen(world.agency, his.code)
    path = f"{REQUESTS}/{item['id']}/refusal"
    payer = await world.call_as(Role.PAYER, payers=frozenset({"basic_fund"}))
    assert (await payer("POST", path, {"reason": "x"})).status_code == 403
    assert (await world.agency("POST", path, {"reason": " "})).status_code == 422

    first = await world.agency("POST", path, {"reason": "对账不平"}, key="k")
    again = await world.agency("POST", path, {"reason": "对账不平"}, key="k")

    assert (first.status_code, first.json()["status"], first.json()["reason"]) == (200, "refused", "对账不平")
    assert again.content == first.content
    assert (await world.agency("POST", path, {"reason": "再退"})).json()["code"] == "statement_request.ended"
    assert "对账不平" in await his.refused("3204", data={"clr_appy_evt_id": number})
    second = (await his.done("3203", data=asked))["result"]["clr_appy_evt_id"]
    assert [one["status"] for one in await seen(world.agency, his.code)] == ["requested", "refused"]
    assert [one["status"] for one in await seen(world.agency, his.code, open="true")] == ["requested"]
    assert [one["status"] for one in await seen(world.agency, his.code, open="false")] == ["refused"]
    await his.done("3204", data={"clr_appy_evt_id": second})
    assert "查无" in await his.refused("3204", data={"clr_appy_evt_id": "0" * 26})
    assert "已撤销" in await his.refused("3204", data={"clr_appy_evt_id": second})
    events = await world.rows(
        "SELECT kind FROM events WHERE kind LIKE 'statement.request%' AND hospital_code = :code ORDER BY seq",
        code=his.code,
    )
    assert [row[0].removeprefix("statement.") for row in events] == [
        "requested",
        "request_refused",
        "requested",
        "request_withdrawn",
    ]


async def test_another_hospitals_and_another_countys_requests_do_not_exist(world: World) -> None:
    his, _, number = await asking(world)
    (item,) = await seen(world.agency, his.code)
    elsewhere = await world.call_as(Role.AGENCY, county_code="450100")

    found = await elsewhere("POST", f"{REQUESTS}/{item['id']}/refusal", {"reason": "x"})

    assert (found.status_code, found.json()["code"]) == (404, "statement_request.unknown")
    assert await seen(elsewhere, his.code) == []
    other, _, _ = await asking(world)
    assert "查无" in await other.refused("3204", data={"clr_appy_evt_id": number})
