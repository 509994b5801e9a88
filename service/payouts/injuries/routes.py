"""Injuries on hold over HTTP."""

from datetime import date
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import orjson
from fastapi import Body, Request
from pydantic import Field
from starlette.responses import Response

from service.access.guard import allow
from service.access.idempotency import Idempotent
from service.access.model import Caller, Role
from service.claims.changes.routes import NOT_DECIDED
from service.claims.model import ThirdParty
from service.db import Tx
from service.payouts.counter import Counter
from service.payouts.injuries import actions
from service.payouts.injuries.refusals import NotOnHold
from service.payouts.refusals import OperatorMissing
from service.wire.pages import Page, PageAsked
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Flag, Id, Line, WireModel, YuanOut

router = Router(prefix="/v1/injuries", tags=["Injuries"])
TAGS: Final = [{"name": "Injuries", "description": "Settlements on hold until it is known who is liable."}]

Agency = Annotated[Caller, allow(Role.AGENCY)]
Reader = Annotated[Caller, allow(Role.AGENCY, Role.AUDITOR)]
_HELD: Final[dict[str, Any]] = {
    "settlement_id": "0198c7a4-5c00-7000-8000-000000000001",
    "person_no": "P459901000001",
    "hospital_code": "H45990100101",
    "visit_no": "ZY201806010001",
    "last_day": "2018-06-09",
    "settled_on": "2018-06-09",
    "held": "9000.00",
}
_OUTCOME: Final = {"third_party": "liable_unpaid", "note": "肇事者无法查找，公安机关出具证明。"}
_DECIDED: Final = {"settlement_id": "0198c7a4-5c00-7000-8000-000000000002", "status": "settled"}


class HeldOut(WireModel):
    """A settlement on hold: computed, nothing of it posted or advanced."""

    settlement_id: UUID
    person_no: str
    hospital_code: str
    visit_no: str
    last_day: date
    settled_on: date
    held: YuanOut


class OutcomeIn(WireModel):
    """What was found out. `none` and `liable_unpaid` release what was held; `liable_paid` refuses it."""

    third_party: Literal["none", "liable_unpaid", "liable_paid"]
    note: Line = Field(description="On what it rests.")
    chain: Flag = False


class OutcomeOut(WireModel):
    settlement_id: UUID = Field(description="The new version, or the reversal.")
    status: Literal["settled", "reversal"]


@router.get("", summary="List injuries on hold", responses=example(200, {"items": [_HELD], "next_cursor": None}))
async def list_injuries(request: Request, caller: Reader, tx: Tx, paging: PageAsked) -> Page[HeldOut]:
    """Settlements of the county on hold, the oldest first."""
    after = paging.after(UUID)
    found = await actions.listed(
        Counter.of(request, tx, caller), after=after[0] if after else None, rows=paging.limit + 1
    )
    page, cursor = paging.cut(found, lambda each: (each.settlement_id,))
    return Page(items=[HeldOut(**each._asdict()) for each in page], next_cursor=cursor)


@router.post(
    "/{settlement_id}/outcome",
    response_model=OutcomeOut,
    summary="Release or refuse an injury on hold",
    responses=refusals(*NOT_DECIDED, NotOnHold, OperatorMissing) | example(200, _DECIDED),
)
async def decide_injury(
    request: Request,
    settlement_id: Id,
    body: Annotated[OutcomeIn, Body(examples=[_OUTCOME])],
    caller: Agency,
    attempt: Idempotent,
    tx: Tx,
) -> Response:
    """
    Released, what was held is owed to the patient, who paid all of it at discharge. Refused, the settlement is
    reversed: nothing of it was ever posted.
    """
    counter = Counter.of(request, tx, caller)

    async def act() -> dict[str, object]:
        told = orjson.loads(
            await actions.decide(counter, settlement_id, ThirdParty(body.third_party), note=body.note, chain=body.chain)
        )
        return {"settlement_id": told["id"], "status": told["status"]}

    return await counter.once(attempt, act, 200)
