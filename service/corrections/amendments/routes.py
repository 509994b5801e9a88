"""Amendments of the law over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Body, Path, Request
from starlette.background import BackgroundTask
from starlette.responses import Response

from service.access.guard import allow
from service.access.idempotency import Idempotent
from service.access.model import Caller, Role
from service.claims.actions import CREATED
from service.claims.routes import DeskOf
from service.corrections.amendments import actions, examples
from service.corrections.amendments import refusals as no
from service.corrections.amendments.law import renew
from service.corrections.amendments.schemas import AmendmentIn, AmendmentOut
from service.corrections.bulk import refusals as cannot
from service.corrections.bulk.routes import once
from service.db import Tx
from service.policy import amendments
from service.wire.pages import Page, PageAsked
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Id

router = Router(prefix="/v1/policy-amendments", tags=["Policies"])

Agency = Annotated[Caller, allow(Role.AGENCY)]
Reader = Annotated[Caller, allow(Role.AGENCY, Role.AUDITOR)]
Which = Annotated[Id, Path(description="The id given when the text was uploaded.")]


@router.post(
    "",
    status_code=CREATED,
    response_model=AmendmentOut,
    summary="Amend a policy pack",
    responses=refusals(no.PackFaulty, no.ReplacesUnknown, no.DoesNotFit, cannot.OperatorUnnamed)
    | example(CREATED, examples.UPLOADED),
)
async def amend_policy(
    body: Annotated[AmendmentIn, Body(examples=[examples.ASKED])],
    caller: Agency,
    attempt: Idempotent,
    tx: Tx,
    desk: DeskOf,
) -> Response:
    """
    Upload a new text of a pack, checked as those that ship. It is not in force before a second person has approved.

    What it would cost to decide the settlements of the past anew by it is previewed at once in the background: read
    the re-adjudication that the answer names.
    """

    async def act() -> AmendmentOut:
        made = await actions.upload(
            tx, caller, desk, body.yaml, replaces=body.replaces, first=body.from_, note=body.note
        )
        return AmendmentOut.of(*made)

    return await once(tx, caller, desk, attempt, act, CREATED)


@router.get("", summary="List amendments", responses=example(200, {"items": [examples.UPLOADED], "next_cursor": None}))
async def list_amendments(caller: Reader, tx: Tx, paging: PageAsked) -> Page[AmendmentOut]:
    """The county's, newest first."""
    after = paging.after(UUID)
    found = await amendments.listed(tx, caller.county_code, after=after[0] if after else None, limit=paging.limit + 1)
    page, cursor = paging.cut(found, lambda each: (each.id,))
    seen = [await actions.known(tx, caller.county_code, each.id) for each in page]
    return Page(items=[AmendmentOut.of(*each) for each in seen], next_cursor=cursor)


@router.get(
    "/{amendment_id}",
    summary="Read an amendment",
    responses=refusals(no.AmendmentUnknown) | example(200, examples.UPLOADED),
)
async def read_amendment(amendment_id: Which, caller: Reader, tx: Tx) -> AmendmentOut:
    """What replaces what, from when, who asked and who approved."""
    return AmendmentOut.of(*await actions.known(tx, caller.county_code, amendment_id))


@router.post(
    "/{amendment_id}/approval",
    response_model=AmendmentOut,
    summary="Approve an amendment",
    responses=refusals(
        no.AmendmentUnknown,
        no.ReplacesUnknown,
        cannot.ReadjudicationState,
        cannot.SecondPersonNeeded,
        cannot.OperatorUnnamed,
    )
    | example(200, examples.APPROVED),
)
async def approve_amendment(
    request: Request, amendment_id: Which, caller: Agency, attempt: Idempotent, tx: Tx, desk: DeskOf
) -> Response:
    """
    Put the new text in force, by another person than the one who uploaded it, once the preview is complete.

    From then on nothing is settled under the old text. Settlements of the past keep it until the re-adjudication is
    approved too and done.
    """

    async def act() -> AmendmentOut:
        return AmendmentOut.of(*await actions.approve(tx, caller, desk, amendment_id))

    answer = await once(tx, caller, desk, attempt, act, 200)
    # After the commit: this process need not wait for its next look.
    answer.background = BackgroundTask(renew, request.app.state)
    return answer
