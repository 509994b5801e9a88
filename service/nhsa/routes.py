"""The addresses of the national interface. Always HTTP 200 once a message is understood (interface §3)."""

import logging
from typing import Final

import orjson
from fastapi import Request
from starlette.responses import Response

from service.access.model import Role
from service.errors import Refusal
from service.nhsa.answers import Manner, refused, told_of
from service.nhsa.auth.doors import Doors
from service.nhsa.conversation import BUSY, FAILURES, body_hash_of, converse
from service.nhsa.desk import Ground
from service.nhsa.model import Envelope
from service.nhsa.reading import body_of, envelope_of
from service.nhsa.refusals import NotLetIn
from service.nhsa.registry import HANDLERS, PATHS
from service.wire.address import address_of
from service.wire.refusals import ServiceUnavailable
from service.wire.request_id import request_id_of
from service.wire.routing import Router

_logger = logging.getLogger("onestop.nhsa")

BASE: Final = "/fsi/api"
CALL: Final = f"{BASE}/rsfComIfsService/callService"
OPERATIONS: Final = {infno: f"nhsa_{infno}" for infno in HANDLERS}
"""By what name each transaction is counted: one address takes them all."""

# Not in the OpenAPI document: one address, many messages. openapi/nhsa.md describes them.
router = Router(include_in_schema=False)
_FOR: Final = {"x-roles": [Role.HOSPITAL.value]}


@router.post(CALL, summary="Any transaction (国家接口)", openapi_extra=_FOR)
async def call_service(request: Request) -> Response:
    """Any transaction; the envelope names it."""
    return await _exchange(request, None)


@router.post(f"{CALL}/{{infno}}", summary="A transaction by its number (国家接口)", openapi_extra=_FOR)
async def call_service_by_number(request: Request, infno: str) -> Response:
    """The transaction of the address."""
    return await _exchange(request, infno)


@router.post(
    f"{BASE}/{{service}}/{{method}}", summary="A transaction by its own address (国家接口)", openapi_extra=_FOR
)
async def call_named_service(request: Request, service: str, method: str) -> Response:
    """The transaction that an address of its own stands for, or what the envelope names at an unknown address."""
    return await _exchange(request, PATHS.get(f"{service}/{method}"))


async def _exchange(request: Request, infno: str | None) -> Response:
    state = request.app.state
    ground = Ground(state.engine, state.vault, state.clock, state.law, state.packs)
    doors: Doors = state.nhsa_doors
    at = ground.clock.now()
    try:
        envelope: Envelope = envelope_of(await body_of(request), infno)
        body_hash = body_hash_of(ground, envelope)
        institution = await doors.let_in(
            request.headers, envelope, ground.clock.source(), address=address_of(request), body_hash=body_hash
        )
        request.state.client_id = institution.client_id
        request.state.operation = OPERATIONS.get(envelope.infno)
    except NotLetIn as refusal:
        request.state.problem = refusal.code
        return _not_let_in(refusal, refused(told_of(refusal), Manner(), at))
    except Refusal as refusal:
        request.state.problem = refusal.code
        return _json(refused(told_of(refusal), Manner(), at))
    except FAILURES:
        request.state.problem = ServiceUnavailable.code
        _logger.exception("who calls could not be looked up")
        return _json(refused(BUSY, Manner(), at))
    answer = await converse(ground, institution, envelope, body_hash=body_hash, request_id=request_id_of(request.scope))
    request.state.problem = answer.problem
    if answer.is_file:
        return Response(answer.body, media_type="application/octet-stream")
    return _json(answer.body)


def _not_let_in(refusal: NotLetIn, envelope: bytes) -> Response:
    # The gateways answer `code` and `message` before any transaction; clients of the interface read infcode.
    body = {"code": refusal.status, "message": told_of(refusal), **orjson.loads(envelope)}
    return _json(orjson.dumps(body), refusal.status)


def _json(body: bytes, status: int = 200) -> Response:
    return Response(body, status, media_type="application/json")
