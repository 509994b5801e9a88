"""A lost query code, issued anew."""

from typing import Annotated, Any, Final

from starlette.responses import Response

from service.access.guard import allow
from service.access.idempotency import Idempotent, Stored
from service.access.model import Caller, Role
from service.claims import refusals as no
from service.claims.actions import CREATED, issue_code
from service.claims.routes import DeskOf
from service.db import Tx
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Id, WireModel

router = Router(prefix="/v1/settlements", tags=["Settlements"])

_ANSWER: Final[dict[str, Any]] = {
    "settlement_id": "0198c7a4-5c00-7000-8000-000000000001",
    "query_code": "482910573316",
}


class QueryCodeOut(WireModel):
    """The code that opens the patient's own view, with the last six of their identity number."""

    settlement_id: Id
    query_code: str


@router.post(
    "/{settlement_id:uuid}/query-code",
    status_code=CREATED,
    response_model=QueryCodeOut,
    summary="Issue a lost query code anew",
    responses=refusals(no.SettlementUnknown) | example(CREATED, _ANSWER),
)
async def issue_query_code(
    settlement_id: Id,
    caller: Annotated[Caller, allow(Role.HOSPITAL, Role.AGENCY)],
    attempt: Idempotent,
    tx: Tx,
    desk: DeskOf,
) -> Response:
    """
    A new query code, for a patient who has shown at a counter who they are.

    The code before opens nothing any more, and sessions that it opened end.
    """
    done = await issue_code(tx, caller, settlement_id, desk, attempt=attempt)
    return done.response() if isinstance(done, Stored) else Response(done, CREATED, media_type="application/json")
