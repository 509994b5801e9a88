"""`onestop nhsa`: a hospital is connected, an envelope is played."""

import json
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.model import Role
from service.config import Settings
from service.console import CommandRefused
from service.nhsa.model import Auth
from service.nhsa_run import (
    Connection,
    change_recording,
    connect,
    disconnect,
    new_key,
    recorded,
    try_envelope,
)
from tests.access.callers import headers_of, make_client
from tests.cases.county import County
from tests.claims.world import caller
from tests.nhsa.his import His, complete


def asked(code: str, client: str, **other: Any) -> Connection:
    given: dict[str, Any] = {"profile": "lenient", "auth": Auth.HMAC, "infcode": None, "amounts": None}
    given |= {"recorded": False, "public_key": None}
    return Connection(fixmedins_code=code, client_id=client, **given | other)


async def hospital(app: FastAPI, client: httpx.AsyncClient) -> str:
    county = County(caller(client, await headers_of(app, Role.AGENCY)))
    code = await county.hospital("level2", "county")
    await make_client(app, Role.HOSPITAL, "his-1", hospital_code=code)
    return code


async def test_a_connected_hospital_has_a_key_and_its_envelopes_can_be_played(
    app: FastAPI, client: httpx.AsyncClient, engine: AsyncEngine, settings: Settings
) -> None:
    code = await hospital(app, client)

    told = await connect(engine, settings, asked(code, "his-1"))

    assert (told["account"], told["auth"]) == (code, "a")
    assert len(told["secret"]) > 40
    his = His(client, code)
    question = his.envelope("1901", complete("1901", {"data": {"type": "insutype"}}))
    answer = await try_envelope(engine, settings, json.dumps(question).encode("gbk"), keep=False)
    assert answer["infcode"] == 0
    change = json.dumps(his.envelope("9001", complete("9001", {}))).encode()
    with pytest.raises(CommandRefused, match="--keep"):
        await try_envelope(engine, settings, change, keep=False)
    assert (await try_envelope(engine, settings, change, keep=True))["infcode"] == 0


async def test_a_key_is_replaced_envelopes_are_recorded_and_read_and_a_hospital_is_disconnected(
    app: FastAPI, client: httpx.AsyncClient, engine: AsyncEngine, settings: Settings
) -> None:
    code = await hospital(app, client)
    first = await connect(engine, settings, asked(code, "his-1"))
    second = await new_key(engine, settings, code, None)
    assert first["account"] == second["account"]
    assert first["secret"] != second["secret"]
    his = His(client, code)
    question = his.envelope("1901", complete("1901", {"data": {"type": "insutype", "memo": "459901199001011239"}}))
    question |= {"opter_name": "电话13812345678的收费员", "secret": "藏在别处"}

    for wanted in (True, False):
        await change_recording(engine, code, recorded=wanted)
        await try_envelope(engine, settings, json.dumps(question).encode(), keep=False)

    kept = (await recorded(engine, code, question["msgid"], 20))["items"]
    assert len(kept) == 1
    assert "13812345678" not in str(kept)
    assert "藏在别处" not in str(kept)
    assert (await recorded(engine, code, "another", 20))["items"] == []

    await disconnect(engine, code)
    with pytest.raises(CommandRefused, match="not connected"):
        await try_envelope(engine, settings, json.dumps(question).encode(), keep=False)
    with pytest.raises(CommandRefused, match="not connected"):
        await new_key(engine, settings, code, None)


@pytest.mark.parametrize(
    ("other", "told"),
    [({"profile": "moon"}, "no profile"), ({"client_id": "nobody"}, "no client"), ({"auth": Auth.SM2}, "public-key")],
    ids=["profile", "client", "key"],
)
async def test_what_cannot_be_connected_is_refused(
    app: FastAPI, client: httpx.AsyncClient, engine: AsyncEngine, settings: Settings, other: dict[str, Any], told: str
) -> None:
    code = await hospital(app, client)
    client_id = other.pop("client_id", "his-1")

    with pytest.raises(CommandRefused, match=told):
        await connect(engine, settings, asked(code, client_id, **other))


async def test_an_envelope_that_is_none_is_refused(engine: AsyncEngine, settings: Settings) -> None:
    with pytest.raises(CommandRefused, match="cannot be read"):
        await try_envelope(engine, settings, b"{", keep=False)
    with pytest.raises(CommandRefused, match="not connected"):
        await try_envelope(engine, settings, b'{"infno": "1901", "fixmedins_code": "H0"}', keep=False)
