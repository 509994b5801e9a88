"""Near misses over HTTP."""

from datetime import date
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import Query, Request

from service.access.guard import allow
from service.access.model import Caller, Role
from service.db import Tx
from service.payouts.counter import Counter
from service.payouts.encounters.store import Encounter, Likeness, near_misses
from service.wire.pages import Page, PageAsked
from service.wire.responses import example
from service.wire.routing import Router
from service.wire.types import Code, WireModel

router = Router(prefix="/v1/encounters", tags=["Encounters"])
TAGS: Final = [{"name": "Encounters", "description": "Claims that may be one encounter, for a clerk to look at."}]

Reader = Annotated[Caller, allow(Role.AGENCY, Role.AUDITOR)]


def _example(**own: Any) -> dict[str, Any]:
    return {
        "id": "0198c7a4-5c00-7000-8000-000000000001",
        "route": "hospital",
        "state": "settled",
        "person_no": "P459901000001",
        "hospital_code": "H45990100101",
        "visit_no": "ZY201806010001",
        "visit_type": "inpatient",
        "admitted_on": "2018-06-01",
        "last_day": "2018-06-09",
        "invoice_no": None,
    } | own


_PAIR: Final = {
    "likeness": "overlap",
    "encounters": [
        _example(),
        _example(
            id="0198c7a4-5c00-7000-8000-00000000000c",
            route="manual",
            state="open",
            hospital_code="H45990100102",
            visit_no="20180605",
            admitted_on="2018-06-05",
            invoice_no="4501180001",
        ),
    ],
}


class EncounterOut(WireModel):
    """A settled visit, or an open manual claim; `id` is the settlement's or the claim's."""

    id: UUID
    route: Literal["hospital", "manual", "backpay"]
    state: Literal["settled", "open"]
    person_no: str
    hospital_code: str
    visit_no: str
    visit_type: Literal["inpatient", "chronic_outpatient"]
    admitted_on: date
    last_day: date
    invoice_no: str | None

    @classmethod
    def of(cls, encounter: Encounter) -> "EncounterOut":
        return cls(**encounter._asdict())


class NearMissOut(WireModel):
    likeness: Likeness
    encounters: list[EncounterOut]


@router.get(
    "/near-misses",
    summary="List claims that may be one encounter",
    responses=example(200, {"items": [_PAIR], "next_cursor": None}),
)
async def list_near_misses(
    request: Request,
    caller: Reader,
    tx: Tx,
    paging: PageAsked,
    person_no: Annotated[Code | None, Query(description="Only pairs with this person.")] = None,
) -> Page[NearMissOut]:
    """
    Pairs that look like one encounter and are not certain enough to be refused, newest first: stays of a person that
    overlap or touch, chronic visits of a day, an invoice number at two hospitals; settled or still being claimed.
    """
    counter, after = Counter.of(request, tx, caller), paging.after(UUID, UUID, str)
    found = await near_misses(
        tx,
        counter.county_code,
        person_no=person_no,
        after=None if after is None else (after[0], after[1], after[2]),
        rows=paging.limit + 1,
    )
    page, cursor = paging.cut(found, lambda each: (each.one.id, each.other.id, each.likeness))
    for shown in dict.fromkeys(side.person_no for each in page for side in (each.one, each.other)):
        await counter.note("encounter.near_misses", person_no=shown)
    items = [
        NearMissOut(likeness=each.likeness, encounters=[EncounterOut.of(side) for side in (each.one, each.other)])
        for each in page
    ]
    return Page(items=items, next_cursor=cursor)
