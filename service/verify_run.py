"""`onestop verify` and `onestop seal`: the same as the API's and the server's, in as many processes as asked for."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.model import Caller, Role
from service.access.tokens import Tokens
from service.access.vault import Vault
from service.clock import Clock
from service.config import Settings
from service.console import PROGRESS, CommandRefused, say
from service.db import transaction_on
from service.policy.load import load_packs
from service.processes import verify_in_own_processes
from service.proof.model import Wrong
from service.proof.runs import actions as runs
from service.proof.runs.answer import answer
from service.proof.runs.model import Verification
from service.proof.runs.store import COMMAND
from service.proof.seals import actions as seals
from service.proof.seals.heads import heads, heads_wrong, read_heads

_LOOK_SECONDS: Final = 0.5
_LINE_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Verify:
    """What `onestop verify` was asked for. `heads`: a file of published heads; `most`: wrong rows to list."""

    county_code: str | None
    workers: int
    resume: bool
    heads: Path | None
    operator: str | None
    most: int


async def run_verify(engine: AsyncEngine, settings: Settings, asked: Verify) -> dict[str, Any]:
    """Prove every county, or one; gives what the API answers, county by county. Raises CommandRefused."""
    published = read_heads(asked.heads.read_bytes()) if asked.heads is not None else []
    items = []
    for county_code in _counties(settings, asked.county_code):
        caller = Caller(COMMAND, Role.AUDITOR, county_code, None, frozenset(), None, asked.operator, "cli")
        async with transaction_on(engine) as tx:
            left = await runs.latest_unfinished(tx, county_code) if asked.resume else None
            verification_id = left or await runs.start(tx, caller, Clock())
        async with _progress(engine, county_code, verification_id):
            whole = engine.url.render_as_string(hide_password=False)
            ended = await verify_in_own_processes(whole, county_code, verification_id, asked.workers)
        async with transaction_on(engine) as tx:
            found = await runs.read(tx, county_code, verification_id, most=asked.most)
            assert found is not None
            own = [head for head in published if head.county_code == county_code]
            broken = await heads_wrong(tx, county_code, own)
        if not ended or found.finished_at is None:
            raise CommandRefused("a process of the verification ended early: `onestop verify --resume` goes on")
        items.append(_with_heads(found, broken, len(own)))
    return {"ok": all(item["status"] == "clean" for item in items), "items": items}


def _with_heads(found: Verification, broken: list[Wrong], published: int) -> dict[str, Any]:
    body = answer(found)
    if broken:
        body |= {"status": "wrong", "wrong_count": body["wrong_count"] + len(broken)}
        body["wrongs"] = [*[one._asdict() for one in broken], *body["wrongs"]]
    return body | {"heads_compared": published}


@dataclass(frozen=True, slots=True)
class Sealing:
    """What `onestop seal` was asked for. `heads`: where to write the signed heads of a day, if anywhere."""

    county_code: str | None
    heads: Path | None
    day: date | None


async def run_seal(engine: AsyncEngine, settings: Settings, asked: Sealing) -> dict[str, Any]:
    """Seal what is not sealed, and write the heads of a day where asked. Raises CommandRefused with the reason."""
    clock, counties = Clock(), _counties(settings, asked.county_code)
    sealed = {}
    for county_code in counties:
        done = await seals.seal(engine, county_code, clock)
        sealed[county_code] = done
        say(f"{county_code}: {'another process is sealing' if done is None else f'{done} rows sealed'}")
    answer: dict[str, Any] = {"sealed": sealed}
    if asked.heads is not None:
        lifetime = timedelta(minutes=settings.token_minutes)
        tokens = Tokens(engine, Vault.from_settings(settings), clock, lifetime=lifetime)
        async with transaction_on(engine) as tx:
            found = await heads(tx, tokens, counties, asked.day or clock.today())
        answer["items"] = [head._asdict() for head in found]
        asked.heads.write_text(json.dumps({"items": answer["items"]}, indent=1), encoding="utf-8")
    return answer


def _counties(settings: Settings, asked: str | None) -> list[str]:
    known = sorted({county for pack in load_packs(settings.packs_dir).packs for county in pack.county_codes})
    return known if asked is None else [asked]


@asynccontextmanager
async def _progress(engine: AsyncEngine, county_code: str, verification_id: UUID) -> AsyncIterator[None]:
    """A bar where a person looks, a line now and then elsewhere."""
    columns = (
        TextColumn(f"Verifying {county_code}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=PROGRESS, disable=not PROGRESS.is_terminal) as bar:
        task = bar.add_task("")

        async def look() -> None:
            every = _LOOK_SECONDS if PROGRESS.is_terminal else _LINE_SECONDS
            while True:
                await asyncio.sleep(every)
                async with transaction_on(engine) as tx:
                    found = await runs.read(tx, county_code, verification_id, most=0)
                if found is not None:
                    bar.update(task, completed=found.parts_done, total=found.parts)
                    if not PROGRESS.is_terminal:
                        done = f"{found.parts_done} of {found.parts} parts, {found.settlements} settlements"
                        say(f"Verifying {county_code}: {done}, {found.wrong_count} wrong")

        looking = asyncio.create_task(look())
        try:
            yield
        finally:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking


def told(answer: dict[str, Any]) -> str:
    """The verifications in words: what was proved, then each wrong row, the first one first."""
    lines = []
    for item in answer["items"]:
        lines.append(
            f"{item['county_code']}: {item['status']}. {item['settlements']} settlements decided again,"
            f" {item['sealed']} sealed keys compared, {item['parts']} parts, {item['wrong_count']} wrong rows."
        )
        lines += [
            f"  {one['table']} {one['key']}{'.' + one['column'] if one['column'] else ''}:"
            f" kept {one['kept']}, computed {one['computed']}"
            for one in item["wrongs"]
        ]
    return "\n".join(lines)
