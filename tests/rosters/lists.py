"""Rosters for tests: people of the demo county as an office would list them."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import httpx

from tests.registers.examples import id_no
from tests.sheets.files import csv_file

HEADER = ["姓名", "身份证号码", "人员类别", "认定日期"]


def listed(number: int, name: str = "张小三", word: str = "建档立卡", since: str = "") -> list[str]:
    return [name, id_no(number), word, since]


def roster_csv(*rows: Sequence[Any], header: Sequence[str] = HEADER, encoding: str = "utf-8-sig") -> bytes:
    return csv_file([header, *rows], encoding)


async def upload(client: httpx.AsyncClient, headers: dict[str, str], content: bytes, **fields: str) -> httpx.Response:
    said = {"kind": "changes", "source": "扶贫办", "as_of": "2018-06-01", **fields}
    name = said.pop("filename", "名单.csv")
    return await client.post(
        "/v1/rosters",
        data=said,
        files={"file": (name, content)},
        headers=headers | {"Accept-Language": "en", "Idempotency-Key": str(uuid4())},
    )
