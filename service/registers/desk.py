"""What every action of the registers has at hand: the transaction, the caller, the vault, the law, the time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access import audit
from service.access.model import Caller
from service.access.vault import Vault
from service.registers.model import Author, Law


@dataclass(frozen=True, slots=True)
class Desk:
    tx: AsyncConnection
    caller: Caller
    vault: Vault
    law: Law
    now: datetime

    @classmethod
    def of(cls, request: Request, tx: AsyncConnection, caller: Caller) -> Self:
        state = request.app.state
        return cls(tx, caller, state.vault, state.packs, state.clock.now())

    @property
    def today(self) -> date:
        return self.now.date()

    @property
    def county_code(self) -> str:
        return self.caller.county_code

    def author(self, reason: str | None = None) -> Author:
        """The caller as the author of a change: the client and, where named, the person behind it."""
        by = "/".join(filter(None, (self.caller.client_id, self.caller.operator)))
        return Author(self.now, by, reason or "")

    async def note(self, action: str, *, person_no: str | None = None, subject: str | None = None) -> None:
        """Leave a row in the audit trail."""
        await audit.record(
            self.tx,
            self.caller,
            action,
            at=self.now,
            person_no=person_no,
            county_code=self.county_code,
            subject=subject,
        )

    async def note_shown(self, action: str, person_nos: Iterable[str]) -> None:
        """Leave a row in the audit trail for each of the county's persons whom an answer shows."""
        shown = ((self.county_code, person_no) for person_no in person_nos)
        await audit.record_shown(self.tx, self.caller, action, shown, at=self.now)
