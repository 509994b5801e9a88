"""Clients for tests: made in the database, with a token as `POST /oauth/token` would give it."""

from typing import Any, Final

from fastapi import FastAPI

from service.access import actions
from service.access.model import Client, Role
from service.db import transaction_on

COUNTY: Final = "459901"
_OF_ROLE: Final[dict[Role, dict[str, Any]]] = {
    Role.HOSPITAL: {"hospital_code": "H45990100101"},
    Role.PAYER: {"payers": frozenset({"civil_affairs"})},
    Role.TOWNSHIP: {"township_code": "459901001"},
}


async def make_client(app: FastAPI, role: Role, client_id: str | None = None, **details: Any) -> tuple[Client, str]:
    """A new client of this role in the demo county, and its secret. `details` as in `actions.create_client`."""
    details = {"county_code": COUNTY} | _OF_ROLE.get(role, {}) | details
    client_id = client_id or f"test-{role}"
    async with transaction_on(app.state.engine) as tx:
        secret = await actions.create_client(
            tx, app.state.vault, client_id=client_id, role=role, at=app.state.clock.source(), **details
        )
    return Client(client_id, role, **details), secret


async def headers_of(app: FastAPI, role: Role, client_id: str | None = None, **details: Any) -> dict[str, str]:
    """The headers with which a new client of this role calls."""
    client, _ = await make_client(app, role, client_id, **details)
    return bearer(await app.state.tokens.issue(client))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
