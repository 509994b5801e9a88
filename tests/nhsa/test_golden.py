"""
For each transaction a golden request and answer, by both profiles, held against the field reference by the validator.

They are the examples of the guide (`openapi/nhsa/<profile>/<infno>.json`). After a wanted change of the wire:
`ONESTOP_WRITE_GOLDEN=1 pytest tests/nhsa/test_golden.py`, and read the difference.
"""

import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI

from service.access.model import Role
from service.clock import Clock
from service.nhsa.profiles import profiles
from service.nhsa.reference import reference
from service.nhsa.registry import HANDLERS
from tests.access.callers import headers_of
from tests.cases.county import County
from tests.claims.world import caller
from tests.nhsa.his import His, wrong_in
from tests.nhsa.hospital import connect
from tests.nhsa.tour import tour

GOLDEN = Path(__file__).parents[2] / "openapi" / "nhsa"
_ID = re.compile(r"\b(?:ZZ)?[0-9A-HJKMNP-TV-Z]{26}\b")
_NOW = datetime(2018, 6, 15, 2, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock(source=lambda: _NOW)


def steady(text: str, names: dict[str, str]) -> str:
    """Ids are made anew each time: the first is 1, the second 2."""
    return _ID.sub(lambda found: names.setdefault(found[0], f"{len(names) + 1:026d}"), text)


async def spoken(app: FastAPI, client: httpx.AsyncClient, profile: str) -> His:
    agency = caller(client, await headers_of(app, Role.AGENCY))
    county = County(agency)
    code, other = await county.hospital("level2", "county"), await county.hospital("level3_city", "city")
    await connect(app, code, profile=profile)
    his = His(client, code, profile, tag="20180615100000")
    await tour(his, county, other)
    return his


@pytest.mark.parametrize("profile", sorted(profiles()))
async def test_every_transaction_is_as_its_golden_example(
    app: FastAPI, client: httpx.AsyncClient, profile: str
) -> None:
    his = await spoken(app, client, profile)

    assert {infno for infno, _, _ in his.told} == set(HANDLERS) == set(reference())
    names: dict[str, str] = {}
    kept: dict[str, Any] = {}
    for (infno, asked, _), raw in zip(his.told, his.raw, strict=True):
        text = steady(json.dumps(asked, ensure_ascii=False), names)
        answer = json.loads(steady(raw.decode(), names), parse_float=orjson.Fragment)
        answer.pop("inf_refmsgid", None)
        kept.setdefault(infno, {"infno": infno, "input": json.loads(text), "answer": answer})
    kept["3201"]["input"]["data"].pop("refd_setl_flag")
    kept["9101"]["input"]["fsuploadin"]["in"] = "（压缩文件的 Base64）"
    for infno, example in kept.items():
        assert wrong_in(infno, "request", example["input"]) == []
        path = GOLDEN / profile / f"{infno}.json"
        written = orjson.dumps(example, option=orjson.OPT_INDENT_2) + b"\n"
        if os.environ.get("ONESTOP_WRITE_GOLDEN"):
            path.parent.mkdir(exist_ok=True, parents=True)
            path.write_bytes(written)
        assert path.read_bytes() == written, f"{path.name}: see the head of this file"


def test_the_validator_notices_a_missing_a_long_and_an_unknown_field() -> None:
    good = {"signinoutb": {"sign_time": "2018-06-01", "sign_no": "1"}}

    assert wrong_in("9001", "answer", good) == []
    assert wrong_in("9001", "answer", {"signinoutb": {"sign_time": "2018-06-01"}})
    assert wrong_in("9001", "answer", {"signinoutb": {"sign_time": "1 June", "sign_no": "1"}})
    assert wrong_in("9001", "answer", {"signinoutb": {"sign_time": "2018-06-01", "sign_no": "1" * 31}})
    assert wrong_in("9001", "answer", {"signinoutb": {**good["signinoutb"], "other": "1"}})
