"""Envelopes kept for support, with everything that names a person masked. Off unless an institution turns it on."""

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
from service.nhsa.tables import recorded

_NUMBERS: Final = frozenset({"certno", "mdtrt_cert_no", "card_sn", "cainfo", "dev_safe_info"})
_NAMES: Final = frozenset({"psn_name", "coner_name", "opter_name"})
_PHONES: Final = frozenset({"tel"})
_DROPPED: Final = frozenset({"in", "addr", "exp_content"})
_SHOWN: Final = "***"


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
    return mask_phone(value) if name in _PHONES else value


async def record(ground: Ground, institution: Institution, envelope: Envelope, answer: bytes, *, at: datetime) -> None:
    """Keep a message and its answer, masked."""
    row = {
        "county_code": institution.county_code,
        "id": new_id(at),
        "fixmedins_code": institution.fixmedins_code,
        "infno": envelope.infno,
        "msgid": envelope.msgid,
        "at": at,
        "request": masked({**envelope.header, "input": envelope.input}),
        "answer": masked(orjson.loads(answer)),
    }
    async with transaction_on(ground.engine) as tx:
        await tx.execute(insert(recorded).values(row))


async def found(tx: AsyncConnection, institution: Institution, msgid: str) -> list[tuple[dict[str, Any], Any]]:
    """The kept messages of a msgid with their answers, oldest first."""
    c = recorded.c
    query = select(c.request, c.answer).where(
        c.county_code == institution.county_code,
        c.fixmedins_code == institution.fixmedins_code,
        c.msgid == msgid,
    )
    return [(row.request, row.answer) for row in await tx.execute(query.order_by(c.id))]
