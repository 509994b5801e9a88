"""A stay over the wire, from admission to settlement and back: its steps, their order, and what undoes them."""

import pytest

from tests.cases.county import wire_line
from tests.claims.world import World
from tests.nhsa.his import His
from tests.nhsa.hospital import Stay

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
