"""What everybody who acts in a room has in common: they leave rows in the audit trail, and act once per key."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from service.access import audit, idempotency
from service.access.idempotency import Attempt
from service.access.model import Caller
from service.access.vault import Vault
from service.ids import new_id


class Actor(Protocol):
    """The transaction, the caller, the keys, and the one moment at which everything happens."""

    @property
    def tx(self) -> AsyncConnection: ...

    @property
    def caller(self) -> Caller: ...

    @property
    def vault(self) -> Vault: ...

    @property
    def now(self) -> datetime: ...


class Acting:
    """Mixed into the desk of a room, which is an `Actor`."""

    __slots__ = ()

    @property
    def today(self: Actor) -> date:
        return self.now.date()

    @property
    def county_code(self: Actor) -> str:
        return self.caller.county_code

    async def note(
        self: Actor, action: str, *, person_no: str | None = None, subject: str | UUID | None = None
    ) -> None:
        """Leave a row in the audit trail."""
        await audit.record(
            self.tx,
            self.caller,
            action,
            at=self.now,
            person_no=person_no,
            county_code=self.caller.county_code,
            subject=None if subject is None else str(subject),
        )

    async def note_shown(
        self: Actor, action: str, shown: Iterable[str | tuple[str, str]], *, subject: str | UUID | None = None
    ) -> None:
        """
        Leave a row in the audit trail for each person whom an answer shows, given by number, or by county and number
        where they may be another county's.
        """
        named = ((self.caller.county_code, each) if isinstance(each, str) else each for each in shown)
        about = None if subject is None else str(subject)
        await audit.record_shown(self.tx, self.caller, action, named, at=self.now, subject=about)

    async def once(self: Actor, attempt: Attempt, act: Callable[[], Awaitable[Any]], status: int) -> Response:
        """Act once per key: the answer of `act`, or the first one. Answers tell of people, and are kept sealed."""
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
