"""Envelopes kept for support, with everything that names a person masked. Off unless an institution turns it on."""

import re
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.vault import mask_id_no, mask_name, mask_phone
from service.db import transaction_on
from service.ids import new_id
from service.nhsa.desk import Ground
from service.nhsa.model import Envelope, Institution
from service.nhsa.reference import Node, reference
from service.nhsa.tables import recorded

_NUMBERS: Final = frozenset({"certno", "mdtrt_cert_no", "card_sn", "cainfo", "dev_safe_info"})
_NAMES: Final = frozenset({"psn_name", "coner_name", "opter_name"})
_PHONES: Final = frozenset({"tel"})
_DROPPED: Final = frozenset({"in", "addr", "exp_content"})
_SHOWN: Final = "***"
_HEADER: Final = frozenset(
    {
        "infno", "msgid", "mdtrtarea_admvs", "insuplc_admdvs", "recer_sys_code", "dev_no", "dev_safe_info", "cainfo",
        "signtype", "infver", "opter_type", "opter", "opter_name", "inf_time", "fixmedins_code", "fixmedins_name",
        "sign_no", "enctype",
    }
)  # fmt: skip
_ID_NUMBER: Final = re.compile(r"(?<![0-9A-Za-z.])\d{17}[0-9Xx](?![0-9A-Za-z])", re.ASCII)
_MOBILE: Final = re.compile(r"(?<![0-9A-Za-z.])1[3-9]\d{9}(?![0-9A-Za-z.])", re.ASCII)


def known(envelope: Envelope) -> dict[str, Any]:
    """The fields that the reference names: what a client adds of its own may be anything, and is left out."""
    transaction = reference().get(envelope.infno)
    nodes = transaction.request if transaction else {}
    asked = {
        name: [_row(node, row) for row in (found if isinstance(found, list) else [found])]
        for name, found in envelope.input.items()
        for node in [nodes.get(name)]
        if node is not None
    }
    header: dict[str, Any] = {name: value for name, value in envelope.header.items() if name in _HEADER}
    return header | {"input": asked}


def _row(node: Node, row: Any) -> dict[str, Any]:
    return {name: row[name] for name in node.fields if name in row} if isinstance(row, dict) else {}


def masked(value: Any, name: str = "") -> Any:
    """A message without what names a person: numbers and names masked, addresses and files left out."""
    if isinstance(value, dict):
        return {key: masked(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(item, name) for item in value]
    if not isinstance(value, str) or not value:
        return value
    if name in _DROPPED:
        return _SHOWN
    if name in _NUMBERS:
        return mask_id_no(value)
    if name in _NAMES:
        return mask_name(value)
    if name in _PHONES:
        return mask_phone(value)
    value = _ID_NUMBER.sub(lambda match: mask_id_no(match[0]), value)
    return _MOBILE.sub(lambda match: mask_phone(match[0]), value)


async def record(ground: Ground, institution: Institution, envelope: Envelope, answer: bytes, *, at: datetime) -> None:
    """Keep a message and its answer, masked."""
    row = {
        "county_code": institution.county_code,
        "id": new_id(at),
        "fixmedins_code": institution.fixmedins_code,
        "infno": envelope.infno,
        "msgid": envelope.msgid,
        "at": at,
        "request": masked(known(envelope)),
        "answer": masked(orjson.loads(answer)),
    }
    async with transaction_on(ground.engine) as tx:
        await tx.execute(insert(recorded).values(row))


async def found(tx: AsyncConnection, institution: Institution, msgid: str | None, most: int) -> list[dict[str, Any]]:
    """The kept messages of an institution with their answers, newest first; of one msgid where one is named."""
    c = recorded.c
    query = select(c.at, c.infno, c.msgid, c.request, c.answer).where(
        c.county_code == institution.county_code, c.fixmedins_code == institution.fixmedins_code
    )
    if msgid is not None:
        query = query.where(c.msgid == msgid)
    rows = await tx.execute(query.order_by(c.id.desc()).limit(most))
    return [dict(row._mapping) | {"at": row.at.isoformat()} for row in rows]
