"""A patient's session: a short-lived signed token of an audience of its own, bound to the person and to the code."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import jwt

from service.access.model import Caller, Guest
from service.access.refusals import Unauthenticated
from service.access.tokens import ISSUER
from service.access.vault import Vault
from service.claims.codes import LedTo
from service.errors import Text

AUDIENCE: Final = "onestop-patient"
LIFETIME: Final = timedelta(minutes=20)
CLIENT: Final = "patient"
"""What stands for all patients in the audit trail; the row names the person."""

_ALGORITHM: Final = "HS256"
_LONGEST: Final = 2048
_REQUIRED: Final = ["iss", "aud", "sub", "exp", "role", "county", "settlement", "serial"]
_INVALID: Final = Text(
    "查询已过期或无效，请重新输入查询码和证件号后六位。",
    "The session is not valid or has expired: enter the query code and the last six again.",
)


@dataclass(frozen=True, slots=True)
class Session:
    """Whose session it is, and which code opened it: the `serial`-th of `settlement_id`."""

    county_code: str
    person_no: str
    settlement_id: UUID
    serial: int

    def caller(self, request_id: str) -> Caller:
        """The patient as a caller, for the audit trail."""
        return Caller(CLIENT, Guest.PATIENT, self.county_code, None, frozenset(), None, None, request_id)


def unauthenticated() -> Unauthenticated:
    """The refusal of a request without a valid session."""
    return Unauthenticated(_INVALID, headers={"WWW-Authenticate": 'Bearer realm="onestop-patient"'})


def issue(vault: Vault, led_to: LedTo, *, at: datetime) -> str:
    """
    A token for the person that a code led to.

    Only this service reads it, so it is signed with a key derived from the vault's, which no other token is.
    """
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": led_to.person_no,
        "exp": int((at + LIFETIME).timestamp()),
        "role": Guest.PATIENT.value,
        "county": led_to.county_code,
        "settlement": str(led_to.settlement_id),
        "serial": led_to.serial,
        # Two sessions of one second are two: one is left without the other.
        "jti": uuid4().hex,
    }
    return jwt.encode(claims, _key(vault), algorithm=_ALGORITHM)


def read(vault: Vault, token: str, *, at: datetime) -> Session:
    """The session that a token stands for. Raises access.unauthenticated."""
    if len(token) > _LONGEST:
        raise unauthenticated()
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            _key(vault),
            algorithms=[_ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            options={"require": _REQUIRED, "verify_exp": False},
        )
        session = Session(claims["county"], claims["sub"], UUID(claims["settlement"]), claims["serial"])
        expires_at = datetime.fromtimestamp(claims["exp"], UTC)
    except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError):
        raise unauthenticated() from None
    if claims["role"] != Guest.PATIENT or at >= expires_at:
        raise unauthenticated()
    return session


def _key(vault: Vault) -> bytes:
    return vault.fingerprint("patient_session", "signing key")
