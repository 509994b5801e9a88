"""
Each message once: (institution, infno, msgid) names it, the unique key makes the second wait for the first.

A message is taken at the start of its transaction and answered at its end, both or neither. Refusals are kept too, so
that a copy which arrives late cannot do what the caller was told was not done.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.vault import Vault
from service.db import Direct
from service.errors import Text
from service.nhsa.model import Institution
from service.nhsa.refusals import AnswerForgotten, MessageReused, MessageReversed
from service.nhsa.tables import messages

_TAKEN: Final = "taken"
DONE: Final = "done"
REFUSED: Final = "refused"
REVERSED: Final = "reversed"
ANSWERS_KEPT: Final = timedelta(days=30)
"""How long an answer is kept that proves no money (`retention`)."""


@dataclass(frozen=True, slots=True)
class Name:
    """What a message is known by."""

    institution: Institution
    infno: str
    msgid: str

    def row(self) -> dict[str, Any]:
        return {
            "county_code": self.institution.county_code,
            "fixmedins_code": self.institution.fixmedins_code,
            "infno": self.infno,
            "msgid": self.msgid,
        }

    def sealed(self, vault: Vault, answer: str) -> bytes:
        """An answer in the form in which it is kept."""
        return vault.encrypt(answer, bound_to=self.place)

    def is_it(self) -> list[Any]:
        return [messages.c[column] == value for column, value in self.row().items()]

    @property
    def place(self) -> str:
        """What its kept answer is sealed to."""
        return place_of_answer(self.institution.fixmedins_code, self.infno, self.msgid)


def place_of_answer(fixmedins_code: str, infno: str, msgid: str) -> str:
    """What the kept answer of a message is sealed to."""
    return f"nhsa:{fixmedins_code}:{infno}:{msgid}"


@dataclass(frozen=True, slots=True)
class Message:
    """A message as kept: what it did, to whom, and its first answer (text). `subject`: the visit or settlement."""

    outcome: str
    subject: UUID | None
    person_no: str | None
    answer: str | None
    body_hash: bytes | None


# Written out, as the statements of the discharge path are: every message asks it.
_TAKE: Final = Direct("""
    INSERT INTO nhsa_messages (county_code, fixmedins_code, infno, msgid, body_hash, outcome, at)
    VALUES (:county_code, :fixmedins_code, :infno, :msgid, :body_hash, :outcome, :at)
    ON CONFLICT DO NOTHING RETURNING true
""")


async def take(
    tx: AsyncConnection, vault: Vault, name: Name, body_hash: bytes | None, *, at: datetime, outcome: str = _TAKEN
) -> Message | None:
    """
    Take a message's name, waiting for another transaction that has it; or what is known of it already.

    `body_hash` None: on behalf of a reversal, which names a message without having seen it.
    """
    if await _TAKE.scalar(tx, name.row() | {"body_hash": body_hash, "outcome": outcome, "at": at}):
        return None
    c = messages.c
    query = select(c.outcome, c.subject, c.person_no, c.answer_enc, c.body_hash).where(*name.is_it()).with_for_update()
    row_ = (await tx.execute(query)).one()
    answer = None if row_.answer_enc is None else vault.decrypt(row_.answer_enc, bound_to=name.place)
    return Message(row_.outcome, row_.subject, row_.person_no, answer, row_.body_hash)


def first_answer(known: Message, body_hash: bytes) -> str:
    """The first answer to the same message. Raises MessageReversed, MessageReused and AnswerForgotten."""
    if known.body_hash is not None and known.body_hash != body_hash:
        raise MessageReused(
            Text(
                "该 msgid 已用于内容不同的报文；新的交易请使用新的 msgid。",
                "This msgid named another message: use a new one for a new message.",
            )
        )
    if known.outcome == DONE and known.answer is None:
        raise AnswerForgotten(
            Text(
                f"该报文早已办理，应答已超过 {ANSWERS_KEPT.days} 天保存期，不再重复办理；请以 5203、5303 查询结果。",
                f"This message was done; its answer was kept for {ANSWERS_KEPT.days} days. Ask for the result instead.",
            )
        )
    if known.outcome == REVERSED or known.answer is None:
        raise MessageReversed(
            Text(
                "该报文已被冲正(2601)，不再处理；如需办理请以新的 msgid 重新发送。",
                "This message was reversed by a 2601: send a new one with a msgid of its own.",
            )
        )
    return known.answer


async def keep(
    tx: AsyncConnection,
    vault: Vault,
    name: Name,
    outcome: str,
    answer: str,
    *,
    subject: UUID | None = None,
    person_no: str | None = None,
) -> None:
    """Keep the answer that is about to be given."""
    sealed = name.sealed(vault, answer)
    values = {"outcome": outcome, "answer_enc": sealed, "subject": subject, "person_no": person_no}
    await tx.execute(update(messages).where(*name.is_it()).values(values))


async def reverse(tx: AsyncConnection, name: Name, *, by: str) -> None:
    """From now on this message does nothing any more."""
    await tx.execute(update(messages).where(*name.is_it()).values(outcome=REVERSED, reversed_by=by))
