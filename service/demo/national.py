"""The demo hospital on the national interface: its keys for both gateways, told in the ready file."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.vault import Vault
from service.demo.clients import CLIENTS, secret_of
from service.demo.hospitals import DEMO_HOSPITAL
from service.demo.names import COUNTY
from service.nhsa.auth import store
from service.nhsa.model import Auth, Institution
from service.nhsa.routes import CALL

_ACCOUNTS = {Auth.HMAC: "demo-hospital-a", Auth.TIF: "demo-hospital-b"}


async def connect(tx: AsyncConnection, vault: Vault, *, at: datetime) -> None:
    """Make the demo hospital an institution, once; a county that was loaded before there was this interface too."""
    if await store.institution(tx, DEMO_HOSPITAL) is not None:
        return
    client_id = CLIENTS["hospital"].client_id
    await store.add_institution(tx, Institution(DEMO_HOSPITAL, COUNTY, DEMO_HOSPITAL, client_id, "lenient"), at=at)
    for auth, account in _ACCOUNTS.items():
        await store.add_credential(tx, vault, auth, account, DEMO_HOSPITAL, secret_of(vault, account), at=at)


def told(vault: Vault, base_url: str) -> dict[str, Any]:
    """What a hospital system needs to call (api.md, Operations)."""
    hmac, tif = _ACCOUNTS[Auth.HMAC], _ACCOUNTS[Auth.TIF]
    return {
        "url": f"{base_url}{CALL}",
        "A": {"access_key": hmac, "secret_key": secret_of(vault, hmac)},
        "B": {"paasid": tif, "secret": secret_of(vault, tif)},
        "fixmedins_code": DEMO_HOSPITAL,
    }
