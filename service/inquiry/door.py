"""
The way in: a query code and the last six of the identity number (api.md, Patients).

Who guesses meets three things. A code takes a few wrong tries and then stays shut for a while, from wherever they
come, whether it exists or not. An address has some tries of its own; beyond them it draws on a budget that all
addresses share, and beyond that it gets one try a minute. And a code has eleven random digits. Right answers use
nothing up, so a village behind one address comes in however many it is, also while somebody there is guessing.
"""

import hmac
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.access import audit
from service.access.limits import Limit, Limiter, Tried
from service.access.vault import Vault
from service.claims import codes
from service.claims.codes import LedTo
from service.db import EVERY_COUNTY, seeing, transaction_on
from service.inquiry.refusals import SessionLocked, SessionRefused
from service.inquiry.session import Session
from service.registers.entries import BankAccount, Person
from service.registers.persons import store as persons
from service.registers.persons.sealing import opened, sealed
from service.wire.address import Address, neighbourhood

_HOUR: Final = timedelta(hours=1)
PER_CODE: Final = (Limit("patient.code", 5, _HOUR), Limit("patient.code.month", 10, timedelta(days=30)))
PER_ADDRESS: Final = Limit("patient.address", 20, _HOUR)
TOGETHER: Final = Limit("patient.together", 20_000, _HOUR)
ONE_A_MINUTE: Final = Limit("patient.slow", 1, timedelta(minutes=1))

LAST: Final = 6
SHORTEST: Final = 4
_NOBODY: Final = LedTo("000000", "-", UUID(int=0), 0)
_DECOY: Final = Person(
    county_code=_NOBODY.county_code,
    person_no=_NOBODY.person_no,
    name="-",
    id_no="-",
    social_card_no="-",
    phone="-",
    bank_account=BankAccount("-", "-", "-"),
)


@dataclass(frozen=True, slots=True)
class Door:
    """What letting somebody in takes. Each count of a try is a transaction of its own."""

    engine: AsyncEngine
    vault: Vault
    limiter: Limiter
    now: datetime

    async def enter(self, code: str, last_six: str, *, address: Address | None, request_id: str, at: datetime) -> LedTo:
        """
        What a code leads to, for whoever knows the last six of the person's number too.

        Raises patient.refused, or patient.locked after too many tries; neither tells which half was wrong. `at` is
        the machine's own time: a sandbox's calendar may stand elsewhere.
        """
        of_code = tuple(limit.of(code) for limit in PER_CODE)
        wait = await self.limiter.take(*of_code, at=at)
        if wait is not None:
            raise SessionLocked.for_the_next(wait)
        neighbours = PER_ADDRESS.of(neighbourhood(address))
        guessing = await self.limiter.take(neighbours, at=at)
        of_address = neighbours if guessing is None else await self._slow_down(address, guessing, at)

        # Whose county it is, is what the code has to tell.
        with seeing(EVERY_COUNTY):
            found = await self._look(code, last_six, request_id)
        if found is None:
            raise SessionLocked.for_the_next(guessing) if guessing is not None else SessionRefused.plainly()

        await self.limiter.give_back(*of_code, of_address, at=at)
        return found

    async def _look(self, code: str, last_six: str, request_id: str) -> LedTo | None:
        async with transaction_on(self.engine) as tx:
            found = await self._matching(tx, code, last_six)
            if found is not None:
                await audit.record(
                    tx,
                    Session(*found).caller(request_id),
                    "patient.session",
                    at=self.now,
                    person_no=found.person_no,
                    county_code=found.county_code,
                    subject=str(found.settlement_id),
                )
        return found

    async def _slow_down(self, address: Address | None, guessing: timedelta, at: datetime) -> Tried:
        waits = [guessing]
        for allowed in (TOGETHER.of(""), ONE_A_MINUTE.of(neighbourhood(address))):
            wait = await self.limiter.take(allowed, at=at)
            if wait is None:
                return allowed
            waits.append(wait)
        raise SessionLocked.for_the_next(min(waits))

    async def _matching(self, tx: AsyncConnection, code: str, last_six: str) -> LedTo | None:
        """As much work for a code that leads nowhere as for one that leads to somebody else."""
        shown, matching = plain(last_six), None
        decoy = sealed(self.vault, _DECOY)
        for each in await codes.led_to(tx, self.vault, code) or [_NOBODY]:
            person = await persons.person(tx, self.vault, each.county_code, each.person_no)
            # The decoy is opened by the same steps as a person.
            known = person if person is not None else opened(self.vault, decoy)
            right = hmac.compare_digest(last_six_of(known).encode(), shown.encode())
            if right and person is not None and matching is None:
                matching = each
        return matching


def last_six_of(person: Person) -> str:
    """
    What a person proves themselves with: the end of their own number, else of their guardian's, else of their card's.

    The end is that of the letters and digits, as `plain` reads them; a shorter number is given whole. Empty where the
    register knows none of these, or none long enough to prove anything; nobody gives an empty one.
    """
    payee = person.payee
    number = person.id_no or (payee.id_no if payee is not None else None) or person.social_card_no or ""
    known = plain(number)
    return known[-LAST:] if len(known) >= SHORTEST else ""


def plain(text: str) -> str:
    """As typed by people: full-width digits, small letters, and spaces or dashes between groups."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).upper() if letter.isalnum())
