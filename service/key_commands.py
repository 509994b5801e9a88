"""`onestop keys`: sealing personal data anew after a new key, and new keys for tokens."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.ext.asyncio import AsyncEngine

from service.access import resealing
from service.access.resealing import Done, Sealed, count_by_key, reseal
from service.access.tokens import rotate_signing_key
from service.access.vault import Vault
from service.clock import system_time
from service.config import Settings
from service.console import PROGRESS, CommandRefused, Json, refusals, say
from service.database import done
from service.db import transaction_on
from service.nhsa import sealed as nhsa
from service.objections import store as objections
from service.payouts.aid import store as aid_applications
from service.payouts.backpay import store as backpay
from service.payouts.batches import store as payouts
from service.payouts.encounters import store as encounters
from service.payouts.manual import store as manual_claims
from service.registers.hospitals import actions as hospitals
from service.registers.persons import sealing as persons
from service.registers.rosters import store as rosters

app = typer.Typer(help="Keys: of personal data at rest, and of access tokens.", no_args_is_help=True)

EVERYTHING: Final[tuple[Sealed, ...]] = (
    *resealing.SEALED,
    *persons.SEALED,
    *hospitals.SEALED,
    *rosters.SEALED,
    *objections.SEALED,
    *nhsa.SEALED,
    *manual_claims.SEALED,
    *aid_applications.SEALED,
    *backpay.SEALED,
    *payouts.SEALED,
    *encounters.SEALED,
)
"""Whatever lies sealed in the database."""


@app.command()
def rotate(as_json: Json = False) -> None:
    """
    Seal anew, with the first of ONESTOP_KEYS, whatever is sealed with another key. Safe while the service works, and to
    stop and start again. Before: give the new key to every server process, first behind the old one and its copy as
    `lookup`, then as the first.
    """
    with refusals():
        counts = done(_rotate)
        typer.echo(json.dumps(counts) if as_json else _told(counts))
        if len(counts) > 1:
            raise CommandRefused(
                "some values are still sealed otherwise: a server process seals with another first key or cipher; "
                "give it the new one, restart it, and run this again"
            )


@app.command()
def status(as_json: Json = False) -> None:
    """How many values are sealed with each cipher and key. A key that seals none may be taken away."""
    with refusals():
        counts = done(_status)
        typer.echo(json.dumps(counts) if as_json else _told(counts))


@app.command()
def signing(as_json: Json = False) -> None:
    """Sign access tokens with a new key; those signed before stay good until they expire."""
    with refusals():
        answer = done(_signing)
        typer.echo(json.dumps(answer) if as_json else f"Tokens are signed with key {answer['kid']} from now on.")


async def _rotate(engine: AsyncEngine, settings: Settings) -> dict[str, Any]:
    vault = Vault.from_settings(settings)
    with _progress() as told:
        async for batch in reseal(engine, vault, EVERYTHING):
            told(batch)
    return await count_by_key(engine, EVERYTHING)


async def _status(engine: AsyncEngine, _settings: Settings) -> dict[str, Any]:
    return await count_by_key(engine, EVERYTHING)


async def _signing(engine: AsyncEngine, settings: Settings) -> dict[str, Any]:
    lifetime = timedelta(minutes=settings.token_minutes)
    async with transaction_on(engine) as tx:
        kid = await rotate_signing_key(tx, Vault.from_settings(settings), lifetime=lifetime, at=system_time())
    return {"kid": kid}


def _told(counts: dict[str, int]) -> str:
    return "\n".join(f"{kind}: {count}" for kind, count in sorted(counts.items())) or "Nothing is sealed yet."


@contextmanager
def _progress() -> Iterator[Any]:
    """A bar for each table where a person looks, lines elsewhere."""
    if not PROGRESS.is_terminal:
        yield lambda batch: say(f"{batch.table}: {batch.resealed} sealed anew, {batch.left} left")
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=PROGRESS) as bar:
        tasks: dict[str, Any] = {}

        def told(batch: Done) -> None:
            if batch.table not in tasks:
                tasks[batch.table] = bar.add_task(batch.table)
            bar.update(tasks[batch.table], completed=batch.resealed, total=batch.resealed + batch.left)

        yield told
