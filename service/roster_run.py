"""`onestop roster import`: the same preview and apply as the API's, with a progress bar."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.model import Caller, Role
from service.access.vault import Vault
from service.clock import Clock
from service.config import Settings
from service.console import PROGRESS, CommandRefused, say, step
from service.db import transaction_on
from service.errors import Refusal
from service.policy.library import law_of_today
from service.registers.rosters.model import Roster, Statement
from service.rosters import actions, answers
from service.rosters.office import Office
from service.rosters.purging import purge
from service.rosters.refusals import RosterStale

_CLIENT: Final = "onestop roster import"
_PURGE: Final = "onestop roster purge"
_SECONDS_BETWEEN_LINES: Final = 5


@dataclass(frozen=True, slots=True)
class Import:
    """
    What the command was asked for. `rejected`: where the rejected rows are written, if anywhere; `again`: an applied
    list is to be applied once more after another one of its source.
    """

    file: Path
    county_code: str
    operator: str | None
    statement: Statement
    apply: bool
    accept_rejected: bool
    accept_older: bool
    rejected: Path | None
    again: bool


async def import_roster(engine: AsyncEngine, settings: Settings, asked: Import) -> dict[str, Any]:
    """Preview a file and, where asked, apply it; gives the roster as JSON. Raises CommandRefused with the reason."""
    caller = Caller(_CLIENT, Role.AGENCY, asked.county_code, None, frozenset(), None, asked.operator, "cli")
    law = await law_of_today(engine, settings.packs_dir)
    office = Office(engine, Vault.from_settings(settings), Clock(), law.packs, caller)
    try:
        try:
            roster = await _imported(office, asked, judge=not asked.apply)
        except RosterStale:
            roster = await _imported(office, asked, judge=True)
    except Refusal as refusal:
        raise CommandRefused(f"{refusal.detail.en}\n{refusal.detail.zh}") from refusal
    return {"id": str(roster.id), "state": roster.state.value, "counts": asdict(roster.counts)}


async def _imported(office: Office, asked: Import, *, judge: bool) -> Roster:
    """Raises RosterStale where an earlier preview, not judged before, turns out to be overtaken."""
    with asked.file.open("rb") as source, _progress(asked.file) as progress:
        roster = await actions.preview(
            office, source, asked.file.name, asked.statement, progress, again=asked.again, judge=judge
        )
    if asked.rejected is not None and roster.counts.rejected:
        await _write_rejected(office, roster, asked.rejected)
    if asked.apply:
        with step("Applying"):
            async with transaction_on(office.engine) as tx:
                accepted = {"accept_rejected": asked.accept_rejected, "accept_older": asked.accept_older}
                roster = await actions.apply(tx, office, roster.id, **accepted)
    return roster


@contextmanager
def _progress(file: Path) -> Iterator[Any]:
    """A bar where a person looks, a line now and then elsewhere. A workbook is not read evenly, so it may jump."""
    size, told = file.stat().st_size, time.monotonic()
    columns = (TextColumn("Reading"), BarColumn(), TextColumn("{task.fields[rows]} rows"), TimeElapsedColumn())
    with Progress(*columns, console=PROGRESS, disable=not PROGRESS.is_terminal) as bar:
        task = bar.add_task("", total=size, rows=0)

        def tell(rows: int, position: int) -> None:
            nonlocal told
            bar.update(task, completed=position, rows=rows)
            if not PROGRESS.is_terminal and time.monotonic() - told > _SECONDS_BETWEEN_LINES:
                told = time.monotonic()
                say(f"Reading: {rows} rows")

        yield tell
    say("Read; looking for what changes ...")


async def _write_rejected(office: Office, roster: Roster, file: Path) -> None:
    with file.open("wb") as out:
        async for piece in answers.rejected_csv(office, roster):
            out.write(piece)
    say(f"{roster.counts.rejected} rejected rows are in {file}: correct them and import it with --kind changes")


def told(result: dict[str, Any], what: str = "Roster") -> str:
    """The result for people."""
    counts = "\n".join(f"  {name.replace('_', ' '):<13}{count:>9,}" for name, count in result["counts"].items())
    after = "Applied." if result["state"] == "applied" else "Nothing is changed yet: run it again with --apply."
    return f"{what} {result['id']}\n{counts}\n{after}"


async def purge_rosters(engine: AsyncEngine, settings: Settings, county_code: str, days: int) -> dict[str, Any]:
    """Delete the rows of lists that are older; gives how many lists that were."""
    caller = Caller(_PURGE, Role.AGENCY, county_code, None, frozenset(), None, None, "cli")
    law = await law_of_today(engine, settings.packs_dir)
    office = Office(engine, Vault.from_settings(settings), Clock(), law.packs, caller)
    async with transaction_on(engine) as tx:
        return {"purged": await purge(tx, office, days)}
