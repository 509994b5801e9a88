"""A hospital system that speaks the national interface: fills what the reference requires, and reads the answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import uuid4

import httpx

from service.nhsa.reference import Field, Node, faults, reference

CALL = "/fsi/api/rsfComIfsService/callService"
_PLAUSIBLE = {
    "mdtrt_cert_type": "02",
    "psn_cert_type": "01",
    "cert_type": "01",
    "insutype": "390",
    "med_type": "2101",
    "psn_setlway": "01",
    "acct_used_flag": "0",
    "mid_setl_flag": "0",
    "psn_type": "151",
    "insuplc_admdvs": "459901",
    "mdtrtarea_admvs": "459901",
    "dscg_way": "1",
    "diag_type": "1",
    "maindiag_flag": "1",
    "diag_code": "I10.x00",
    "diag_name": "高血压",
    "dscg_maindiag_code": "I10.x00",
    "dscg_maindiag_name": "高血压",
    "vali_flag": "1",
    "chrg_bchno": "B1",
    "clr_type": "21",
    "refl_type": "1",
    "fixmedins_type": "1",
}


def plausible(one: Field) -> Any:
    """A value of a required field that no test cares about."""
    if one.name in _PLAUSIBLE:
        return _PLAUSIBLE[one.name]
    if one.kind == "num":
        return 0
    if one.kind == "date":
        return "2018-06-01"
    if one.kind == "datetime":
        return "2018-06-01 08:00:00"
    return "1"


def filled(node: Node, given: Mapping[str, Any]) -> dict[str, Any]:
    """A row with every required field."""
    row = {name: plausible(one) for name, one in node.fields.items() if one.required}
    return row | dict(given)


def complete(infno: str, nodes: Mapping[str, Any]) -> dict[str, Any]:
    """An input with every required field of every node."""
    asked: dict[str, Any] = {}
    for node in reference()[infno].request.values():
        given = nodes.get(node.name, [{}] if node.rows else {})
        # Many systems send one object where rows are meant.
        several = isinstance(given, list)
        asked[node.name] = [filled(node, row) for row in given] if several else filled(node, given)
    return asked


def as_text(body: bytes | str) -> Any:
    """JSON with its numbers left as they stand."""
    return json.loads(body, parse_float=str, parse_int=str)


@dataclass
class His:
    """One hospital's system. `headers` signs; `base` may be another server of the same service."""

    client: httpx.AsyncClient
    code: str
    profile: str = "hunan-1.1.27"
    headers: Any = None
    base: str = ""
    told: list[tuple[str, dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    tag: str = field(default_factory=lambda: uuid4().hex[:14])
    serial: "count[int]" = field(default_factory=lambda: count(1))

    def msgid(self) -> str:
        return f"{self.code}{self.tag}{next(self.serial):04d}"

    def envelope(self, infno: str, asked: Mapping[str, Any], msgid: str | None = None) -> dict[str, Any]:
        return {
            "infno": infno,
            "msgid": msgid or self.msgid(),
            "mdtrtarea_admvs": "459901",
            "insuplc_admdvs": "459901",
            "recer_sys_code": "99",
            "dev_no": "null",
            "infver": "1.0.0",
            "opter_type": "1",
            "opter": "0001",
            "opter_name": "收费员甲",
            "inf_time": "2018-06-01 08:00:00",
            "fixmedins_code": self.code,
            "fixmedins_name": "测试医院",
            "sign_no": "",
            "input": asked,
        }

    async def post(self, envelope: Mapping[str, Any]) -> httpx.Response:
        body = json.dumps(envelope, ensure_ascii=False).encode()
        headers = {"content-type": "text/plain"} | (self.headers() if self.headers else {})
        return await self.client.post(f"{self.base}{CALL}", content=body, headers=headers)

    async def say(self, infno: str, *, msgid: str | None = None, **nodes: Any) -> dict[str, Any]:
        """Send a complete message; the answer must be well formed (HTTP 200, an envelope), whatever it says."""
        asked = complete(infno, nodes)
        response = await self.post(self.envelope(infno, asked, msgid))
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = as_text(response.content)
        assert answer["infcode"] in ("0", "-1"), answer
        assert len(answer["err_msg"]) <= 200
        self.told.append((infno, asked, answer))
        self.raw.append(response.content)
        return answer

    async def done(self, infno: str, *, msgid: str | None = None, **nodes: Any) -> dict[str, Any]:
        """As `say`; it must have been done. Gives the output, checked against the reference."""
        answer = await self.say(infno, msgid=msgid, **nodes)
        assert answer["infcode"] == "0", f"{infno}: {answer['err_msg']}"
        assert wrong_in(infno, "answer", answer["output"]) == []
        output: dict[str, Any] = answer["output"]
        return output

    async def refused(self, infno: str, *, msgid: str | None = None, **nodes: Any) -> str:
        """As `say`; it must have been refused. Gives the message."""
        answer = await self.say(infno, msgid=msgid, **nodes)
        assert answer["infcode"] == "-1", answer
        message: str = answer["err_msg"]
        assert any("\u4e00" <= letter <= "\u9fff" for letter in message), message
        return message


def wrong_in(infno: str, side: str, nodes: Mapping[str, Any]) -> list[str]:
    """What the generated validator finds in an input or an output."""
    transaction = reference()[infno]
    known = transaction.request if side == "request" else transaction.answer
    if "~" in known:
        nodes = {"~": nodes}
    found = [f"unknown node {name}" for name in nodes.keys() - known.keys()]
    for node in known.values():
        rows = nodes.get(node.name, [] if node.rows else {})
        if node.rows != isinstance(rows, list):
            found.append(f"{node.name}: rows or one")
            continue
        for row in rows if node.rows else [rows]:
            spelled = {
                name: value if isinstance(value, str) else str(value)
                for name, value in row.items()
                if value is not None
            }
            found += faults(node, spelled)
    return found
