"""Bulk re-adjudications over HTTP."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from fastapi import Body, Path, Query
from starlette.responses import Response

from service.access import idempotency
from service.access.guard import allow
from service.access.idempotency import Attempt, Idempotent
from service.access.model import Caller, Role
from service.claims.actions import CREATED, Desk
from service.claims.routes import DeskOf
from service.corrections.bulk import actions, examples, store
from service.corrections.bulk import refusals as no
from service.corrections.bulk.model import Phase
from service.corrections.bulk.schemas import BulkIn, BulkOut, BulkReadOut, RowOut
from service.db import Tx
from service.ids import new_id
from service.wire.pages import Page, PageAsked
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Id

router = Router(prefix="/v1/readjudications", tags=["Re-adjudications"])
TAGS: Final = [
    {
        "name": "Re-adjudications",
        "description": "Many settlements decided anew: previewed, approved by a second person, done person by person.",
    }
]

Agency = Annotated[Caller, allow(Role.AGENCY)]
Reader = Annotated[Caller, allow(Role.AGENCY, Role.AUDITOR)]
Which = Annotated[Id, Path(description="The id given when it was asked for.")]


async def once(
    tx: Tx, caller: Caller, desk: Desk, attempt: Attempt, act: Callable[[], Awaitable[Any]], status: int
) -> Response:
    """Act once per key: the answer, or the first one."""
    now = desk.clock.now()
    result_id = new_id(now)
    first = await idempotency.reserve(
        tx, caller, key=attempt.key, request_hash=attempt.request_hash, result_id=result_id, at=now
    )
    if first is not None:
        return first.response()
    body = orjson.dumps((await act()).model_dump(mode="json", by_alias=True))
    await idempotency.keep(tx, caller, result_id=result_id, status=status, body=body, at=now)
    return Response(body, status, media_type="application/json")


@router.post(
    "",
    status_code=CREATED,
    response_model=BulkOut,
    summary="Ask for many settlements to be decided anew",
    responses=refusals(no.NothingChosen, no.OperatorUnnamed) | example(CREATED, examples.DRAFTED),
)
async def draft_readjudication(
    body: Annotated[BulkIn, Body(examples=[examples.ASKED])], caller: Agency, attempt: Idempotent, tx: Tx, desk: DeskOf
) -> Response:
    """
    Choose settlements and say why. The preview is made in the background; read it to see how far it is.

    Nothing changes before a second person has approved. Name yourself in `X-Operator`.
    """

    async def act() -> BulkOut:
        selection = body.selection.selection()
        return BulkOut.of(await actions.draft(tx, caller, desk, selection, cause=body.cause, note=body.note))

    return await once(tx, caller, desk, attempt, act, CREATED)


@router.get(
    "",
    summary="List bulk re-adjudications",
    responses=example(200, {"items": [examples.DRAFTED], "next_cursor": None}),
)
async def list_readjudications(caller: Reader, tx: Tx, paging: PageAsked) -> Page[BulkOut]:
    """The county's, newest first, each with how far it is."""
    after = paging.after(UUID)
    found = await store.listed(tx, caller.county_code, after=after[0] if after else None, limit=paging.limit + 1)
    page, cursor = paging.cut(found, lambda made: (made.id,))
    return Page(items=[BulkOut.of(made) for made in page], next_cursor=cursor)


@router.get(
    "/{readjudication_id}",
    summary="Read a bulk re-adjudication",
    responses=refusals(no.ReadjudicationUnknown) | example(200, examples.READ),
)
async def read_readjudication(readjudication_id: Which, caller: Reader, tx: Tx, desk: DeskOf) -> BulkReadOut:
    """
    How far it is, and what the preview says: how many settlements, the sum by payer, who pays more and who less, the
    twenty largest. Once it is approved also what has been done.
    """
    made = await actions.known(tx, caller.county_code, readjudication_id)
    await actions.noted(tx, caller, desk, "readjudication.read", made)
    preview = await store.summary(tx, made, Phase.PREVIEW)
    run = await store.summary(tx, made, Phase.RUN) if made.approved_at is not None else None
    return BulkReadOut.read(made, preview, run)


@router.get(
    "/{readjudication_id}/settlements",
    summary="List what comes of each settlement",
    responses=refusals(no.ReadjudicationUnknown) | example(200, {"items": [examples.ROW], "next_cursor": None}),
)
async def list_readjudicated(
    readjudication_id: Which,
    caller: Reader,
    tx: Tx,
    desk: DeskOf,
    paging: PageAsked,
    phase: Annotated[Phase, Query(description="What the preview says, or what was done.")] = Phase.PREVIEW,
) -> Page[RowOut]:
    """Each settlement: decided anew, carried along, as it was, or refused by today's registers and why."""
    made = await actions.known(tx, caller.county_code, readjudication_id)
    await actions.noted(tx, caller, desk, "readjudication.list", made)
    after = paging.after(UUID)
    found = await store.rows(tx, made, phase, after=after[0] if after else None, limit=paging.limit + 1)
    page, cursor = paging.cut(found, lambda row: (row.settlement_id,))
    return Page(items=[RowOut.of(row) for row in page], next_cursor=cursor)


@router.post(
    "/{readjudication_id}/approval",
    response_model=BulkOut,
    summary="Approve a bulk re-adjudication",
    responses=refusals(
        no.ReadjudicationUnknown, no.ReadjudicationState, no.SecondPersonNeeded, no.OperatorUnnamed, no.AmendmentFirst
    )
    | example(200, examples.APPROVED),
)
async def approve_readjudication(
    readjudication_id: Which, caller: Agency, attempt: Idempotent, tx: Tx, desk: DeskOf
) -> Response:
    """
    Let a previewed re-adjudication be done, by another person than the one who asked for it.

    It is done in the background, each person in a transaction of its own; whatever stops it, it goes on afterwards.
    """

    async def act() -> BulkOut:
        return BulkOut.of(await actions.approve(tx, caller, desk, readjudication_id))

    return await once(tx, caller, desk, attempt, act, 200)


@router.post(
    "/{readjudication_id}/withdrawal",
    summary="Withdraw a bulk re-adjudication",
    responses=refusals(no.ReadjudicationUnknown, no.ReadjudicationState, no.OperatorUnnamed)
    | example(200, examples.WITHDRAWN),
)
async def withdraw_readjudication(readjudication_id: Which, caller: Agency, tx: Tx, desk: DeskOf) -> BulkOut:
    """Take back one that nobody has approved. It is never done."""
    return BulkOut.of(await actions.withdraw(tx, caller, desk, readjudication_id))
