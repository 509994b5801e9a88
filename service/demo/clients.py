"""
The demo's clients, one of each kind, with secrets that a second start can tell again.

The database keeps only hashes of secrets, so the demo's are not drawn but derived: a keyed hash of the client's id
under the vault's lookup key, which lies in the data folder in a file for its owner only. Whoever can read that file
can read everything else in the folder too; nothing new is exposed. Never done outside the demo.
"""

import base64
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from service.access import store
from service.access.actions import hashed
from service.access.model import Client, Role, Secret
from service.access.vault import Vault, VaultError
from service.demo.hospitals import DEMO_HOSPITAL, TOWNSHIPS
from service.demo.names import COUNTY

CLIENTS: Final = {
    "hospital": Client("demo-hospital", Role.HOSPITAL, COUNTY, hospital_code=DEMO_HOSPITAL),
    "agency": Client("demo-agency", Role.AGENCY, COUNTY),
    "insurer": Client("demo-insurer", Role.PAYER, COUNTY, payers=frozenset({"top_up_insurer", "serious_insurer"})),
    "civil_affairs": Client("demo-civil-affairs", Role.PAYER, COUNTY, payers=frozenset({"civil_affairs"})),
    "township": Client("demo-township", Role.TOWNSHIP, COUNTY, township_code=next(iter(TOWNSHIPS))),
    "auditor": Client("demo-auditor", Role.AUDITOR, COUNTY),
}


def secret_of(vault: Vault, client_id: str) -> str:
    """The secret of a demo client: 256 bits, the same as long as the folder keeps its keys."""
    return base64.urlsafe_b64encode(vault.fingerprint("demo client", client_id)).decode().rstrip("=")


async def add_clients(tx: AsyncConnection, vault: Vault, *, at: datetime) -> None:
    for client in CLIENTS.values():
        await store.add_client(tx, client, Secret(_hashed(vault, client.client_id)), at=at)


async def are_there(tx: AsyncConnection, vault: Vault) -> bool:
    """
    Whether this database has the demo's clients, and so the whole county: they come in one transaction.

    Raises VaultError when they were made with other keys: nobody could get in, and no name could be read.
    """
    known = await store.find_client(tx, CLIENTS["hospital"].client_id)
    if known is None:
        return False
    if _hashed(vault, known.client.client_id) not in {secret.secret_hash for secret in known.secrets}:
        raise VaultError(
            "the keys in this data folder are not those that its demo county was made with: put the file 'keys' "
            "back, or choose another --data folder"
        )
    return True


def told(vault: Vault) -> dict[str, Any]:
    """What a script needs to act as each of them (api.md, Operations)."""
    return {name: _told(vault, client) for name, client in CLIENTS.items()}


def _hashed(vault: Vault, client_id: str) -> bytes:
    return hashed(vault, secret_of(vault, client_id))


def _told(vault: Vault, client: Client) -> dict[str, str]:
    told = {"client_id": client.client_id, "client_secret": secret_of(vault, client.client_id)}
    if client.hospital_code is not None:
        told["hospital_code"] = client.hospital_code
    if client.township_code is not None:
        told["township_code"] = client.township_code
    return told
