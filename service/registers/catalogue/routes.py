"""The fee catalogue over HTTP."""

from datetime import date
from typing import Annotated, Any, Final

from fastapi import Path, Query, Request

from service.access.guard import allow
from service.access.model import Caller, Role
from service.db import Tx
from service.registers.catalogue import actions, store
from service.registers.catalogue.schemas import CatalogueChange, CatalogueNew, CatalogueOut
from service.registers.checks import refuse_other_key
from service.registers.desk import Desk
from service.registers.model import Grade
from service.registers.refusals import CatalogueOverlap, CatalogueUnknown
from service.registers.schemas import sample
from service.wire.pages import Page, PageAsked
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Code, Day

router = Router(prefix="/v1/catalogue", tags=["Catalogue"])

Readers = Annotated[Caller, allow(Role.AGENCY, Role.AUDITOR)]
Agency = Annotated[Caller, allow(Role.AGENCY)]
ItemCode = Annotated[Code, Path(description="The item's code.")]

_NEW: Final[dict[str, Any]] = {
    "item_code": "XB01",
    "name": "人工晶体",
    "category": "material",
    "grade": "B",
    "self_pay_ratio": "0.30",
    "price_ceiling": {"township": "800.00", "level2": "1000.00"},
    "valid_from": "2018-01-01",
}
_CHANGE: Final[dict[str, Any]] = {"self_pay_ratio": "0.20", "as_of": "2019-01-01", "reason": "目录调整"}
_ANSWER: Final[dict[str, Any]] = _NEW | {
    "price_ceiling": {"township": "800.00", "level2": "1000.00", "level3_city": None, "level3_region": None},
    "valid_to": None,
}


@router.post(
    "",
    status_code=201,
    summary="Enter a catalogue item",
    responses=refusals(CatalogueOverlap) | example(201, _ANSWER),
)
async def enter_item(
    request: Request, body: Annotated[CatalogueNew, sample(_NEW)], caller: Agency, tx: Tx
) -> CatalogueOut:
    """Enter an item's terms for days on which it has none yet; change existing terms with PUT."""
    desk = Desk.of(request, tx, caller)
    fact = await actions.enter(desk, body.item_code, body.fact(), body.reason)
    return CatalogueOut.of(body.item_code, fact)


@router.get("", summary="List the catalogue", responses=example(200, {"items": [_ANSWER], "next_cursor": None}))
async def list_items(
    caller: Readers,
    tx: Tx,
    paging: PageAsked,
    item_code: Annotated[Code | None, Query(description="Of this item.")] = None,
    category: Annotated[Code | None, Query(description="Of this category.")] = None,
    grade: Annotated[Grade | None, Query(description="Of this grade.")] = None,
    on: Annotated[Day | None, Query(description="In force on this day.")] = None,
) -> Page[CatalogueOut]:
    """Terms of your county's items, by code and first day."""
    filters = store.Filters(item_code, category, grade, on)
    found = await store.items_of(tx, caller.county_code, filters, after=paging.after(str, date), rows=paging.limit + 1)
    page, next_cursor = paging.cut(found, lambda each: (each[0], each[1].valid_from))
    return Page(items=[CatalogueOut.of(*each) for each in page], next_cursor=next_cursor)


@router.get(
    "/{item_code}", summary="Read a catalogue item", responses=refusals(CatalogueUnknown) | example(200, _ANSWER)
)
async def read_item(
    request: Request,
    item_code: ItemCode,
    caller: Readers,
    tx: Tx,
    on: Annotated[Day | None, Query(description="On this day; today where left out.")] = None,
) -> CatalogueOut:
    """An item's terms on a day."""
    desk = Desk.of(request, tx, caller)
    return CatalogueOut.of(item_code, await actions.look_up(desk, item_code, on or desk.today))


@router.put(
    "/{item_code}",
    summary="Change a catalogue item",
    responses=refusals(CatalogueUnknown, CatalogueOverlap) | example(200, _ANSWER),
)
async def change_item(
    request: Request,
    item_code: ItemCode,
    body: Annotated[CatalogueChange, sample(_CHANGE)],
    caller: Agency,
    tx: Tx,
) -> CatalogueOut:
    """
    Change what is given from `as_of` on; the days before keep their terms, so that old bills stay as they were.
    """
    desk = Desk.of(request, tx, caller)
    refuse_other_key("item_code", body.item_code, item_code)
    return CatalogueOut.of(item_code, await actions.change(desk, item_code, body.change()))
