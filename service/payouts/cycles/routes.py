"""Cycles over HTTP."""

from typing import Annotated, Any

from fastapi import Body, Request
from starlette.responses import Response

from service.access.guard import allow
from service.access.idempotency import Idempotent
from service.access.model import Caller, Role
from service.db import Tx
from service.payouts import examples
from service.payouts.cycles import actions, answers
from service.payouts.cycles.refusals import CycleOpen, CycleUnknown
from service.payouts.cycles.schemas import CycleOut, CyclesOut, PersonOut, RanOut, RunIn
from service.reconciliation.desk import Desk, answered
from service.reconciliation.refusals import PayerUnknown
from service.wire.pages import Page, PageAsked, Paging, cursor_after
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Day

router = Router(prefix="/v1/cycles", tags=["Payouts"])

Payer = Annotated[Caller, allow(Role.PAYER, Role.AGENCY)]
Reader = Annotated[Caller, allow(Role.PAYER, Role.AGENCY, Role.AUDITOR)]


@router.get("", summary="List cycles", responses=example(200, {"items": [examples.CYCLE]}))
async def list_cycles(request: Request, caller: Reader, tx: Tx) -> CyclesOut:
    """The cycles of your county that are over, oldest first."""
    desk = Desk.of(request, tx, caller)
    found = actions.over(desk)
    return CyclesOut(items=[CycleOut(**answers.cycle_of(cycle)) for cycle in found])


@router.post(
    "/{start}/run",
    response_model=RanOut,
    summary="Run a cycle",
    responses=refusals(CycleUnknown, CycleOpen, PayerUnknown) | example(200, examples.RAN),
)
async def run_cycle(
    request: Request,
    start: Day,
    body: Annotated[RunIn, Body(examples=[{"dry_run": True}])],
    caller: Payer,
    attempt: Idempotent,
    tx: Tx,
    paging: PageAsked,
) -> Response:
    """
    Raise what was paid for each person's chronic visits of the cycle to the pack's share of the total.

    The amounts are owed to the patients' accounts and go out with the next batch of transfers. Run again, only what has
    changed since is posted, as a difference: paid, or taken from what the person gets next. A run that was cut off goes
    on where it stopped. `dry_run` posts nothing, and can be asked for before the cycle has ended.
    """
    desk = Desk.of(request, tx, caller)
    law = actions.law_of(desk, start)

    async def act() -> dict[str, Any]:
        run = None if body.dry_run else await actions.run(desk, law)
        if run is not None:
            await actions.tell(desk, law, run)
        items, cursor = await _page(desk, law, paging, dry_run=body.dry_run)
        action, shown = "cycle.preview" if run is None else "cycle.run", [item["person_no"] for item in items]
        await desk.note_shown(action, shown, subject=start.isoformat())
        return await answers.ran(desk, law, run) | {"items": items, "next_cursor": cursor}

    return await desk.once(attempt, act, status=200)


@router.get(
    "/{start}/items",
    response_model=Page[PersonOut],
    summary="List the persons of a cycle",
    responses=refusals(CycleUnknown, PayerUnknown)
    | example(200, {"items": [examples.CYCLE_ITEM], "next_cursor": None}),
)
async def list_cycle_persons(request: Request, start: Day, caller: Reader, tx: Tx, paging: PageAsked) -> Response:
    """What each person is owed for the cycle and how far it has got, by number."""
    desk = Desk.of(request, tx, caller)
    items, cursor = await _page(desk, actions.law_of(desk, start), paging, dry_run=False)
    await desk.note_shown("cycle.items", (item["person_no"] for item in items), subject=start.isoformat())
    return answered({"items": items, "next_cursor": cursor})


async def _page(
    desk: Desk, law: actions.Law, paging: Paging, *, dry_run: bool
) -> tuple[list[dict[str, Any]], str | None]:
    after = paging.after(str)
    items, more = await answers.page_of(desk, law, after[0] if after else "", paging.limit, dry_run=dry_run)
    return items, cursor_after((items[-1]["person_no"],)) if more else None
