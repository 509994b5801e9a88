"""What the interface forgets, and that what it forgot is never done a second time."""

import base64
from datetime import datetime, timedelta
from typing import Any

import pytest

from service.clock import Clock
from service.nhsa.auth import store
from service.nhsa.auth.tif import WINDOW
from service.nhsa.retention import forget
from tests.cases.county import wire_line
from tests.claims.world import World
from tests.nhsa.his import His
from tests.nhsa.hospital import Stay, connect

pytestmark = pytest.mark.asyncio(loop_scope="module")

LINE = {"grade": "A", "unit_price": "20.00", "quantity": "300"}
MONTH = timedelta(days=30)


async def lived(world: World) -> tuple[His, Stay, list[tuple[str, str, dict[str, Any]]]]:
    """A hospital with a settled stay, a refusal, a file and a recorded envelope; its messages as they were sent."""
    code = await world.county.hospital("level2", "county", bank_account=None)
    await connect(world.app, code, recorded=True)
    his = His(world.client, code)
    person_no, _ = await world.county.person([{"class": "registered_poor", "valid_from": "2015-01-01"}])
    stay = Stay(his, person_no)
    admitting, settling, refused = his.msgid(), his.msgid(), his.msgid()
    given = {"psn_no": person_no, "ipt_no": "R1", "begntime": "2018-06-01 08:00:00"}
    stay.mdtrt_id = (await his.done("2401", msgid=admitting, mdtrtinfo=given))["result"]["mdtrt_id"]
    await stay.charge([wire_line(1, LINE, "2018-06-05")])
    data = {**stay.whose, "medfee_sumamt": "6000.00"}
    await his.refused("2304", msgid=refused, data=data)
    await stay.discharge("2018-06-09")
    await his.done("2304", msgid=settling, data=data)
    sent = {"in": base64.b64encode(b"x").decode(), "filename": "a.zip", "fixmedins_code": code}
    await his.done("9101", fsuploadin=sent)
    sent_again = [("2401", admitting, {"mdtrtinfo": given}), ("2304", settling, {"data": data})]
    return his, stay, [*sent_again, ("2304", refused, {"data": data})]


def later(now: datetime) -> Clock:
    return Clock(source=lambda: now)


async def kept(world: World, his: His) -> dict[str, int]:
    (row,) = await world.rows(
        """SELECT (SELECT count(*) FROM nhsa_files WHERE fixmedins_code = :code) AS files,
            (SELECT count(*) FROM nhsa_recorded WHERE fixmedins_code = :code) AS recorded,
            (SELECT count(*) FROM nhsa_messages WHERE fixmedins_code = :code) AS messages,
            (SELECT count(answer_enc) FROM nhsa_messages WHERE fixmedins_code = :code) AS answers""",
        code=his.code,
    )
    return dict(row._mapping)


async def test_what_is_young_stays_and_what_is_old_goes_but_for_names_and_proofs_of_money(world: World) -> None:
    his, _, messages = await lived(world)
    before = await kept(world, his)
    now = world.app.state.clock.now()

    await forget(world.app.state.engine, later(now + MONTH - timedelta(hours=1)))
    assert await kept(world, his) == before

    gone = await forget(world.app.state.engine, later(now + MONTH + timedelta(hours=1)))

    after = await kept(world, his)
    assert (after["files"], after["recorded"]) == (0, 0)
    assert after["messages"] == before["messages"] - 1, "a refusal goes whole"
    assert after["answers"] == 1, "that of the settlement"
    assert gone["files"] >= 1
    (admitting, settling, _) = messages
    assert "早已办理" in await his.refused(admitting[0], msgid=admitting[1], **admitting[2])
    assert (await his.done(settling[0], msgid=settling[1], **settling[2]))["setlinfo"]["medfee_sumamt"] == "6000.00"
    other = {"mdtrtinfo": admitting[2]["mdtrtinfo"] | {"ipt_no": "R2"}}
    assert "内容不同" in await his.refused("2401", msgid=admitting[1], **other)
    assert await kept(world, his) == after | {"recorded": 3}


async def test_more_than_fits_one_transaction_goes_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    his, _, _ = await lived(world)
    monkeypatch.setattr("service.nhsa.retention._AT_ONCE", 2)

    gone = await forget(world.app.state.engine, later(world.app.state.clock.now() + 2 * MONTH))

    assert gone["recorded"] > 4
    assert (await kept(world, his))["recorded"] == 0


async def test_a_nonce_names_one_body_until_its_window_has_closed_and_then_goes(world: World) -> None:
    engine, now = world.app.state.engine, world.app.state.clock.source()

    async def used(body: bytes, minutes: int) -> bool:
        at = now + timedelta(minutes=minutes)
        return await store.use_nonce(engine, "PA-1", "n-1", body, at=at, window=2 * WINDOW)

    assert [await used(b"one", 0), await used(b"one", 1), await used(b"two", 9)] == [True, True, False]
    assert await used(b"two", 12)
    await forget(engine, later(now + timedelta(minutes=21)))
    assert not await used(b"three", 21)
    assert (await forget(engine, later(now + timedelta(minutes=23))))["nonces"] == 1
