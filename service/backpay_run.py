"""`onestop backpay`: the same preview and post as the API's."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.model import Caller, Role
from service.access.vault import Vault
from service.claims.actions import Desk
from service.clock import Clock
from service.config import Settings
from service.console import CommandRefused, step
from service.db import transaction_on
from service.errors import Refusal
from service.payouts.backpay import actions
from service.payouts.backpay.model import Outcome
from service.payouts.backpay.schemas import BackpayOut, BackpayRowOut
from service.payouts.counter import Counter
from service.policy.library import law_of_today

_CLIENT: Final = "onestop backpay"


@dataclass(frozen=True, slots=True)
class Backpay:
    """What the command was asked for."""

    file: Path
    county_code: str
    agreement_on: date
    operator: str | None
    post: bool


async def run_backpay(engine: AsyncEngine, settings: Settings, asked: Backpay) -> dict[str, Any]:
    """
    Preview a file and, where asked, post it; gives the file as the API does, with the rows that are not ready.

    Raises CommandRefused with the reason.
    """
    caller = Caller(_CLIENT, Role.AGENCY, asked.county_code, None, frozenset(), None, asked.operator, "cli")
    clock = Clock()
    desk = Desk(await law_of_today(engine, settings.packs_dir), clock, Vault.from_settings(settings))
    try:
        with step("Reading"), asked.file.open("rb") as source:
            async with transaction_on(engine) as tx:
                counter = Counter(tx, caller, desk, clock.now())
                made = await actions.preview(counter, source, asked.file.name, asked.agreement_on)
                left = [
                    row
                    for outcome in (Outcome.SETTLED, Outcome.REJECTED)
                    for row in await actions.rows_listed(
                        counter, made.id, outcome=outcome, after=0, rows_wanted=actions.MOST_ROWS
                    )
                ]
        if asked.post:
            with step("Posting"):
                async with transaction_on(engine) as tx:
                    made = await actions.post(Counter(tx, caller, desk, clock.now()), made.id)
    except Refusal as refusal:
        raise CommandRefused(f"{refusal.detail.en}\n{refusal.detail.zh}") from refusal
    told = BackpayOut.of(made, clock.today()).model_dump(mode="json")
    return told | {"left": [BackpayRowOut.of(row, "en").model_dump(mode="json") for row in left]}


def told(answer: dict[str, Any]) -> str:
    """The answer in lines."""
    state = "posted" if answer["posted_at"] else "previewed"
    counts = f"{answer['settled']} settled already, {answer['rejected']} rejected"
    lines = [
        f"Back-pay {answer['id']}: {state}, to be paid by {answer['due_on']}.",
        f"{answer['ready']} ready ({answer['amount']} yuan, {answer['paid']} paid), {counts}.",
    ]
    return "\n".join([*lines, *(f"row {row['row']}: {row['code']}: {row['reason']}" for row in answer["left"])])
