"""Who imports, and with what: the same for a request and for the command line."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.access import audit
from service.access.model import Caller, Role
from service.access.vault import Vault
from service.clock import Clock
from service.policy.model import Packs
from service.registers.model import AID_CLASSES, Author

Progress = Callable[[int, int], None]
"""Told after each batch: the last row that was read, and how far into the file (bytes)."""


@dataclass(frozen=True, slots=True)
class Office:
    """A caller at work. Reading a file takes many short transactions, so it brings the engine, not one of them."""

    engine: AsyncEngine
    vault: Vault
    clock: Clock
    packs: Packs
    caller: Caller

    @property
    def county_code(self) -> str:
        return self.caller.county_code

    @property
    def role(self) -> Role:
        assert isinstance(self.caller.role, Role), "no guest uploads lists"
        return self.caller.role

    @property
    def allowed(self) -> frozenset[str] | None:
        """The classes that the caller may list; None: all."""
        return frozenset(AID_CLASSES) if self.caller.role is Role.PAYER else None

    @property
    def only_role(self) -> Role | None:
        """The role whose lists the caller may see and apply; None: everybody's."""
        return Role.PAYER if self.caller.role is Role.PAYER else None

    @property
    def by(self) -> str:
        return "/".join(filter(None, (self.caller.client_id, self.caller.operator)))

    def author(self, reason: str) -> Author:
        return Author(self.clock.now(), self.by, reason)

    async def note_shown(self, tx: AsyncConnection, person_nos: Iterable[str], roster_id: UUID) -> None:
        """Leave a row in the audit trail for each person whom a list's answer shows."""
        shown = ((self.county_code, person_no) for person_no in person_nos)
        at, told = self.clock.now(), str(roster_id)
        await audit.record_shown(tx, self.caller, "roster.show", shown, at=at, subject=told)

    async def note(self, tx: AsyncConnection, action: str, subject: str, at: datetime) -> None:
        """Leave a row in the audit trail."""
        await audit.record(
            tx, self.caller, action, at=at, person_no=None, county_code=self.county_code, subject=subject
        )
