"""What every action of the room has at hand."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
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
from service.claims import records
from service.claims.model import Record
from service.events import store as events
from service.events.store import Event
from service.ids import new_id
from service.objections.model import Objection
from service.objections.store import View
from service.policy.model import Packs


@dataclass(frozen=True, slots=True)
class Desk:
    """The transaction, the caller, the law, the calendar. `person_no`: whose session it is, of a patient."""

    tx: AsyncConnection
    caller: Caller
    packs: Packs
    vault: Vault
    now: datetime
    person_no: str | None = None

    @classmethod
    def of(cls, request: Request, tx: AsyncConnection, caller: Caller, person_no: str | None = None) -> Self:
        state = request.app.state
        return cls(tx, caller, state.packs, state.vault, state.clock.now(), person_no)

    @property
    def today(self) -> date:
        return self.now.date()

    @property
    def view(self) -> View:
        """Whose objections the caller may see: a hospital those it filed, a patient those about their own bills."""
        if self.caller.role == Role.HOSPITAL:
            return View(self.caller.county_code, hospital_code=self.caller.hospital_code)
        return View(self.caller.county_code, person_no=self.person_no)

    async def settlement(self, settlement_id: UUID) -> Record | None:
        """A settlement that the caller may object to: their own, no reversal."""
        hospital = self.caller.hospital_code if self.caller.role == Role.HOSPITAL else None
        view = records.View(self.caller.county_code, hospital_code=hospital)
        record = await records.find(self.tx, settlement_id, view)
        if record is None or record.reversal_of is not None:
            return None
        return None if self.person_no not in (None, record.person_no) else record

    async def note(self, action: str, *, county_code: str, person_no: str | None, subject: UUID | None = None) -> None:
        """Leave a row in the audit trail."""
        told = None if subject is None else str(subject)
        await audit.record(
            self.tx, self.caller, action, at=self.now, person_no=person_no, county_code=county_code, subject=told
        )

    async def tell(self, kind: str, objection: Objection, **data: Any) -> None:
        """Tell the hospital that filed an objection what became of it. Of those of patients no hospital is told."""
        if objection.filed_by != Role.HOSPITAL:
            return
        told = {"settlement_id": str(objection.settlement_id)} | data
        county_code, hospital_code = objection.county_code, objection.hospital_code
        await events.add(self.tx, Event(county_code, self.now, kind, objection.id, hospital_code, None, told))

    async def note_shown(self, action: str, shown: Iterable[Objection]) -> None:
        """Leave a row in the audit trail for each person whose objection is shown."""
        persons = ((each.county_code, each.person_no) for each in shown)
        await audit.record_shown(self.tx, self.caller, action, persons, at=self.now)

    async def once(self, attempt: Attempt, act: Callable[[], Awaitable[Any]], status: int) -> Response:
        """Act once per key. Patients share a client: each one's keys are apart. Answers are kept sealed."""
        if self.person_no is not None:
            attempt = replace(attempt, key=f"{self.person_no}/{attempt.key}")
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
