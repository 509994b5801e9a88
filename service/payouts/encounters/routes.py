"""Near misses over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import Body, Query, Request
from starlette.responses import Response

from service.access.guard import allow
from service.access.idempotency import Idempotent
from service.access.model import Caller, Role
from service.db import Tx
from service.payouts.counter import Counter
from service.payouts.encounters import actions
from service.payouts.encounters.refusals import NearMissDismissed, NearMissUnknown
from service.payouts.encounters.schemas import DISMISSAL, DISMISSED, PAIR, DismissalIn, NearMissOut
from service.payouts.refusals import OperatorMissing
from service.wire.pages import Page, PageAsked
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Code

router = Router(prefix="/v1/encounters", tags=["Encounters"])
TAGS: Final = [{"name": "Encounters", "description": "Claims that may be one encounter, for a clerk to look at."}]

Reader = Annotated[Caller, allow(Role.AGENCY, Role.AUDITOR)]
Clerk = Annotated[Caller, allow(Role.AGENCY)]


@router.get(
    "/near-misses",
    summary="List claims that may be one encounter",
    responses=example(200, {"items": [PAIR], "next_cursor": None}),
)
async def list_near_misses(
    request: Request,
    caller: Reader,
    tx: Tx,
    paging: PageAsked,
    person_no: Annotated[Code | None, Query(description="Only pairs with this person.")] = None,
    dismissed: Annotated[bool, Query(description="Those that a clerk has dismissed, instead.")] = False,
) -> Page[NearMissOut]:
    """
    Pairs that look like one encounter and are not certain enough to be refused, newest first: stays of a person that
    overlap or touch, chronic visits of a day, an invoice number at two hospitals; settled or still being claimed.

    A manual claim is approved only when nobody has left one of its pairs unlooked at.
    """
    counter, after = Counter.of(request, tx, caller), paging.after(UUID, UUID, str)
    found = await actions.listed(
        counter,
        person_no=person_no,
        dismissed=dismissed,
        after=None if after is None else (after[0], after[1], after[2]),
        rows=paging.limit + 1,
    )
    page, cursor = paging.cut(found, lambda each: tuple(each.pair))
    return Page(items=[NearMissOut.of(each) for each in page], next_cursor=cursor)


@router.post(
    "/near-misses/dismissals",
    status_code=201,
    response_model=NearMissOut,
    summary="Say that two claims are two encounters",
    responses=refusals(NearMissUnknown, NearMissDismissed, OperatorMissing) | example(201, DISMISSED),
)
async def dismiss_near_miss(
    request: Request,
    body: Annotated[DismissalIn, Body(examples=[DISMISSAL])],
    caller: Clerk,
    attempt: Idempotent,
    tx: Tx,
) -> Response:
    """With the reason, by a named person (`X-Operator`); the pair is not shown again, through all later versions."""
    counter = Counter.of(request, tx, caller)

    async def act() -> dict[str, object]:
        return NearMissOut.of(await actions.dismiss(counter, body.pair(), body.reason)).model_dump(mode="json")

    return await counter.once(attempt, act, 201)
