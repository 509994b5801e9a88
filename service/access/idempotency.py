"""
The same request twice acts once (api.md, Conventions).

A route that moves money takes `attempt: Idempotent`. Its action calls `reserve` first, inside the transaction
of the request: it gives the first answer where there is one. Then it acts, and calls `keep` with the answer
it is about to give. A refusal rolls all of it back, so the same key may be tried again. The discharge path writes
the same row in its own statement instead (`claims.store`), to save a round trip.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from fastapi import Depends, Header, Request
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from service.access import answers
from service.access.model import Caller
from service.access.refusals import InProgress, KeyMissing, KeyReused
from service.access.tables import idempotency_answers, idempotency_keys
from service.access.vault import Vault
from service.errors import Text
from service.wire.problems import LOCK_NOT_AVAILABLE, sqlstate_of

LONGEST_KEY: Final = 255
RESERVE: Final = """
    INSERT INTO idempotency_keys (county_code, client_id, key, request_hash, result_id, created_at)
    VALUES (:client_county, :client_id, :request_key, :request_hash, :result_id, :reserved_at)
    ON CONFLICT DO NOTHING RETURNING true
"""
"""Takes a key, for a statement that does more: `reserve_values` are its values, no row: the key was used before."""
_RESERVE: Final = text(RESERVE)
_MISSING: Final = Text(
    f"请在 Idempotency-Key 头中给出本次请求的唯一编号（1 至 {LONGEST_KEY} 个可见 ASCII 字符），重试时使用同一编号。",
    f"Name this request in the Idempotency-Key header (1 to {LONGEST_KEY} visible ASCII characters); "
    f"repeat it with "
    "the same name when you try again.",
)
_REUSED: Final = Text(
    "该 Idempotency-Key 已用于内容不同的请求；新的请求请使用新的编号。",
    "This Idempotency-Key named a request with other content: use a new one for a new request.",
)
_IN_PROGRESS: Final = Text(
    "相同的请求正在处理中，请稍后以同一 Idempotency-Key 查询其结果。",
    "The same request is still being worked on: send it again in a moment, with the same key, for its answer.",
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a request: the caller's key, and a keyed hash of method, path and canonical body."""

    key: str
    request_hash: bytes


@dataclass(frozen=True, slots=True)
class Stored:
    """The first answer to the same request."""

    result_id: UUID
    status: int
    body: bytes

    def response(self) -> Response:
        """The same answer again, byte for byte."""
        return Response(self.body, self.status, {"Idempotent-Replayed": "true"}, media_type="application/json")


async def _attempt(
    request: Request,
    idempotency_key: Annotated[
        str,
        Header(
            alias="Idempotency-Key",
            description="Names this request, so that trying again does not act again: 1 to 255 visible ASCII "
            "characters, best a random UUID. Required. The same key and request give the first answer again, with "
            "`Idempotent-Replayed: true`.",
            json_schema_extra={
                "pattern": f"^[!-~]{{1,{LONGEST_KEY}}}$",
                "examples": ["0198c7a4-5c00-7000-8000-000000000001"],
            },
        ),
    ] = "",
) -> Attempt:
    key = idempotency_key
    if not 0 < len(key) <= LONGEST_KEY or not all("!" <= letter <= "~" for letter in key):
        raise KeyMissing(_MISSING)
    body = await request.body()
    canonical = orjson.dumps(await request.json(), option=orjson.OPT_SORT_KEYS) if body else b""
    asked = b"\x00".join([request.method.encode(), request.url.path.encode(), canonical])
    return Attempt(key, request.app.state.vault.fingerprint_bytes("request", asked))


Idempotent = Annotated[Attempt, Depends(_attempt)]
"""The dependency of a route that must act once: `attempt: Idempotent`."""


async def reserve(
    tx: AsyncConnection,
    caller: Caller,
    *,
    key: str,
    request_hash: bytes,
    result_id: UUID,
    at: datetime,
    vault: Vault | None = None,
) -> Stored | None:
    """
    Take the key for this request, or give the first answer to it. One round trip unless the key was used
    before.

    While another transaction holds the same key, this waits for it, up to the connection's lock timeout.
    Raises `idempotency.in_progress` when that takes too long and `idempotency.key_reused` for another
    request's key. With a `vault`, the first answer may have been kept sealed.
    """
    attempt = Attempt(key, request_hash)
    try:
        if await tx.scalar(_RESERVE, reserve_values(caller, attempt, result_id=result_id, at=at)):
            return None
    except DBAPIError as error:
        raise_if_in_progress(error)
        raise
    return await first_answer(tx, caller, attempt, vault)


def reserve_values(caller: Caller, attempt: Attempt, *, result_id: UUID, at: datetime) -> dict[str, Any]:
    return {
        "client_county": caller.county_code,
        "client_id": caller.client_id,
        "request_key": attempt.key,
        "request_hash": attempt.request_hash,
        "result_id": result_id,
        "reserved_at": at,
    }


def raise_if_in_progress(error: DBAPIError) -> None:
    """Raises `idempotency.in_progress` where a statement gave up waiting for a key that another request holds."""
    # The driver's own error says in which table it waited; SQLAlchemy's is wrapped around it.
    assert error.orig is not None
    waited = str(getattr(error.orig.__cause__ or error.orig, "context", ""))
    if sqlstate_of(error) == LOCK_NOT_AVAILABLE and idempotency_keys.name in waited:
        raise InProgress(_IN_PROGRESS, headers={"Retry-After": "1"}) from None


async def first_answer(tx: AsyncConnection, caller: Caller, attempt: Attempt, vault: Vault | None = None) -> Stored:
    """
    The first answer to a request whose key was used before. Raises `idempotency.key_reused` for another request's key.
    """
    keys, kept = idempotency_keys.c, idempotency_answers.c
    query: Any = (
        select(keys.request_hash, keys.result_id, kept.status, kept.body, kept.body_enc)
        .join_from(
            idempotency_keys,
            idempotency_answers,
            (keys.county_code == kept.county_code) & (keys.result_id == kept.result_id),
        )
        .where(keys.county_code == caller.county_code, keys.client_id == caller.client_id, keys.key == attempt.key)
    )
    first = (await tx.execute(query)).one()
    if first.request_hash != attempt.request_hash:
        raise KeyReused(_REUSED)
    if first.body is not None:
        return Stored(first.result_id, first.status, answers.decompress(first.body))
    assert vault is not None, "the room that keeps its answers sealed opens them"
    opened = vault.decrypt(first.body_enc, bound_to=place_of_answer(first.result_id))
    return Stored(first.result_id, first.status, opened.encode())


def place_of_answer(result_id: UUID) -> str:
    """What a sealed answer is bound to."""
    return f"idempotency_answers:{result_id}"


async def keep(
    tx: AsyncConnection,
    caller: Caller,
    *,
    result_id: UUID,
    status: int,
    body: bytes,
    at: datetime,
    vault: Vault | None = None,
) -> None:
    """
    Keep the answer of a reserved request, in the same transaction. Only successes are kept.

    With a `vault` it is sealed: an answer in which somebody tells about themselves.
    """
    sealed = None if vault is None else vault.encrypt(body.decode(), bound_to=place_of_answer(result_id))
    await tx.execute(
        insert(idempotency_answers).values(
            county_code=caller.county_code,
            result_id=result_id,
            status=status,
            body=answers.compress(body) if sealed is None else None,
            body_enc=sealed,
            created_at=at,
        )
    )
