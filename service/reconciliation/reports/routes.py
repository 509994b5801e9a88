"""What is owed, what is due, what happened: over HTTP."""

from typing import Annotated, Any

from fastapi import Query, Request
from starlette.responses import Response

from service.access.guard import allow
from service.access.model import Caller, Role
from service.db import Tx
from service.events import store as events
from service.events.store import Cursor
from service.reconciliation import refusals as no
from service.reconciliation.desk import Desk, answered
from service.reconciliation.reports import actions, examples
from service.reconciliation.reports.deadlines import deadlines
from service.reconciliation.reports.owed import advances, owed_to_person
from service.reconciliation.reports.refusals import CursorLost
from service.reconciliation.reports.schemas import (
    AdvancesOut,
    CashiersOut,
    ClearingOut,
    DeadlinesOut,
    EventsOut,
    MonthOut,
)
from service.reconciliation.statements.deeming import deem
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Code, Day, Spelled

router = Router(prefix="/v1", tags=["Reports"])

Reader = Annotated[Caller, allow(Role.HOSPITAL, Role.PAYER, Role.AGENCY, Role.AUDITOR)]
Anybody = Annotated[Caller, allow(Role.HOSPITAL, Role.PAYER, Role.TOWNSHIP, Role.AGENCY, Role.AUDITOR)]
Counter = Annotated[Caller, allow(Role.HOSPITAL, Role.AGENCY, Role.AUDITOR)]
PeriodAsked = Annotated[Code, Query(description='A month, "2018-06", or a quarter, "2018-Q2".', examples=["2018-06"])]
MOST_EVENTS = 500


def _cursor(text: str) -> Cursor:
    position, check = text.split("-")
    return Cursor(int(position), int(check))


After = Annotated[
    str,
    Spelled(
        r"[0-9]{1,18}-[0-9]{1,18}",
        "应为上次返回的 next",
        "must be `next` of the poll before",
        ("0-0",),
    ),
]


@router.get("/advances", response_model=AdvancesOut, summary="What is owed", responses=example(200, examples.ADVANCES))
async def list_advances(
    request: Request,
    caller: Reader,
    tx: Tx,
    payer: Annotated[Code | None, Query(description="Of this payer.")] = None,
    hospital: Annotated[Code | None, Query(description="To this hospital.")] = None,
    person: Annotated[Code | None, Query(description="To this person's account instead of to hospitals.")] = None,
    as_of: Annotated[Day | None, Query(description="At the end of this day; left out: today.")] = None,
) -> Response:
    """
    What each payer owes each hospital: unbilled, billed, paid, deducted, and what is overdue by age.

    What a payer owes is due by its calendar whether or not anybody ran the statement. With `person`: what payers owe
    that person's account; a hospital sees none of it.
    """
    desk = Desk.of(request, tx, caller)
    day = as_of or desk.today
    foreign_payer = desk.payers is not None and payer is not None and payer not in desk.payers
    foreign_hospital = desk.hospital_code is not None and (hospital or desk.hospital_code) != desk.hospital_code
    if foreign_payer or foreign_hospital or (desk.hospital_code is not None and person is not None):
        return answered({"as_of": day, "items": []})
    if person is not None:
        return answered(await owed_to_person(desk, person, as_of=day, payer=payer))
    return answered(await advances(desk, as_of=day, payer=payer, hospital_code=hospital))


@router.get(
    "/deadlines", response_model=DeadlinesOut, summary="What is due", responses=example(200, examples.DEADLINES)
)
async def list_deadlines(request: Request, caller: Anybody, tx: Tx) -> Response:
    """
    One list of what waits for somebody, for the caller's role: statements to run, confirm and pay, transfers to
    receive, differences, lines held back, recoveries left, agreements and cards that run out within thirty days,
    aid that was expected at discharge and not applied for (due by the end of its year), and objections to decide;
    manual claims and applications for aid to decide, and back-pay to post; work of the server's own (`job.*`) that
    does not get on. A township sees its own people's aid.
    """
    desk = Desk.of(request, tx, caller)
    return answered({"today": desk.today, "items": await deadlines(desk, request.app.state.jobs)})


@router.get(
    "/reports/month",
    response_model=MonthOut,
    summary="The month as settled",
    responses=refusals(no.PeriodInvalid) | example(200, examples.MONTH),
)
async def report_month(request: Request, caller: Reader, tx: Tx, period: PeriodAsked) -> Response:
    """Visits, cost, each layer and the actual ratio, as a whole, by hospital and by identity class."""
    asked = actions.period_asked(period)
    return answered(await actions.month(Desk.of(request, tx, caller), asked))


@router.get(
    "/reports/clearing",
    response_model=ClearingOut,
    summary="The month as cleared",
    responses=refusals(no.PeriodInvalid) | example(200, examples.CLEARING),
)
async def report_clearing(request: Request, caller: Reader, tx: Tx, period: PeriodAsked) -> Response:
    """
    What was owed before, what was advanced, reversed, billed, paid and deducted, and what is owed after.

    The agency sees every pair, a payer its own, a hospital its own: from one ledger, so that they agree.
    """
    asked = actions.period_asked(period)
    return answered(await actions.clearing(Desk.of(request, tx, caller), asked))


@router.get(
    "/reports/cashier",
    response_model=CashiersOut,
    summary="The cashier's day",
    responses=example(200, examples.CASHIER),
)
async def report_cashier(
    request: Request,
    caller: Counter,
    tx: Tx,
    day: Annotated[Day, Query(description="The day of settlement.")],
    hospital: Annotated[Code | None, Query(description="Of this hospital; a hospital sees its own.")] = None,
) -> Response:
    """By operator: how many were settled and reversed, the bills' total, and what patients owed at the counter."""
    return answered(await actions.cashier(Desk.of(request, tx, caller), day, hospital))


@router.get(
    "/events",
    response_model=EventsOut,
    summary="What happened",
    responses=refusals(CursorLost) | example(200, examples.EVENTS),
)
async def list_events(
    request: Request,
    caller: Reader,
    tx: Tx,
    after: Annotated[
        After | None, Query(description="`next` of the poll before; left out: from the beginning.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_EVENTS, description="How many events at most.")] = 100,
) -> Response:
    """
    Every change of state of the caller's settlements, statements, payments and differences, in order.

    For systems on closed networks: poll with `after`; nothing is ever missed or told twice. A statement that counts
    as confirmed because its days have passed is told at the next poll of anybody. After the service was restored from
    a backup, a cursor that names what is not known here any more is refused with `events.cursor_lost`.
    """
    desk = Desk.of(request, tx, caller)
    await deem(desk)
    await events.place(tx, desk.county_codes)
    told = await events.after(
        tx,
        desk.county_codes,
        hospital_code=desk.hospital_code,
        payers=desk.payers,
        cursor=_cursor(after or "0-0"),
        limit=limit,
    )
    if told is None:
        raise CursorLost("/after")
    found, seen = told
    items: list[dict[str, Any]] = [
        {
            "cursor": f"{at.position}-{at.check}",
            "kind": one.kind,
            "at": one.at,
            "subject": str(one.subject),
            "hospital_code": one.hospital_code,
            "payer": one.payer,
            "data": one.data,
        }
        for at, one in found
    ]
    return answered({"items": items, "next": f"{seen.position}-{seen.check}"})
