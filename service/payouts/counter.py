"""What every action at the agency's and the townships' counters has at hand."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.acting import Acting
from service.access.model import Caller, Role
from service.access.vault import Vault
from service.claims.actions import Desk
from service.payouts.refusals import OperatorMissing, SamePerson
from service.policy.to_patients import ToPatients
from service.registers.persons import store as persons


@dataclass(frozen=True, slots=True)
class Counter(Acting):
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
    def vault(self) -> Vault:
        return self.desk.vault

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

    def check_named(self) -> None:
        """Raises payout.operator_missing where nobody is named."""
        if self.caller.operator is None:
            raise OperatorMissing("/X-Operator")

    def check_second(self, client_id: str, operator: str | None) -> None:
        """Raises payout.operator_missing, and payout.same_person beside whoever began it."""
        self.check_named()
        if not self.caller.is_another_than(client_id, operator):
            raise SamePerson("/X-Operator")
