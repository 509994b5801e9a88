"""Manual claims over HTTP."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final
from uuid import UUID

from fastapi import Body, Query, Request
from starlette.responses import Response

from service.access.guard import allow
from service.access.idempotency import Attempt, Idempotent
from service.access.model import Caller, Role
from service.claims.routes import NOT_SETTLED
from service.db import Tx
from service.objections.routes import FILE, PAPERS, paper_answer
from service.paper.handed_in import DocumentRefused
from service.payouts.counter import Counter
from service.payouts.manual import actions, examples
from service.payouts.manual import refusals as no
from service.payouts.manual.model import ManualClaim, State
from service.payouts.manual.schemas import DecisionIn, HandInIn, Kept, ManualClaimIn, ManualClaimOut, MissingIn
from service.payouts.manual.store import Filters
from service.payouts.refusals import NotKnownByLaw, OperatorMissing, SamePerson
from service.wire.form import form_schema, sent
from service.wire.pages import Page, PageAsked
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Code, Id

router = Router(prefix="/v1/manual-claims", tags=["Manual claims"])
TAGS: Final = [
    {"name": "Manual claims", "description": "Bills paid at the counter: papers, review, decision, money to the bank."}
]

Registrar = Annotated[Caller, allow(Role.AGENCY, Role.TOWNSHIP)]
Reviewer = Annotated[Caller, allow(Role.AGENCY)]
Reader = Annotated[Caller, allow(Role.AGENCY, Role.TOWNSHIP, Role.AUDITOR)]


async def _once(
    counter: Counter, attempt: Attempt, act: Callable[[], Awaitable[ManualClaim]], status: int = 200
) -> Response:
    async def answered() -> dict[str, object]:
        return ManualClaimOut.of(await act(), counter.today).model_dump(mode="json")

    return await counter.once(attempt, answered, status)


@router.post(
    "",
    status_code=201,
    response_model=ManualClaimOut,
    summary="Register a manual claim (手工报销登记)",
    responses=refusals(*NOT_SETTLED, no.RouteReasonWrong, no.SameEncounter, NotKnownByLaw)
    | example(201, examples.REGISTERED),
)
async def register_manual_claim(
    request: Request,
    body: Annotated[ManualClaimIn, Body(examples=[examples.REGISTRATION])],
    caller: Registrar,
    attempt: Idempotent,
    tx: Tx,
) -> Response:
    """
    A stay or visit that its hospital did not settle: it is not connected, there was an outage, or the person was not
    known that day. A township registers its own people's.

    The visit is checked as a settlement is, and settled when it is approved. Layers that another platform has decided
    are given in `decided_layers` and taken as they are. One claim of a visit, visit number and invoice is open at a
    time; what a hospital or a back-pay file has settled already is refused.
    """
    counter = Counter.of(request, tx, caller)
    return await _once(counter, attempt, lambda: actions.register(counter, body.visit, body.reason), 201)


@router.get(
    "", summary="List manual claims", responses=example(200, {"items": [examples.APPROVED], "next_cursor": None})
)
async def list_manual_claims(
    request: Request,
    caller: Reader,
    tx: Tx,
    paging: PageAsked,
    state: Annotated[Kept | None, Query(description="Only those that people have brought here.")] = None,
    person_no: Annotated[Code | None, Query(description="Only this person's.")] = None,
    overdue: Annotated[bool, Query(description="Only those that should be decided by now.")] = False,
) -> Page[ManualClaimOut]:
    """The county's claims, newest first; a township sees its own people's."""
    counter, after = Counter.of(request, tx, caller), paging.after(UUID)
    asked = Filters(State(state) if state else None, person_no, counter.today if overdue else None)
    found = await actions.listed(counter, asked, after=after[0] if after else None, rows=paging.limit + 1)
    page, cursor = paging.cut(found, lambda each: (each.id,))
    return Page(items=[ManualClaimOut.of(each, counter.today) for each in page], next_cursor=cursor)


@router.get(
    "/{claim_id}",
    summary="Read a manual claim",
    responses=refusals(no.ManualClaimUnknown) | example(200, examples.APPROVED),
)
async def read_manual_claim(request: Request, claim_id: Id, caller: Reader, tx: Tx) -> ManualClaimOut:
    """A claim, its papers, and everything done about it. After approval the bank decides where it stands."""
    counter = Counter.of(request, tx, caller)
    return ManualClaimOut.of(await actions.read(counter, claim_id), counter.today)


@router.post(
    "/{claim_id}/documents",
    status_code=201,
    summary="Hand in a paper of the checklist",
    responses=refusals(no.ManualClaimUnknown, no.ManualClaimState, no.TooManyPapers, DocumentRefused)
    | example(201, examples.REGISTERED),
    openapi_extra=form_schema(HandInIn, examples.FORM, file_is=PAPERS),
)
async def hand_in_manual_claim_document(request: Request, claim_id: Id, caller: Registrar, tx: Tx) -> ManualClaimOut:
    """
    A multipart form with the paper as `file` and what it is as `kind`: PDF, JPEG or PNG, at most 10 MB, twenty a claim.

    What the file is, is told by its content. It is kept sealed. The same paper again changes nothing.
    """
    counter = Counter.of(request, tx, caller)
    async with sent(request, HandInIn) as form:
        claim = await actions.hand_in(counter, claim_id, form.said.kind, form.file, form.filename)
    return ManualClaimOut.of(claim, counter.today)


@router.get(
    "/{claim_id}/documents/{document_id}",
    response_class=Response,
    summary="Read a paper of a manual claim",
    responses=refusals(no.ManualClaimUnknown, no.ManualDocumentUnknown) | {200: {"description": "The paper."} | FILE},
)
async def read_manual_claim_document(
    request: Request, claim_id: Id, document_id: Id, caller: Reader, tx: Tx
) -> Response:
    """The paper, to be saved."""
    return paper_answer(*await actions.document(Counter.of(request, tx, caller), claim_id, document_id))


@router.post(
    "/{claim_id}/review",
    response_model=ManualClaimOut,
    summary="Take a manual claim under review (受理)",
    responses=refusals(no.ManualClaimUnknown, no.ManualClaimState, no.DocumentsMissing)
    | example(200, examples.REVIEWED),
)
async def review_manual_claim(
    request: Request, claim_id: Id, caller: Reviewer, attempt: Idempotent, tx: Tx
) -> Response:
    """Once every paper that the policy asks for is there. The working days for the decision count from here."""
    counter = Counter.of(request, tx, caller)
    return await _once(counter, attempt, lambda: actions.review(counter, claim_id))


@router.post(
    "/{claim_id}/request",
    response_model=ManualClaimOut,
    summary="Ask for what is missing (补件)",
    responses=refusals(no.ManualClaimUnknown, no.ManualClaimState) | example(200, examples.INCOMPLETE),
)
async def request_manual_claim_documents(
    request: Request,
    claim_id: Id,
    body: Annotated[MissingIn, Body(examples=[examples.MISSING])],
    caller: Reviewer,
    attempt: Idempotent,
    tx: Tx,
) -> Response:
    """The claim is incomplete until it is taken under review again."""
    counter = Counter.of(request, tx, caller)
    return await _once(counter, attempt, lambda: actions.ask_for_more(counter, claim_id, body.reason))


@router.post(
    "/{claim_id}/decision",
    response_model=ManualClaimOut,
    summary="Approve or refuse a manual claim (审核)",
    responses=refusals(
        *NOT_SETTLED, no.ManualClaimUnknown, no.ManualClaimState, no.NearMisses, SamePerson, OperatorMissing
    )
    | example(200, examples.APPROVED),
)
async def decide_manual_claim(
    request: Request,
    claim_id: Id,
    body: Annotated[DecisionIn, Body(examples=[examples.DECISION])],
    caller: Reviewer,
    attempt: Idempotent,
    tx: Tx,
) -> Response:
    """
    By another person than the one who registered it (`X-Operator`).

    Approval settles the visit by the same engine in the same transaction: everything due is owed to the patient's
    account and waits for a payout batch. Where the visit has been settled by another way meanwhile, it is refused.
    """
    counter, act = Counter.of(request, tx, caller), actions.approve if body.outcome == "approve" else actions.refuse
    return await _once(counter, attempt, lambda: act(counter, claim_id, body.reason))
