"""The words of access: who calls, in which role, on whose behalf."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network

Network = IPv4Network | IPv6Network


class Role(StrEnum):
    """What a client is to the county (api.md, Conventions)."""

    HOSPITAL = "hospital"
    PAYER = "payer"
    TOWNSHIP = "township"
    AGENCY = "agency"
    AUDITOR = "auditor"


class Guest(StrEnum):
    """Who calls without being a client: a patient with a session of their own (api.md, Patients)."""

    PATIENT = "patient"


@dataclass(frozen=True, slots=True)
class Client:
    """
    A computer that may call: a hospital's HIS, a payer's system, the agency's.

    A hospital names its `hospital_code`, a payer the `payers` it acts for (as the policy pack names them), a
    township its `township_code`; the others have none of these. `scopes` (`settlements:read`) narrow what its role may
    do; none: all of it.
    """

    client_id: str
    role: Role
    county_code: str
    hospital_code: str | None = None
    payers: frozenset[str] = frozenset()
    township_code: str | None = None
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Terms:
    """
    On what terms a client is let in, whatever its tokens say: from these networks only (none: from anywhere), with
    tokens issued after `tokens_after`, naming its operators with a signature where `operator_signed`.
    """

    disabled: bool = False
    networks: tuple[Network, ...] = ()
    tokens_after: datetime | None = None
    operator_key_enc: bytes | None = None
    operator_signed: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """
    Who stands behind one request: the client of the token, the person it names (`X-Operator`), whether it vouches for
    that with its signature, what for (`X-Purpose`), and the request.
    """

    client_id: str
    role: Role | Guest
    county_code: str
    hospital_code: str | None
    payers: frozenset[str]
    township_code: str | None
    operator: str | None
    request_id: str
    operator_signed: bool = False
    purpose: str | None = None

    def is_another_than(self, client_id: str, operator: str | None) -> bool:
        """
        Whether this is a second person beside the first one, who acted as `operator` of `client_id`.

        Nobody whom their client did not name is a second person, and beside somebody unknown of the same client nobody
        is. One name is one person, also at two clients and in capitals. A client that must sign for its operators did
        so for both (`access.guard`).
        """
        if self.operator is None:
            return False
        if operator is None:
            return client_id != self.client_id
        return self.operator.casefold() != operator.casefold()


@dataclass(frozen=True, slots=True)
class Secret:
    """The stored form of a client's secret: a keyed hash. `expires_at` None: until it is replaced."""

    secret_hash: bytes
    expires_at: datetime | None = None

    def is_live(self, at: datetime) -> bool:
        return self.expires_at is None or at < self.expires_at
