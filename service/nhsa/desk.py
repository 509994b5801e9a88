"""What a transaction has at hand: the database, the institution, the law, the calendar, and what was asked."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.access import audit
from service.access.model import Caller
from service.access.vault import Vault
from service.claims.actions import Desk as ClaimsDesk
from service.clock import Clock
from service.nhsa.model import Envelope, Input, Institution
from service.nhsa.profiles import Profile
from service.policy.library import Library
from service.policy.model import Packs
from service.registers.desk import Desk as RegistersDesk


@dataclass(frozen=True, slots=True)
class Ground:
    """What every message stands on, one per process."""

    engine: AsyncEngine
    vault: Vault
    clock: Clock
    law: Library
    packs: Packs


@dataclass(frozen=True, slots=True)
class Desk:
    """One message being worked on, in its transaction. `input` is checked and in one spelling."""

    tx: AsyncConnection
    ground: Ground
    institution: Institution
    profile: Profile
    envelope: Envelope
    caller: Caller
    input: Input
    now: datetime

    @property
    def today(self) -> date:
        return self.now.date()

    @property
    def claims(self) -> ClaimsDesk:
        return ClaimsDesk(self.ground.law, self.ground.clock, self.ground.vault)

    def registers(self, county_code: str) -> RegistersDesk:
        """The registers' desk in a person's county: a hospital treats people of every county."""
        caller = replace(self.caller, county_code=county_code)
        return RegistersDesk(self.tx, caller, self.ground.vault, self.ground.packs, self.now)

    async def note(self, action: str, *, person_no: str | None = None, subject: UUID | None = None) -> None:
        """Leave a row in the audit trail."""
        await audit.record(
            self.tx,
            self.caller,
            action,
            at=self.now,
            person_no=person_no,
            county_code=self.institution.county_code,
            subject=None if subject is None else str(subject),
        )


@dataclass(frozen=True, slots=True)
class Done:
    """
    What a transaction did: its output, and what a reversal would need to know of it.

    `file` is answered as it is, in place of an envelope (9102). `keep`: what is still to be written, together with the
    sealed answer: a settlement does both in one statement, as discharges wait for it.
    """

    output: Mapping[str, Any] = field(default_factory=dict)
    subject: UUID | None = None
    person_no: str | None = None
    file: bytes | None = None
    keep: Callable[[bytes], Awaitable[None]] | None = None


Act = Callable[[Desk], Awaitable[Done]]


@dataclass(frozen=True, slots=True)
class Handler:
    """How a transaction is done. `keeps`: it changes something, so each message acts once and its answer is kept."""

    act: Act
    keeps: bool = True
