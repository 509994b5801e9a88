"""
One message from its bytes to its answer. Whatever happens the caller hears infcode 0 or -1 and what to do.

A message that changes something is taken, done and answered in one transaction; a refusal rolls that back and is kept
in one of its own, unless a copy of the message got through meanwhile: then its answer is the answer.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.model import Caller, Role
from service.db import EVERY_COUNTY, seeing, transaction_on
from service.errors import Refusal, Text
from service.nhsa import messages, recorder
from service.nhsa.answers import Manner, accepted, refused, told_of
from service.nhsa.checks import check_envelope, checked
from service.nhsa.desk import Desk, Done, Ground, Handler
from service.nhsa.messages import Name
from service.nhsa.model import Envelope, Institution
from service.nhsa.profiles import Profile, profiles
from service.nhsa.reference import reference
from service.nhsa.refusals import AnswerForgotten, InputInvalid, MessageReused, MessageReversed
from service.nhsa.registry import HANDLERS
from service.nhsa.transactions.sign import SIGNING, refuse_signed_out
from service.wire.problems import refusal_of
from service.wire.refusals import Internal, ServiceBusy, ServiceUnavailable

_logger = logging.getLogger("onestop.nhsa")

_LONGEST_OPERATOR: Final = 64
_SERVER_ERRORS: Final = 500
BUSY: Final = "系统繁忙，本次请求未产生新的办理；请稍候以同一报文(msgid 不变)重发，即得办理结果。"
_TRIES: Final = 3
_LOST: Final = "系统暂时不可用，办理结果未知；请稍候以同一报文(msgid 不变)重发，或以 2601 冲正。"
_FAULT: Final = "系统内部错误，本次交易未办理；请将机构编号与 msgid 告知医保经办机构后重试。"
FAILURES: Final = (DBAPIError, PoolTimeoutError, OSError)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: an envelope, or a file as it is. `problem`: a refusal's code, which the wire has no place for."""

    body: bytes
    is_file: bool = False
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A message whose sender is known."""

    ground: Ground
    institution: Institution
    profile: Profile
    envelope: Envelope
    body_hash: bytes
    request_id: str
    at: datetime

    @property
    def manner(self) -> Manner:
        return Manner.of(self.institution, self.profile)

    @property
    def name(self) -> Name:
        return Name(self.institution, self.envelope.infno, self.envelope.msgid)


async def converse(
    ground: Ground, institution: Institution, envelope: Envelope, *, body_hash: bytes, request_id: str
) -> Answer:
    """Do what a message asks, once, and answer."""
    profile = profiles()[institution.profile]
    at = ground.clock.now()
    asked = _Asked(ground, institution, profile, envelope, body_hash, request_id, at)
    with seeing(EVERY_COUNTY):
        answer = await _whatever_happens(asked)
        if institution.recorded and not answer.is_file:
            await _record(asked, answer)
    return answer


async def _whatever_happens(asked: _Asked) -> Answer:
    try:
        return await _answered(asked)
    except Refusal as refusal:
        return Answer(refused(told_of(refusal), asked.manner, asked.at), problem=refusal.code)
    except FAILURES as error:
        told = _told_of_failure(error)
        return Answer(refused(told, asked.manner, asked.at), problem=(refusal_of(error) or Internal).code)
    except Exception:
        _logger.exception("unexpected failure", extra={"onestop_fields": {"infno": asked.envelope.infno}})
        return Answer(refused(_FAULT, asked.manner, asked.at), problem=Internal.code)


async def _record(asked: _Asked, answer: Answer) -> None:
    try:
        await recorder.record(asked.ground, asked.institution, asked.envelope, answer.body, at=asked.at)
    except Exception:
        # What was done is done: a recorder that fails must not take its answer away.
        _logger.exception("an envelope was not recorded")


async def _answered(asked: _Asked) -> Answer:
    handler = HANDLERS.get(asked.envelope.infno)
    if handler is None:
        raise InputInvalid(
            Text(
                f"不支持的交易编号 {asked.envelope.infno[:20]}，请核对 infno；支持的交易见接口说明。",
                "This infno is not supported: the guide lists those that are.",
            )
        )
    check_envelope(asked.envelope)
    if not handler.keeps:
        return await _looked_up(asked, handler)
    try:
        return Answer((await _done_patiently(asked, handler)).encode())
    except (AnswerForgotten, MessageReused, MessageReversed):
        raise
    except Refusal as refusal:
        if refusal_is_passing(refusal):
            raise
        return Answer((await _refused_once(asked, told_of(refusal))).encode(), problem=refusal.code)


def refusal_is_passing(refusal: Refusal) -> bool:
    """Whether trying again as it is may succeed: then it is not kept."""
    return refusal.status >= _SERVER_ERRORS or refusal.code == "idempotency.in_progress"


async def _looked_up(asked: _Asked, handler: Handler) -> Answer:
    async with transaction_on(asked.ground.engine) as tx:
        done = await _acted(asked, tx, handler)
    if done.file is not None:
        return Answer(done.file, is_file=True)
    return Answer(_written(asked, done))


async def _done_patiently(asked: _Asked, handler: Handler) -> str:
    """
    As `_done_once`, waiting longer for others than one statement does.

    A copy that waits for its own first must not be told that nothing was done while that one still may do it.
    """
    for _ in range(_TRIES - 1):
        try:
            return await _done_once(asked, handler)
        except DBAPIError as error:
            refusal = refusal_of(error)
            if refusal is None or refusal.code != ServiceBusy.code:
                raise
    return await _done_once(asked, handler)


async def _done_once(asked: _Asked, handler: Handler) -> str:
    vault = asked.ground.vault
    async with transaction_on(asked.ground.engine) as tx:
        known = await messages.take(tx, vault, asked.name, asked.body_hash, at=asked.at)
        if known is not None:
            return messages.first_answer(known, asked.body_hash)
        done = await _acted(asked, tx, handler)
        answer = _written(asked, done).decode()
        if done.keep is not None:
            await done.keep(asked.name.sealed(vault, answer))
        else:
            await messages.keep(
                tx, vault, asked.name, messages.DONE, answer, subject=done.subject, person_no=done.person_no
            )
    return answer


async def _refused_once(asked: _Asked, message: str) -> str:
    vault = asked.ground.vault
    answer = refused(message, asked.manner, asked.at).decode()
    async with transaction_on(asked.ground.engine) as tx:
        known = await messages.take(tx, vault, asked.name, asked.body_hash, at=asked.at)
        if known is not None:
            return messages.first_answer(known, asked.body_hash)
        await messages.keep(tx, vault, asked.name, messages.REFUSED, answer)
    return answer


def _told_of_failure(error: Exception) -> str:
    """
    What to say after the database failed: only that nothing was done if that is sure.

    A commit whose answer was lost may have happened; whoever asks again with the same message is told.
    """
    refusal = refusal_of(error)
    if refusal is None:
        _logger.error("unexpected failure", exc_info=error)
        return _FAULT
    return _LOST if refusal.code == ServiceUnavailable.code else BUSY


async def _acted(asked: _Asked, tx: AsyncConnection, handler: Handler) -> Done:
    desk = _desk(asked, tx)
    if asked.profile.sign_in and asked.envelope.infno not in SIGNING:
        await refuse_signed_out(desk)
    return await handler.act(desk)


def _desk(asked: _Asked, tx: AsyncConnection) -> Desk:
    transaction = reference()[asked.envelope.infno]
    clean = checked(transaction, asked.envelope.input, asked.profile)
    return Desk(tx, asked.ground, asked.institution, asked.profile, asked.envelope, _caller(asked), clean, asked.at)


def _caller(asked: _Asked) -> Caller:
    header: Mapping[str, str] = asked.envelope.header
    operator = header.get("opter_name") or header.get("opter")
    return Caller(
        client_id=asked.institution.client_id,
        role=Role.HOSPITAL,
        county_code=asked.institution.county_code,
        hospital_code=asked.institution.hospital_code,
        payers=frozenset(),
        township_code=None,
        operator=operator[:_LONGEST_OPERATOR] if operator else None,
        request_id=asked.request_id,
    )


def _written(asked: _Asked, done: Done) -> bytes:
    return accepted(reference()[asked.envelope.infno], done.output, asked.manner, asked.at)


def body_hash_of(ground: Ground, envelope: Envelope) -> bytes:
    """What makes two messages the same: what they ask, not when or how they were sent."""
    file = envelope.file or b""
    asked = orjson.dumps([envelope.infno, envelope.fixmedins_code, envelope.input], option=orjson.OPT_SORT_KEYS)
    return ground.vault.fingerprint_bytes("nhsa message", asked + b"\x00" + file)
