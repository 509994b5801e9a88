"""Damaged envelopes: no 5xx, nothing half-stored, a message in Chinese each time."""

import copy
import json
import os
import random
from typing import Any

import pytest

from tests.cases.county import wire_line
from tests.claims.world import World, drifted
from tests.nhsa.his import CALL, His, as_text, complete
from tests.nhsa.hospital import Stay, connect, fee_row
from tests.nhsa.mutations import mutated

pytestmark = pytest.mark.asyncio(loop_scope="module")

MANY = int(os.environ.get("ONESTOP_DAMAGED_ENVELOPES", "1000"))
LINE = {"grade": "A", "unit_price": "20.00", "quantity": "300"}
COUNTS = """
    SELECT (SELECT count(*) FROM nhsa_visits), (SELECT count(*) FROM nhsa_fee_lines),
        (SELECT count(*) FROM nhsa_settled), (SELECT count(*) FROM settlements), (SELECT count(*) FROM postings),
        (SELECT coalesce(sum(last_line), 0) FROM nhsa_visits), (SELECT count(*) FROM nhsa_visits WHERE state = 'open')
"""


async def messages(world: World, his: His) -> list[tuple[str, dict[str, Any]]]:
    """A right message of every step of a stay and a chronic visit that go on."""
    person_no, id_no = await world.county.person([{"class": "registered_poor", "valid_from": "2015-01-01"}])
    stay = await Stay(his, person_no).admit("D1", "2018-06-01")
    await stay.charge([wire_line(1, LINE, "2018-06-05")])
    await stay.discharge("2018-06-09")
    going_on = await Stay(his, person_no).admit("D2", "2019-06-01")
    card = {"mdtrt_cert_no": id_no, "certno": id_no, "psn_name": "测试甲"}
    admission = {"psn_no": person_no, "ipt_no": "D3", "begntime": "2020-01-01 08:00:00"}
    rows = [fee_row(wire_line(number, LINE, "2019-06-02"), **going_on.whose) for number in (1, 2)]
    data = {
        **stay.whose,
        "medfee_sumamt": "6000.00",
        "exp_content": {"other_compensation": [{"source": "a", "amount": "1"}]},
    }
    return [
        ("1101", {"data": card}),
        ("2401", {"mdtrtinfo": admission}),
        ("2301", {"feedetail": rows}),
        ("2302", {"data": {**going_on.whose, "feedetl_sn": "7"}}),
        ("2402", {"dscginfo": {**going_on.whose, "endtime": "2019-06-09 08:00:00"}}),
        ("2303", {"data": data}),
        ("2304", {"data": data}),
        ("2305", {"data": {**stay.whose, "setl_id": "0" * 26}}),
        ("2601", {"data": {"psn_no": person_no, "omsgid": "1", "oinfno": "2304"}}),
        ("9101", {"fsuploadin": {"in": "AAAA", "filename": "a.zip", "fixmedins_code": his.code}}),
        ("5203", {"data": {**stay.whose, "setl_id": "0" * 26}}),
        ("3201", {"data": {"clr_type": "21", "setl_optins": "459901"}}),
    ]


def chinese(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


async def test_damaged_envelopes_do_no_harm(world: World, his: His) -> None:
    rng = random.Random(20180615)
    right = await messages(world, his)
    before = await world.rows(COUNTS)
    refused = 0
    for _ in range(MANY):
        infno, nodes = rng.choice(right)
        body, kind = mutated(rng, his.envelope(infno, complete(infno, copy.deepcopy(nodes))))

        response = await world.client.post(CALL, content=body, headers={"content-type": kind})

        assert response.status_code in (200, 401), (response.status_code, response.text, body[:300])
        answer = as_text(response.content)
        after = await world.rows(COUNTS)
        if answer["infcode"] == "-1":
            refused += 1
            assert chinese(answer["err_msg"]), answer
            assert len(answer["err_msg"]) <= 200, answer
            assert "系统内部错误" not in answer["err_msg"], body[:600]
            assert after == before, body[:300]
        before = after
    assert refused > MANY // 2
    assert await drifted(world) == []


async def test_a_huge_message_is_refused_before_it_is_read(world: World, his: His) -> None:
    envelope = his.envelope("2301", {"feedetail": ["x" * 9_000_000]})

    response = await his.post(envelope)

    assert response.status_code == 413
    assert chinese(response.json()["detail"])


async def test_every_way_of_wrapping_a_message_is_understood(world: World, his: His) -> None:
    _, id_no = await world.county.person([])
    asked = complete("1101", {"data": {"mdtrt_cert_no": id_no, "certno": id_no, "psn_name": "测试甲"}})
    envelope = his.envelope("1101", asked)
    text = json.dumps(envelope, ensure_ascii=False)
    inner = envelope | {"input": json.dumps(asked, ensure_ascii=False)}
    upper = {("Input" if name == "input" else name.upper()): value for name, value in envelope.items()}
    sent: list[dict[str, Any]] = [
        {"content": text.encode()},
        {"content": text.encode("utf-8-sig"), "headers": {"content-type": "application/json;charset=utf-8"}},
        {"content": text.encode("gbk"), "headers": {"content-type": "text/plain"}},
        {"data": {"jsonStr": text}},
        {"data": {"jsonStr": text}, "files": {"file": ("a.zip", b"zip")}},
        {"json": inner},
        {"json": upper},
    ]
    for one in sent:
        for path in (CALL, f"{CALL}/1101", "/fsi/api/fsiPsnInfoService/queryPsnInfo"):
            answer = as_text((await world.client.post(path, **one)).content)
            assert answer["infcode"] == "0", (one, answer["err_msg"])
            assert answer["output"]["baseinfo"]["certno"] == id_no


@pytest.mark.parametrize(
    "body",
    [
        b"&".join(b"a%d=1" % number for number in range(80)),
        b'{"infno":"1101","msgid":"1","fixmedins_code":"X","input":{"data":{"\\ud800":"1"}}}',
        b'{"infno":"1101","msgid":"1","fixmedins_code":"X","a\\u0000":"1","input":{}}',
    ],
    ids=["fields", "surrogate", "nul"],
)
async def test_what_cannot_be_kept_is_refused_as_it_is_read(world: World, body: bytes) -> None:
    response = await world.client.post(
        CALL, content=body, headers={"content-type": "application/x-www-form-urlencoded"}
    )

    assert response.status_code == 200
    assert "报文无法解析" in response.json()["err_msg"]


async def test_no_number_is_too_long_for_the_key_it_is_found_by(world: World) -> None:
    code = await world.county.hospital("level2", "county", bank_account=None)
    await connect(world.app, code, profile="lenient")
    his = His(world.client, code, "lenient")
    person_no, _ = await world.county.person([])
    long = "".join(random.Random(1).choices("0123456789ABCDEF", k=9000))
    admission = {"psn_no": person_no, "ipt_no": long, "begntime": "2020-01-01 08:00:00"}

    assert "ipt_no" in await his.refused("2401", mdtrtinfo=admission)


async def test_a_form_may_hold_an_envelope_as_large_as_a_body(world: World, his: His) -> None:
    envelope = his.envelope("1901", complete("1901", {"data": {"type": "insutype"}})) | {"padding": "x" * 2_000_000}

    answer = await world.client.post(CALL, data={"jsonStr": json.dumps(envelope)}, files={"file": ("a.zip", b"zip")})

    assert answer.json()["infcode"] == 0
