"""Who may ask as a patient: `patient: Patient` is the dependency of a route that only a session opens."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Final, NoReturn, Self
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access import audit
from service.access.guard import bearer_of
from service.access.model import Caller, Guest
from service.access.refusals import Forbidden, Unauthenticated
from service.access.vault import Vault
from service.claims import codes
from service.db import Tx, see
from service.errors import Text
from service.inquiry import session
from service.inquiry.left import is_left
from service.inquiry.session import Session
from service.objections.desk import Desk as ObjectionDesk
from service.policy.library import Library
from service.registers.desk import Desk as RegisterDesk
from service.wire.request_id import request_id_of

_SCHEME: Final = HTTPBearer(
    scheme_name="patient",
    description="A patient's session from `POST /v1/patient/session`, sent as `Authorization: Bearer <token>`.",
    auto_error=False,
)
_NOT_A_PATIENT: Final = Text(
    "此处仅供患者本人以查询码查询；请使用供机构使用的接口。",
    "This is for patients with their query code: use what there is for clients.",
)


@dataclass(frozen=True, slots=True)
class Inquirer:
    """A patient with an open session, and what answering them takes."""

    request: Request
    tx: AsyncConnection
    session: Session
    caller: Caller
    law: Library
    vault: Vault
    now: datetime

    @classmethod
    def of(cls, request: Request, tx: AsyncConnection, opened: Session) -> Self:
        state = request.app.state
        caller = opened.caller(request_id_of(request.scope))
        return cls(request, tx, opened, caller, state.law, state.vault, state.clock.now())

    @property
    def today(self) -> date:
        return self.now.date()

    @property
    def county_code(self) -> str:
        return self.session.county_code

    @property
    def person_no(self) -> str:
        return self.session.person_no

    @property
    def objections(self) -> ObjectionDesk:
        return ObjectionDesk.of(self.request, self.tx, self.caller, self.person_no)

    @property
    def registers(self) -> RegisterDesk:
        return RegisterDesk.of(self.request, self.tx, self.caller)

    async def note(self, action: str, *, subject: UUID | None = None) -> None:
        """Leave a row in the audit trail: patients' reads of their own data too."""
        await audit.record(
            self.tx,
            self.caller,
            action,
            at=self.now,
            person_no=self.person_no,
            county_code=self.county_code,
            subject=None if subject is None else str(subject),
        )


async def still_open(tx: AsyncConnection, opened: Session) -> Session:
    """The session, unless its code was issued anew since. Raises access.unauthenticated."""
    key = (opened.county_code, opened.settlement_id)
    if (await codes.serials(tx, [key])).get(key, 0) != opened.serial:
        raise session.unauthenticated()
    return opened


class PatientGuard:
    """A dependency that lets patients pass, each with their session."""

    openapi: ClassVar[dict[str, Any]] = {"x-roles": [Guest.PATIENT.value]}

    async def before_body(self, request: Request) -> None:
        """Check the session while the body is still unread; a client's token is told that this is not for it."""
        token = bearer_of(request.headers.get("authorization"))
        try:
            self.admit(request, token)
        except Unauthenticated as refused:
            await self._refuse_clients(request, token, refused)

    def admit(self, request: Request, token: str) -> None:
        """From here on this request is the patient's, and sees their county's rows. Raises access.unauthenticated."""
        state = request.app.state
        opened = session.read(state.vault, token, at=state.clock.source())
        request.state.session, request.state.session_token = opened, token
        request.state.client_id = session.CLIENT
        see(opened.county_code)

    async def _refuse_clients(self, request: Request, token: str, refused: Unauthenticated) -> NoReturn:
        try:
            await request.app.state.tokens.verify(token)
        except Unauthenticated:
            raise refused from None
        raise Forbidden(_NOT_A_PATIENT)

    async def __call__(self, request: Request, tx: Tx, _token: Annotated[Any, Depends(_SCHEME)] = None) -> Inquirer:
        await self.before_body(request)
        opened: Session = request.state.session
        if await is_left(tx, request.app.state.vault, request.state.session_token):
            raise session.unauthenticated()
        return Inquirer.of(request, tx, await still_open(tx, opened))


Patient = Annotated[Inquirer, Depends(PatientGuard())]
"""The dependency of a patient's route: 401 `access.unauthenticated` without an open session."""
