"""`onestop cycle run`: the same run as the API's, with its progress where a person looks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from rich.progress import Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.model import Caller, Role
from service.access.vault import Vault
from service.clock import Clock
from service.config import Settings
from service.console import PROGRESS, CommandRefused, say
from service.db import transaction_on
from service.errors import Refusal
from service.payouts.cycles import actions, answers
from service.policy.library import law_of_today
from service.reconciliation.desk import Desk

_CLIENT: Final = "onestop cycle run"


@dataclass(frozen=True, slots=True)
class Run:
    """What the command was asked for."""

    cycle_start: date
    county_code: str | None
    operator: str | None
    dry_run: bool


async def run_cycle(engine: AsyncEngine, settings: Settings, asked: Run, clock: Clock | None = None) -> dict[str, Any]:
    """Run a cycle, or show what it would come to; gives the API's answer without its persons. Raises CommandRefused."""
    packs = (await law_of_today(engine, settings.packs_dir)).packs
    known = sorted({county for pack in packs.packs for county in pack.county_codes})
    county_code = asked.county_code or (known[0] if len(known) == 1 else None)
    if county_code is None:
        raise CommandRefused(f"name the county with --county: {', '.join(known)}")
    caller = Caller(_CLIENT, Role.AGENCY, county_code, None, frozenset(), None, asked.operator, "cli")
    try:
        async with transaction_on(engine) as tx:
            desk = Desk(tx, caller, engine, packs, Vault.from_settings(settings), (clock or Clock()).now())
            law = actions.law_of(desk, asked.cycle_start)
            if asked.dry_run:
                await desk.note("cycle.preview", subject=asked.cycle_start.isoformat())
                return await answers.ran(desk, law, None)
            with _progress() as progress:
                run = await actions.run(desk, law, progress)
            await actions.tell(desk, law, run)
            await desk.note("cycle.run", subject=asked.cycle_start.isoformat())
            return await answers.ran(desk, law, run)
    except Refusal as refusal:
        raise CommandRefused(f"{refusal.detail.en}\n{refusal.detail.zh}") from refusal


@contextmanager
def _progress() -> Iterator[actions.Progress]:
    """A count where a person looks, a line per step elsewhere."""
    if not PROGRESS.is_terminal:
        yield lambda persons: say(f"{persons} persons")
        return
    with Progress(TextColumn("Persons {task.completed}"), TimeElapsedColumn(), console=PROGRESS) as bar:
        task = bar.add_task("", total=None)
        yield lambda persons: bar.update(task, completed=persons)


def told(answer: dict[str, Any]) -> str:
    """The run in words: by township, by disease, in all."""
    totals = answer["totals"]
    lines = [f"{one['township_code'] or '-':12}  {_sums(one)}" for one in totals["by_township"]]
    lines += [f"{one['disease_code']:12}  {_sums(one)}" for one in totals["by_disease"]]
    lines.append(f"{'all':12}  {_sums(totals)}")
    lines.append(f"{totals['without_account']} of them cannot be paid: no account, or none that is right")
    run = answer["run"]
    done = "dry run: nothing kept" if run is None else f"{run['persons']} persons, {run['changed']} changed"
    lines.append(f"cycle {answer['cycle_start']} to {answer['counts_to']}, paid by {answer['pay_by']}: {done}")
    return "\n".join(lines)


def _sums(sums: dict[str, Any]) -> str:
    return (
        f"{sums['persons']:7} persons  {sums['total']:>15}  paid {sums['reimbursed']:>15}  top-up {sums['amount']:>13}"
    )
