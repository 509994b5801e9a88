"""`onestop catalogue import`: the same preview and apply as the API's."""

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.model import Caller, Role
from service.access.vault import Vault
from service.clock import Clock
from service.config import Settings
from service.console import CommandRefused, say, step
from service.corrections.catalogue import count_touched
from service.db import transaction_on
from service.errors import Refusal
from service.policy.library import law_of_today
from service.registers.catalogue.imports import actions
from service.registers.catalogue.imports.download import rejected_csv
from service.registers.catalogue.imports.store import Import
from service.registers.desk import Desk

_CLIENT: Final = "onestop catalogue import"


@dataclass(frozen=True, slots=True)
class CatalogueImport:
    """What the command was asked for. `rejected`: where the rejected rows are written, if anywhere."""

    file: Path
    county_code: str
    operator: str | None
    kind: str
    as_of: date
    apply: bool
    accept_rejected: bool
    rejected: Path | None


async def import_catalogue(engine: AsyncEngine, settings: Settings, asked: CatalogueImport) -> dict[str, Any]:
    """Preview a file and, where asked, apply it; gives the import as JSON. Raises CommandRefused with the reason."""
    caller = Caller(_CLIENT, Role.AGENCY, asked.county_code, None, frozenset(), None, asked.operator, "cli")
    vault, now = Vault.from_settings(settings), Clock().now()
    packs = (await law_of_today(engine, settings.packs_dir)).packs
    try:
        with step("Reading"), asked.file.open("rb") as source:
            async with transaction_on(engine) as tx:
                desk = Desk(tx, caller, vault, packs, now)
                made = await actions.preview(desk, source, asked.file.name, asked.kind, asked.as_of)
                touched = await count_touched(desk, made)
        if asked.rejected is not None and made.counts.rejected:
            await _write_rejected(engine, made, asked.rejected)
        if asked.apply:
            with step("Applying"):
                async with transaction_on(engine) as tx:
                    desk = Desk(tx, caller, vault, packs, now)
                    made = await actions.apply(desk, made.id, accept_rejected=asked.accept_rejected)
    except Refusal as refusal:
        raise CommandRefused(f"{refusal.detail.en}\n{refusal.detail.zh}") from refusal
    state = "previewed" if made.applied_at is None else "applied"
    return {"id": str(made.id), "state": state, "counts": asdict(made.counts) | {"touched": touched}}


async def _write_rejected(engine: AsyncEngine, made: Import, file: Path) -> None:
    with file.open("wb") as out:
        async for piece in rejected_csv(engine, made):
            out.write(piece)
    say(f"{made.counts.rejected} rejected rows are in {file}: correct them and import it with --kind changes")
