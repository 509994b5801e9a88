"""Who may call, and how each way in says no."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import gmalg
import pytest

from service.access import actions
from service.access.door import WRONG_OF_CLIENT
from service.access.tokens import Tokens
from service.clock import COUNTY_ZONE
from service.db import transaction_on
from service.nhsa.auth import sm2
from service.nhsa.auth.doors import Doors
from service.nhsa.model import Auth
from tests.claims.world import World
from tests.nhsa.his import CALL, His, as_text, complete
from tests.nhsa.hospital import connect, give_key
from tests.nhsa.signing import by_hmac, by_tif

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def closed(world: World, **details: Any) -> His:
    """A hospital that must prove who it is, with a key of each gateway."""
    code = await world.county.hospital("level2", "county", bank_account=None)
    await connect(world.app, code, open_=False, **details)
    await give_key(world.app, code, Auth.HMAC, f"AK-{code}", "secret-a")
    await give_key(world.app, code, Auth.TIF, f"PA-{code}", "secret-b")
    return His(world.client, code)


async def asked(his: His, headers: dict[str, str], **header: Any) -> tuple[int, dict[str, Any]]:
    envelope = his.envelope("1901", complete("1901", {"data": {"type": "insutype"}})) | header
    response = await his.client.post(CALL, json=envelope, headers=headers)
    return response.status_code, as_text(response.content)


async def test_a_signed_call_is_let_in_by_either_gateway(world: World) -> None:
    his = await closed(world)

    for headers in (by_hmac(his), by_tif(his, "n1")):
        status, answer = await asked(his, headers)
        assert (status, answer["infcode"]) == (200, "0")


WRONG: dict[str, Callable[[His], dict[str, str]]] = {
    "请求头缺失": lambda _: {"_api_name": "1901"},
    "时间戳已过期": lambda his: by_hmac(his, _api_timestamp=str(int((time.time() - 1801) * 1000))),
    "AK": lambda his: by_hmac(his, _api_access_key="nobody"),
    "签名不一致": lambda his: by_hmac(his, key="another"),
    "请求头缺失：": lambda _: {"x-tif-paasid": "x"},
    "5 分钟": lambda his: by_tif(his, "n2", late=301),
    "x-tif-signature": lambda his: by_tif(his, "n3", key="another"),
    "须签名": lambda _: {},
}


@pytest.mark.parametrize("told", WRONG)
async def test_each_refusal_of_the_gateways_says_which_it_is(world: World, told: str) -> None:
    his = await closed(world)

    status, answer = await asked(his, WRONG[told](his))

    assert status == 401
    assert (answer["code"], answer["infcode"]) == ("401", "-1")
    assert told in answer["message"]


async def test_the_window_of_the_hmac_gateway_is_half_an_hour(world: World) -> None:
    his = await closed(world)

    status, _ = await asked(his, by_hmac(his, _api_timestamp=str(int((time.time() - 1790) * 1000))))

    assert status == 200


async def test_a_nonce_is_good_for_one_message_and_its_copies(world: World) -> None:
    his = await closed(world)
    headers = by_tif(his, "n4")
    envelope = his.envelope("1901", complete("1901", {"data": {"type": "insutype"}}))

    first = await his.client.post(CALL, json=envelope, headers=headers)
    copy = await his.client.post(CALL, json=envelope, headers=headers)
    other = his.envelope("1901", complete("1901", {"data": {"type": "med_type"}}))
    refused = await his.client.post(CALL, json=other, headers=headers)
    renamed = await his.client.post(CALL, json=envelope | {"msgid": his.msgid()}, headers=headers)

    statuses = [one.status_code for one in (first, copy, refused, renamed)]
    assert statuses == [200, 200, 401, 401]
    assert "nonce" in refused.json()["message"]


async def test_a_key_is_good_for_its_own_institution_only(world: World) -> None:
    his, other = await closed(world), await closed(world)

    status, answer = await asked(his, by_hmac(other))

    assert status == 401
    assert "fixmedins_code" in answer["message"]


async def test_a_stranger_learns_only_that_the_code_is_not_connected(world: World) -> None:
    status, answer = await asked(His(world.client, "H00000000000"), {})

    assert status == 401
    assert "未开通" in answer["err_msg"]


async def test_a_disabled_client_is_let_in_no_more(world: World) -> None:
    his = await closed(world)
    async with transaction_on(world.app.state.engine) as tx:
        assert await actions.disable_client(tx, f"nhsa-{his.code}", at=world.app.state.clock.now())
    # Another server process, which knows of no client yet.
    state = world.app.state
    tokens = Tokens(state.engine, state.vault, state.clock, lifetime=timedelta(minutes=5))
    before = state.nhsa_doors
    state.nhsa_doors = Doors(state.engine, state.vault, tokens, state.pace, state.limiter)
    try:
        status, answer = await asked(his, by_hmac(his))
    finally:
        state.nhsa_doors = before

    assert (status, answer["infcode"]) == (401, "-1")


async def test_after_too_many_wrong_signatures_nothing_more_is_judged(world: World) -> None:
    his = await closed(world)
    for number in range(WRONG_OF_CLIENT.most + 1):
        await asked(his, by_tif(his, f"w{number}", key="another"))

    status, answer = await asked(his, by_hmac(his))

    assert status == 401
    assert "次数过多" in answer["err_msg"]


async def test_a_signature_beyond_ascii_is_a_wrong_one(world: World) -> None:
    his = await closed(world)
    headers = [(name.encode(), value.encode()) for name, value in by_tif(his, "n9").items()]
    headers[-1] = (headers[-1][0], b"\xe9")

    answer = await his.client.post(CALL, json=his.envelope("1901", {}), headers=headers)

    assert answer.status_code == 401


@pytest.mark.parametrize("encoding", ["der", "halves", "raw"])
async def test_an_sm2_signature_over_the_header_is_proof(world: World, encoding: str) -> None:
    code = await world.county.hospital("level2", "county", bank_account=None)
    await connect(world.app, code, open_=False)
    private, public = gmalg.SM2().generate_keypair()
    await give_key(world.app, code, Auth.SM2, code, public.hex())
    his = His(world.client, code)
    envelope = his.envelope("1901", complete("1901", {"data": {"type": "insutype"}}))
    envelope["inf_time"] = f"{datetime.now(COUNTY_ZONE):%F %T}"
    left_out = () if encoding == "raw" else ("", "null")
    header = {name: value for name, value in envelope.items() if name != "input" and value not in left_out}
    if encoding != "halves":
        proof = sm2.sign(header, private)
    else:
        proof = b"".join(gmalg.SM2(private, sm2.USER_ID).sign(sm2.signed_text(header))).hex().upper()

    good = await world.client.post(CALL, json=envelope | {"cainfo": proof})
    changed = await world.client.post(CALL, json=envelope | {"cainfo": proof, "opter": "0002"})
    garbled = await world.client.post(CALL, json=envelope | {"cainfo": proof[:-2]})
    missing = await world.client.post(CALL, json=envelope)
    old = header | {"inf_time": "2018-06-01 08:00:00"}
    late = await world.client.post(CALL, json=envelope | old | {"cainfo": sm2.sign(old, private)})

    assert as_text(good.content)["infcode"] == "0"
    assert [one.status_code for one in (changed, garbled, missing)] == [401, 401, 401]
    assert "cainfo" in changed.json()["message"]
    assert "inf_time" in late.json()["message"]


async def test_an_institution_is_answered_in_its_own_types(world: World) -> None:
    code = await world.county.hospital("level2", "county", bank_account=None)
    await connect(world.app, code, infcode="string", amounts="string")
    his = His(world.client, code)
    person_no, _ = await world.county.person([])
    envelope = his.envelope("5206", complete("5206", {"data": {"psn_no": person_no}}))

    answer = (await his.post(envelope)).json()
    refused = (await his.post(envelope | {"input": {"data": {}}})).json()

    assert (answer["infcode"], refused["infcode"]) == ("0", "-1")
    assert all(isinstance(row["cum"], str) for row in answer["output"]["cuminfo"])
    numbers = (
        await His(world.client, world.hospital_code).post(envelope | {"fixmedins_code": world.hospital_code})
    ).json()
    assert numbers["infcode"] == 0
    assert not isinstance(numbers["output"]["cuminfo"][0]["cum"], str)


async def test_the_recorder_keeps_masked_envelopes_of_those_who_turned_it_on(world: World) -> None:
    code = await world.county.hospital("level2", "county", bank_account=None)
    await connect(world.app, code, recorded=True)
    his = His(world.client, code)
    _, id_no = await world.county.person([])
    await his.done("1101", data={"mdtrt_cert_no": id_no, "certno": id_no, "psn_name": "测试甲"})

    kept = await world.rows(
        "SELECT request::text, answer::text FROM nhsa_recorded WHERE fixmedins_code = :code", code=code
    )
    others = await world.rows("SELECT 1 FROM nhsa_recorded WHERE fixmedins_code <> :code", code=code)

    assert len(kept) == 1
    assert others == []
    assert id_no not in "".join(kept[0])
    assert "测试甲" not in "".join(kept[0])
    assert id_no[:4] in kept[0][0]
