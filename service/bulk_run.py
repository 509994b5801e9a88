"""`onestop readjudicate run`: the same work as the server's, with progress."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.vault import Vault
from service.claims.actions import Desk
from service.clock import Clock
from service.config import Settings
from service.console import PROGRESS, CommandRefused, say
from service.corrections.bulk import store
from service.corrections.bulk.actions import known
from service.corrections.bulk.model import Phase
from service.corrections.bulk.schemas import BulkReadOut
from service.corrections.bulk.work import work
from service.db import transaction_on
from service.errors import Refusal
from service.policy.library import law_of_today

_SAY_EVERY = 100


@dataclass(frozen=True, slots=True)
class Readjudicating:
    """What the command was asked for."""

    readjudication_id: UUID
    county_code: str


async def run_readjudication(engine: AsyncEngine, settings: Settings, asked: Readjudicating) -> dict[str, Any]:
    """Go through what is left; gives what the API answers. Raises CommandRefused where there is no such one."""
    law = await law_of_today(engine, settings.packs_dir)
    try:
        async with transaction_on(engine) as tx:
            made = await known(tx, asked.county_code, asked.readjudication_id)
    except Refusal as refusal:
        raise CommandRefused(f"{refusal.detail.en}\n{refusal.detail.zh}") from refusal
    desk = Desk(law, Clock(), Vault.from_settings(settings))
    left = made.persons - (made.previewed if made.approved_at is None else made.done)
    columns = (TextColumn("Persons"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=PROGRESS, disable=not PROGRESS.is_terminal) as bar:
        task, gone = bar.add_task("", total=left), 0

        def progress() -> None:
            nonlocal gone
            gone += 1
            bar.update(task, completed=gone)
            if not PROGRESS.is_terminal and gone % _SAY_EVERY == 0:
                say(f"{gone} of {left} persons")

        await work(engine, asked.county_code, asked.readjudication_id, desk, progress)
    async with transaction_on(engine) as tx:
        made = await known(tx, asked.county_code, asked.readjudication_id)
        preview = await store.summary(tx, made, Phase.PREVIEW)
        run = await store.summary(tx, made, Phase.RUN) if made.approved_at is not None else None
    return BulkReadOut.read(made, preview, run).model_dump(mode="json", by_alias=True)


def told(answer: dict[str, Any]) -> str:
    """How far it is and what it came to, in words."""
    progress, phase = answer["progress"], answer["run"] or answer["preview"]
    gone = progress["done"] if answer["run"] else progress["previewed"]
    said = (
        f"{answer['state']}: {gone} of {progress['persons']} persons; {phase['changed']} settlements decided anew,"
        f" {phase['chained']} carried along, {phase['unchanged']} as they were, {phase['refused']} refused."
    )
    return "\n".join([said, *(f"  {one['payer']} ({one['layer']}): {one['amount']}" for one in phase["payers"])])
