"""What every action of the registers has at hand: the transaction, the caller, the vault, the law, the time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.acting import Acting
from service.access.model import Caller
from service.access.vault import Vault
from service.registers.model import Author, Law


@dataclass(frozen=True, slots=True)
class Desk(Acting):
    tx: AsyncConnection
    caller: Caller
    vault: Vault
    law: Law
    now: datetime

    @classmethod
    def of(cls, request: Request, tx: AsyncConnection, caller: Caller) -> Self:
        state = request.app.state
        return cls(tx, caller, state.vault, state.packs, state.clock.now())

    def author(self, reason: str | None = None) -> Author:
        """The caller as the author of a change: the client and, where named, the person behind it."""
        by = "/".join(filter(None, (self.caller.client_id, self.caller.operator)))
        return Author(self.now, by, reason or "")
