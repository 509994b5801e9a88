"""What every action at the agency's and the townships' counters has at hand."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

import orjson
from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from service.access import audit, idempotency
from service.access.idempotency import Attempt
from service.access.model import Caller, Role
from service.access.vault import Vault
from service.claims.actions import Desk
from service.ids import new_id
from service.payouts.refusals import OperatorMissing
from service.policy.to_patients import ToPatients
from service.registers.persons import store as persons


@dataclass(frozen=True, slots=True)
class Counter:
    """The transaction, the caller, the law and the keys, and the one moment at which everything happens."""

    tx: AsyncConnection
    caller: Caller
    desk: Desk
    now: datetime

    @classmethod
    def of(cls, request: Request, tx: AsyncConnection, caller: Caller) -> Self:
        state = request.app.state
        return cls(tx, caller, Desk(state.law, state.clock, state.vault), state.clock.now())

    @property
    def today(self) -> date:
        return self.now.date()

    @property
    def vault(self) -> Vault:
        return self.desk.vault

    @property
    def county_code(self) -> str:
        return self.caller.county_code

    @property
    def township_code(self) -> str | None:
        """The township whose people alone the caller may see; None sees the whole county's."""
        return self.caller.township_code if self.caller.role == Role.TOWNSHIP else None

    @property
    def rules(self) -> ToPatients:
        return self.desk.law.packs.to_patients(self.county_code, self.today)

    async def is_own(self, person_no: str) -> bool:
        """Whether a person of the county is one whom the caller may act for."""
        if self.township_code is None:
            return True
        person = await persons.person(self.tx, self.vault, self.county_code, person_no)
        return person is not None and person.township_code == self.township_code

    def named(self) -> tuple[str, str]:
        """The client and the person behind it. Raises payout.operator_missing where nobody is named."""
        if self.caller.operator is None:
            raise OperatorMissing("/X-Operator")
        return self.caller.client_id, self.caller.operator

    async def note(self, action: str, *, person_no: str | None = None, subject: UUID | None = None) -> None:
        """Leave a row in the audit trail."""
        await audit.record(
            self.tx,
            self.caller,
            action,
            at=self.now,
            person_no=person_no,
            county_code=self.county_code,
            subject=None if subject is None else str(subject),
        )

    async def note_shown(self, action: str, person_nos: Iterable[str]) -> None:
        """Leave a row for each person whom a list shows."""
        shown = ((self.county_code, person_no) for person_no in person_nos)
        await audit.record_shown(self.tx, self.caller, action, shown, at=self.now)

    async def once(self, attempt: Attempt, act: Callable[[], Awaitable[Any]], status: int) -> Response:
        """Act once per key: the answer, or the first one. Answers tell of people, and are kept sealed."""
        result_id = new_id(self.now)
        first = await idempotency.reserve(
            self.tx,
            self.caller,
            key=attempt.key,
            request_hash=attempt.request_hash,
            result_id=result_id,
            at=self.now,
            vault=self.vault,
        )
        if first is not None:
            return first.response()
        body = orjson.dumps(await act())
        await idempotency.keep(
            self.tx, self.caller, result_id=result_id, status=status, body=body, at=self.now, vault=self.vault
        )
        return Response(body, status, media_type="application/json")
