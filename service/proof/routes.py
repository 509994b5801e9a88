"""Verifications and the heads of the chain, over HTTP."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query, Request

from service.access import audit
from service.access.guard import allow
from service.access.model import Caller, Role
from service.db import Tx
from service.proof.refusals import VerificationUnknown
from service.proof.runs import actions, examples, store
from service.proof.runs.answer import answer
from service.proof.runs.schemas import VerificationOut
from service.proof.seals.heads import heads
from service.proof.seals.schemas import HEADS, HeadsOut
from service.wire.pages import Page, PageAsked
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Day, Id

TAGS: Final = [
    {"name": "Proof", "description": "Is what is on record right? Decided again, added up, and sealed against change."}
]
router = Router(prefix="/v1", tags=["Proof"])

Prover = Annotated[Caller, allow(Role.AUDITOR, Role.AGENCY)]
ACCEPTED: Final = 202
MOST: Final = 1000


@router.post(
    "/verifications",
    status_code=ACCEPTED,
    response_model=VerificationOut,
    summary="Verify the county",
    responses=example(ACCEPTED, examples.STARTED),
)
async def start_verification(request: Request, caller: Prover, tx: Tx) -> dict[str, Any]:
    """
    Have every settlement of the county decided again and everything on record compared: `onestop verify`.

    The server does it in the background; one that was killed goes on by itself. While one is running, asking again
    gives that one.
    """
    clock = request.app.state.clock
    await store.begin_alone(tx, caller.county_code)
    running = await store.asked_of_server(tx, caller.county_code)
    verification_id = running or await actions.start(tx, caller, clock)
    await _note(request, tx, caller, "verification.start", str(verification_id))
    return await _read(tx, caller, verification_id, most=MOST)


@router.get(
    "/verifications",
    response_model=Page[VerificationOut],
    summary="List verifications",
    responses=example(200, {"items": [examples.CLEAN], "next_cursor": None}),
)
async def list_verifications(caller: Prover, tx: Tx, paging: PageAsked) -> dict[str, Any]:
    """The verifications of the county, newest first, without the rows that they found."""
    after = paging.after(UUID)
    found = await store.listed(tx, caller.county_code, after=after[0] if after else None, limit=paging.limit + 1)
    page, cursor = paging.cut(found, lambda one: (one.id,))
    return {"items": [answer(one) for one in page], "next_cursor": cursor}


@router.get(
    "/verifications/{verification_id}",
    response_model=VerificationOut,
    summary="Read a verification",
    responses=refusals(VerificationUnknown) | example(200, examples.FOUND),
)
async def read_verification(
    request: Request,
    verification_id: Id,
    caller: Prover,
    tx: Tx,
    most: Annotated[int, Query(ge=0, le=MOST, description="How many wrong rows to list.")] = 100,
) -> dict[str, Any]:
    """How far a verification is, and the wrong rows that it found, the first one first."""
    found = await _read(tx, caller, verification_id, most=most)
    await _note(request, tx, caller, "verification.read", str(verification_id))
    return found


@router.get(
    "/seals/heads",
    response_model=HeadsOut,
    summary="Signed head of the chain",
    responses=example(200, HEADS),
)
async def read_heads(
    request: Request,
    caller: Prover,
    tx: Tx,
    day: Annotated[Day | None, Query(description="As it stood at the end of this day; left out, today.")] = None,
) -> dict[str, Any]:
    """
    The last link of the county's chain of seals on a day, signed. Keep it elsewhere: `onestop verify --heads FILE`
    shows later whether the chain still leads through it.

    Empty where nothing was sealed by then. The key is one of `/.well-known/jwks.json`.
    """
    state = request.app.state
    found = await heads(tx, state.tokens, [caller.county_code], day or state.clock.today())
    await _note(request, tx, caller, "seals.heads", None)
    return {"items": [head._asdict() for head in found]}


async def _read(tx: Tx, caller: Caller, verification_id: UUID, *, most: int) -> dict[str, Any]:
    found = await actions.read(tx, caller.county_code, verification_id, most=most)
    if found is None:
        raise VerificationUnknown
    return answer(found)


async def _note(request: Request, tx: Tx, caller: Caller, action: str, subject: str | None) -> None:
    at = request.app.state.clock.now()
    await audit.record(tx, caller, action, at=at, person_no=None, county_code=caller.county_code, subject=subject)
