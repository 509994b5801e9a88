"""`onestop statements run`: the same run as the API's, with a progress bar where a person looks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.model import Caller, Role
from service.access.vault import Vault
from service.clock import Clock
from service.config import Settings
from service.console import PROGRESS, CommandRefused, say
from service.db import transaction_on
from service.errors import Refusal
from service.policy.library import law_of_today
from service.reconciliation.desk import Desk
from service.reconciliation.statements import actions
from service.reconciliation.statements.actions import Progress as Report
from service.reconciliation.statements.run_alone import in_turn

_CLIENT: Final = "onestop statements run"


@dataclass(frozen=True, slots=True)
class Run:
    """What the command was asked for."""

    payer: str
    period: str
    county_code: str | None
    operator: str | None
    dry_run: bool


async def run_statements(
    engine: AsyncEngine, settings: Settings, asked: Run, clock: Clock | None = None
) -> dict[str, Any]:
    """Bill a period; gives what the API answers. Raises CommandRefused with the reason."""
    packs = (await law_of_today(engine, settings.packs_dir)).packs
    known = sorted({county for pack in packs.packs for county in pack.county_codes})
    county_code = asked.county_code or (known[0] if len(known) == 1 else None)
    if county_code is None:
        raise CommandRefused(f"name the county with --county: {', '.join(known)}")
    caller = Caller(_CLIENT, Role.AGENCY, county_code, None, frozenset(), None, asked.operator, "cli")

    async def run() -> dict[str, Any]:
        async with transaction_on(engine) as tx:
            now = (clock or Clock()).now()
            desk = Desk(tx, caller, engine, packs, Vault.from_settings(settings), now)
            with _progress() as progress:
                return await actions.run(desk, asked.payer, asked.period, dry_run=asked.dry_run, progress=progress)

    try:
        return await in_turn(run)
    except Refusal as refusal:
        raise CommandRefused(f"{refusal.detail.en}\n{refusal.detail.zh}") from refusal


@contextmanager
def _progress() -> Iterator[Report]:
    """A bar where a person looks, a line per hospital elsewhere."""
    if not PROGRESS.is_terminal:
        yield lambda done, whole: say(f"{done} of {whole} hospitals")
        return
    columns = (TextColumn("Hospitals"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=PROGRESS) as bar:
        task = bar.add_task("")
        yield lambda done, whole: bar.update(task, completed=done, total=whole)


def told(answer: dict[str, Any]) -> str:
    """The run in words: a line per statement, then what failed."""
    lines = [
        f"{one['hospital_code']}  {one['status']:9}  {one['line_count']:7} lines  {one['total']:>15}"
        f"  due {one['due_on']}"
        for one in answer["items"]
    ]
    lines += [f"{one['hospital_code']}  failed: {one['detail']} ({one['code']})" for one in answer["failed"]]
    drafts = " (dry run: nothing kept)" if answer["dry_run"] else ""
    lines.append(f"{answer['payer']} {answer['period']}: {len(answer['items'])} statements{drafts}")
    return "\n".join(lines)
