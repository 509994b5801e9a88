"""What every action of the room has at hand, and how one that commits somebody acts once."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

import orjson
from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.responses import Response

from service.access.acting import Acting
from service.access.model import Caller, Role
from service.access.vault import Vault
from service.claims.actions import Desk as ClaimsDesk
from service.clock import Clock
from service.events import store as events
from service.policy.library import Library
from service.policy.model import Clearing, Packs
from service.reconciliation.refusals import NoCalendar, PayerUnknown


@dataclass(frozen=True, slots=True)
class Desk(Acting):
    """The transaction, the caller, the law, the calendar. `engine` is for runs that are many transactions."""

    tx: AsyncConnection
    caller: Caller
    engine: AsyncEngine
    packs: Packs
    vault: Vault
    now: datetime

    @classmethod
    def of(cls, request: Request, tx: AsyncConnection, caller: Caller) -> Self:
        state = request.app.state
        return cls(tx, caller, state.engine, state.packs, state.vault, state.clock.now())

    @property
    def county_codes(self) -> list[str]:
        """Whose money the caller may see: a hospital treats people of every county, the others have their own."""
        if self.hospital_code is None:
            return [self.county_code]
        return sorted({county for pack in self.packs.packs for county in pack.county_codes})

    @property
    def payers(self) -> list[str] | None:
        """The payers whose money the caller may see; None for all."""
        return sorted(self.caller.payers) if self.caller.role == Role.PAYER else None

    @property
    def hospital_code(self) -> str | None:
        """The hospital whose money the caller may see; None for all."""
        return self.caller.hospital_code if self.caller.role == Role.HOSPITAL else None

    @property
    def claims(self) -> ClaimsDesk:
        """The desk at which settlements are changed, on the same law and at the same instant."""
        return ClaimsDesk(Library(self.packs), Clock(source=lambda: self.now), self.vault)

    def author(self) -> dict[str, Any]:
        return {"client_id": self.caller.client_id, "operator": self.caller.operator, "at": self.now}

    def clearing(self, payer: str, day: date) -> Clearing:
        """The calendar of a payer that the caller acts for. Raises payer.unknown and period.no_calendar."""
        named = self.packs.payer(self.county_code, payer, day)
        if named is None or (self.payers is not None and payer not in self.payers):
            raise PayerUnknown("/payer")
        if named.clearing is None:
            raise NoCalendar("/payer")
        return named.clearing

    async def tell(
        self, kind: str, subject: UUID, *, county_code: str, hospital_code: str, payer: str, **data: Any
    ) -> None:
        """Add a change of state to the events that both sides poll."""
        event = events.Event(county_code, self.now, kind, subject, hospital_code, payer, data or None)
        await events.add(self.tx, event)


def answered(body: Any, status: int = 200) -> Response:
    """An answer as JSON, written by the same writer as the answer that is kept."""
    return Response(body if isinstance(body, bytes) else orjson.dumps(body), status, media_type="application/json")
