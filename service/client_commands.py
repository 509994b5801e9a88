"""`onestop client`: who may call, from the machine that has the keys."""

import json
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Annotated, Any, Final

import typer
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.access import actions, store
from service.access.model import Network, Role
from service.access.oauth import SCOPE
from service.access.vault import Vault
from service.clock import COUNTY_ZONE, system_time
from service.config import Settings
from service.console import CommandRefused, Json, refusals
from service.database import done
from service.db import transaction_on

app = typer.Typer(help="Clients: who may call the API.", no_args_is_help=True)

_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_GRACE_DAYS: Final = 7

ClientId = Annotated[str, typer.Argument(help="The client's id.")]
Expires = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The secret's last day is the one before this.")
]
NetworkList = Annotated[
    list[str] | None, typer.Option("--network", help="From where alone it may call, as 10.1.0.0/16; may be repeated.")
]


def _do(act: Callable[[AsyncConnection, Vault], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    async def within(engine: AsyncEngine, settings: Settings) -> dict[str, Any]:
        async with transaction_on(engine) as tx:
            return await act(tx, Vault.from_settings(settings))

    return done(within)


def _say(answer: dict[str, Any], as_json: bool) -> None:
    typer.echo(json.dumps(answer) if as_json else "\n".join(f"{name}: {value}" for name, value in answer.items()))


def _networks(asked: list[str] | None) -> tuple[Network, ...]:
    return tuple(ip_network(each) for each in asked or ())


def _known(found: Any, client_id: str) -> Any:
    if not found:
        raise CommandRefused(f"there is no client {client_id}: see `onestop client list`")
    return found


def areas() -> frozenset[str]:
    """The parts of the API that scopes name: the first words of its addresses."""
    from service.main import ROUTERS

    paths = [route.path.split("/") for router in ROUTERS for route in router.routes if hasattr(route, "path")]
    return frozenset(path[2] for path in paths if path[1] == "v1")


def _scopes(asked: list[str] | None) -> frozenset[str]:
    for each in asked or ():
        if not re.fullmatch(SCOPE, each) or each.partition(":")[0] not in areas():
            raise CommandRefused(f"{each} is no scope: write one of {', '.join(sorted(areas()))} with :read or :write")
    return frozenset(asked or ())


@app.command()
def create(
    client_id: ClientId,
    role: Annotated[Role, typer.Option(help="What it is to the county.")],
    county: Annotated[str, typer.Option(help="Division code of the county.")],
    hospital: Annotated[str | None, typer.Option(help="A hospital's code.")] = None,
    payer: Annotated[list[str] | None, typer.Option(help="A payer it acts for; may be repeated.")] = None,
    township: Annotated[str | None, typer.Option(help="A township's code.")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="Only this (settlements:read); may be repeated.")] = None,
    network: NetworkList = None,
    expires: Expires = None,
    as_json: Json = False,
) -> None:
    """Make a client and show its secret, this once."""
    with refusals():
        if not _CLIENT_ID.fullmatch(client_id):
            raise CommandRefused("a client's id is 1 to 64 letters, digits, '.', '_', '-'")
        scopes, networks = _scopes(scope), _networks(network)

        async def act(tx: AsyncConnection, vault: Vault) -> dict[str, Any]:
            secret = await actions.create_client(
                tx,
                vault,
                client_id=client_id,
                role=role,
                county_code=county,
                hospital_code=hospital,
                payers=frozenset(payer or ()),
                township_code=township,
                scopes=scopes,
                networks=networks,
                expires_at=_midnight(expires),
                at=system_time(),
            )
            return {"client_id": client_id, "client_secret": secret}

        try:
            answer = _do(act)
        except IntegrityError as error:
            raise CommandRefused(_why_not(str(error.orig), client_id)) from None
        _say(answer, as_json)


def _why_not(said: str, client_id: str) -> str:
    if "pk_clients" in said:
        return f"there is a client {client_id} already: choose another id, or `onestop client rotate`"
    return "a hospital names --hospital, a payer --payer, a township --township, and the others none of these"


def _midnight(day: datetime | None) -> datetime | None:
    return None if day is None else day.replace(tzinfo=COUNTY_ZONE)


@app.command()
def rotate(
    client_id: ClientId,
    grace_days: Annotated[int, typer.Option(min=0, help="How long the old secret works beside the new.")] = _GRACE_DAYS,
    now: Annotated[bool, typer.Option("--now", help="The old secret is lost: it and its tokens end at once.")] = False,
    expires: Expires = None,
    as_json: Json = False,
) -> None:
    """Give a client another secret, shown this once. The old one goes on working for a while."""
    with refusals():
        at = system_time()
        until = at if now else at + timedelta(days=grace_days)

        async def act(tx: AsyncConnection, vault: Vault) -> dict[str, Any]:
            secret = await actions.rotate_secret(
                tx, vault, client_id, old_until=until, expires_at=_midnight(expires), at=at
            )
            return {
                "client_id": client_id,
                "client_secret": _known(secret, client_id),
                "old_secret_until": until.astimezone(COUNTY_ZONE).isoformat(timespec="seconds"),
            }

        _say(_do(act), as_json)


@app.command("operator-key")
def operator_key(
    client_id: ClientId,
    required: Annotated[bool, typer.Option("--required", help="Refuse changes that are not signed for.")] = False,
    as_json: Json = False,
) -> None:
    """Give a client a new key to sign its operators with (`X-Operator-Signature`), shown this once."""
    with refusals():

        async def act(tx: AsyncConnection, vault: Vault) -> dict[str, Any]:
            key = await actions.issue_operator_key(tx, vault, client_id, required=required)
            return {"client_id": client_id, "operator_key": _known(key, client_id), "required": required}

        _say(_do(act), as_json)


@app.command()
def bind(client_id: ClientId, network: NetworkList = None, as_json: Json = False) -> None:
    """Let a client call from these networks only; with none, from anywhere. Works within seconds."""
    with refusals():
        networks = _networks(network)

        async def act(tx: AsyncConnection, _vault: Vault) -> dict[str, Any]:
            _known(await actions.bind_to_networks(tx, client_id, networks), client_id)
            return {"client_id": client_id, "networks": [str(each) for each in networks]}

        _say(_do(act), as_json)


@app.command()
def disable(client_id: ClientId, as_json: Json = False) -> None:
    """Let a client in no more; its tokens stop working within seconds, in every process."""
    with refusals():

        async def act(tx: AsyncConnection, _vault: Vault) -> dict[str, Any]:
            if not await actions.disable_client(tx, client_id, at=system_time()):
                raise CommandRefused(f"there is no client {client_id} that could be disabled")
            return {"client_id": client_id, "disabled": True}

        _say(_do(act), as_json)


@app.command()
def enable(client_id: ClientId, as_json: Json = False) -> None:
    """Let a disabled client in again, with the secrets it has; `rotate --now` first where one of them got out."""
    with refusals():

        async def act(tx: AsyncConnection, _vault: Vault) -> dict[str, Any]:
            if not await actions.enable_client(tx, client_id, at=system_time()):
                raise CommandRefused(f"there is no client {client_id} that is disabled")
            return {"client_id": client_id, "disabled": False}

        _say(_do(act), as_json)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Every client: what it is, from where it may call, until when its secrets work."""
    with refusals():

        async def act(tx: AsyncConnection, _vault: Vault) -> dict[str, Any]:
            return {"clients": [_told(known) for known in await store.all_clients(tx)]}

        clients = _do(act)["clients"]
        if as_json:
            typer.echo(json.dumps({"clients": clients}))
        for each in [] if as_json else clients:
            typer.echo("  ".join(f"{name}={value}" for name, value in each.items() if value not in (None, [], False)))


def _told(known: store.KnownClient) -> dict[str, Any]:
    client, terms, at = known.client, known.terms, system_time()
    live = [secret.expires_at for secret in known.secrets if secret.is_live(at)]
    return {
        "client_id": client.client_id,
        "role": client.role.value,
        "county_code": client.county_code,
        "hospital_code": client.hospital_code,
        "township_code": client.township_code,
        "payers": sorted(client.payers),
        "scopes": sorted(client.scopes),
        "networks": [str(network) for network in terms.networks],
        "operator_signed": terms.operator_signed,
        "disabled": terms.disabled,
        "secrets_until": [
            end.astimezone(COUNTY_ZONE).isoformat(timespec="seconds") if end else "replaced" for end in live
        ],
    }
