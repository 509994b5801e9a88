"""The day is the county's, wherever the machine stands."""

from datetime import UTC, datetime

import pytest

from service.clock import Clock
from tests.cases.county import Call, County, done
from tests.claims.bills import stay

HALF_PAST_MIDNIGHT = datetime(2018, 6, 9, 16, 30, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    """2018-06-10 00:30 in the county, still 2018-06-09 in Greenwich."""
    return Clock(source=lambda: HALF_PAST_MIDNIGHT)


async def test_today_begins_at_midnight_in_the_county(county: County, agency: Call) -> None:
    _, id_number = await county.person()
    hospital = await county.hospital("level2", "county")

    tomorrow = await agency("POST", "/v1/settlements", stay(hospital, id_number, discharged_on="2018-06-11"))
    settled = await done(await agency("POST", "/v1/settlements", stay(hospital, id_number, discharged_on="2018-06-10")))

    assert (tomorrow.status_code, tomorrow.json()["code"]) == (422, "visit.dates")
    assert settled["settled_at"] == "2018-06-10T00:30:00+08:00"
    for days, found in (("from=2018-06-10&to=2018-06-10", 1), ("to=2018-06-09", 0), ("from=2018-06-11", 0)):
        assert len((await done(await agency("GET", f"/v1/settlements?{days}"), 200))["items"]) == found
    read = await done(await agency("GET", f"/v1/settlements/{settled['id']}"), 200)
    assert read["settled_at"] == settled["settled_at"]
