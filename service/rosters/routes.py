"""Rosters over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import Path, Query, Request
from starlette.responses import StreamingResponse

from service.access.guard import allow
from service.access.model import Caller, Role
from service.access.refusals import Forbidden
from service.db import Tx, transaction_on
from service.registers.persons.routes import refuse_other_payers
from service.registers.refusals import OnlyAidIdentities
from service.registers.rosters import store
from service.registers.rosters.headings import documented
from service.registers.rosters.model import ChangeKind, RosterState, RowState
from service.registers.schemas import sample
from service.rosters import actions, answers, examples
from service.rosters.change_schemas import ChangeOut, MoveOut
from service.rosters.office import Office
from service.rosters.refusals import RosterNotRead, RosterOlder, RosterRejectedRows, RosterStale, RosterUnknown
from service.rosters.schemas import ApplyIn, PreviewOut, RosterOut, RowOut, StatementIn, TouchedOut
from service.sheets.faults import SheetEmpty, SheetEncoding, SheetHeadings, SheetRefused, SheetTooLarge
from service.wire.form import form_schema, sent
from service.wire.language import LanguageOf
from service.wire.pages import Page, PageAsked
from service.wire.refusals import MediaTypeUnsupported, RequestInvalid, RequestTooLarge
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Id

router = Router(prefix="/v1/rosters", tags=["Rosters"])
ROUTERS: Final = (router,)
TAGS: Final = [
    {"name": "Rosters", "description": "Lists of whole offices: previewed, then applied whole or not at all."}
]

Importer = Annotated[Caller, allow(Role.AGENCY, Role.PAYER)]
Reader = Annotated[Caller, allow(Role.AGENCY, Role.PAYER, Role.AUDITOR)]
RosterId = Annotated[Id, Path(description="The id given when the file was uploaded.")]
UNREADABLE: Final = (SheetRefused, SheetEmpty, SheetEncoding, SheetTooLarge, SheetHeadings)


def office_of(request: Request, caller: Caller) -> Office:
    state = request.app.state
    return Office(state.engine, state.vault, state.clock, state.packs, caller)


@router.post(
    "",
    status_code=201,
    summary="Preview a roster",
    responses=refusals(*UNREADABLE, OnlyAidIdentities, Forbidden, RequestInvalid, MediaTypeUnsupported, RequestTooLarge)
    | example(201, examples.PREVIEW),
    openapi_extra=form_schema(StatementIn, examples.FORM, documented()),
)
async def preview_roster(request: Request, caller: Importer, language: LanguageOf) -> PreviewOut:
    """
    Read a list of persons and say what it would change: CSV (UTF-8 with or without BOM, GBK), XLSX or XLS.

    Nothing changes yet. The same file with the same fields is the same roster: after an interruption reading goes on
    where it stopped. Columns are found by their headings, in Chinese or English. In a full list, those who hold a
    listed class from this source and are absent end on the day before `as_of`. A list of changes may have a column
    变动类型 (新增, 变更, 退出). Rows that give no first day begin with `as_of`; one that gives another first day than
    is known corrects the past, and the settlements that this touches are listed. Civil affairs lists aid classes only.
    """
    refuse_other_payers(caller)
    office = office_of(request, caller)
    async with sent(request, StatementIn) as form:
        roster = await actions.preview(office, form.file, form.filename, form.said.statement(), again=form.said.again)
    async with transaction_on(office.engine) as tx:
        return await answers.preview_of(tx, office, roster, language)


@router.get("", summary="List rosters", responses=example(200, {"items": [examples.ROSTER], "next_cursor": None}))
async def list_rosters(
    request: Request,
    caller: Reader,
    tx: Tx,
    paging: PageAsked,
    state: Annotated[RosterState | None, Query(description="In this state.")] = None,
) -> Page[RosterOut]:
    """
    Rosters of your county, for civil affairs its own, oldest first.

    While a long file is read, `rows_read` tells how far it is.
    """
    refuse_other_payers(caller)
    after, role = paging.after(UUID), office_of(request, caller).only_role
    found = await store.rosters_of(tx, caller.county_code, state=state, role=role, after=after, rows=paging.limit + 1)
    page, cursor = paging.cut(found, lambda each: (each.id,))
    return Page(items=[RosterOut.of(each) for each in page], next_cursor=cursor)


@router.get("/{roster_id}", summary="Read a roster", responses=refusals(RosterUnknown) | example(200, examples.PREVIEW))
async def read_roster(
    request: Request, roster_id: RosterId, caller: Reader, tx: Tx, language: LanguageOf
) -> PreviewOut:
    """A roster with the first of everything that it changes."""
    refuse_other_payers(caller)
    office = office_of(request, caller)
    preview = await answers.preview_of(tx, office, await actions.read(tx, office, roster_id), language)
    await office.note_shown(tx, answers.persons_in(preview), roster_id)
    return preview


@router.post(
    "/{roster_id}/apply",
    summary="Apply a roster",
    responses=refusals(RosterUnknown, RosterNotRead, RosterStale, RosterOlder, RosterRejectedRows)
    | example(200, examples.ROSTER | {"state": "applied"}),
)
async def apply_roster(
    request: Request,
    roster_id: RosterId,
    body: Annotated[ApplyIn, sample({"accept_rejected": False})],
    caller: Importer,
    tx: Tx,
) -> RosterOut:
    """
    Apply a preview, whole or not at all. Applied again: the same answer, and nothing happens.

    Imports of a county take turns. Where the register has changed since the preview: 409 `roster.stale`; send the file
    again for a new preview. Where a list of the same source that holds from a later day is applied already: 409
    `roster.older`. Settlements are never changed by it: those it touches are listed for re-adjudication.
    """
    refuse_other_payers(caller)
    office = office_of(request, caller)
    accepted = body.model_dump()
    return RosterOut.of(await actions.apply(tx, office, roster_id, **accepted))


@router.get(
    "/{roster_id}/changes",
    summary="List what a roster changes",
    responses=refusals(RosterUnknown) | example(200, {"items": [examples.CHANGE], "next_cursor": None}),
)
async def list_changes(
    request: Request,
    roster_id: RosterId,
    caller: Reader,
    tx: Tx,
    paging: PageAsked,
    kind: Annotated[ChangeKind | None, Query(description="Of this kind.")] = None,
) -> Page[ChangeOut]:
    """Changes in the order of the file; those that a full list ends come last."""
    refuse_other_payers(caller)
    office = office_of(request, caller)
    roster = await actions.read(tx, office, roster_id)
    page = await answers.changes_page(tx, roster, (kind,) if kind else (), paging)
    await office.note_shown(tx, (each.person_no for each in page.items), roster_id)
    return page


@router.get(
    "/{roster_id}/moves",
    summary="List who moves by a roster",
    responses=refusals(RosterUnknown) | example(200, {"items": [examples.MOVE], "next_cursor": None}),
)
async def list_moves(request: Request, roster_id: RosterId, caller: Reader, tx: Tx, paging: PageAsked) -> Page[MoveOut]:
    """People who live in another township or household by the list's columns than by the register, by number."""
    refuse_other_payers(caller)
    office = office_of(request, caller)
    page = await answers.moves_page(tx, await actions.read(tx, office, roster_id), paging)
    await office.note_shown(tx, (each.person_no for each in page.items), roster_id)
    return page


@router.get(
    "/{roster_id}/rows",
    summary="List rejected or duplicate rows",
    responses=refusals(RosterUnknown) | example(200, {"items": [examples.REJECTED], "next_cursor": None}),
)
async def list_rows(
    request: Request,
    roster_id: RosterId,
    caller: Importer,
    tx: Tx,
    paging: PageAsked,
    language: LanguageOf,
    state: Annotated[RowState, Query(description="Which rows.")] = RowState.REJECTED,
) -> Page[RowOut]:
    """Rows with their row number, what is wrong in which column, and the text as it stands in the file."""
    refuse_other_payers(caller)
    office = office_of(request, caller)
    return await answers.rows_page(tx, office, await actions.read(tx, office, roster_id), state, paging, language)


@router.get(
    "/{roster_id}/rejected.csv",
    summary="Download the rejected rows",
    response_class=StreamingResponse,
    responses=refusals(RosterUnknown) | example(200, examples.REJECTED_CSV, media_type="text/csv"),
)
async def download_rejected(request: Request, roster_id: RosterId, caller: Importer, tx: Tx) -> StreamingResponse:
    """The rejected rows as they came, with what is wrong. Correct them and send the file again as `changes`."""
    refuse_other_payers(caller)
    office = office_of(request, caller)
    roster = await actions.known(tx, office, roster_id)
    await office.note(tx, "roster.download", str(roster_id), office.clock.now())
    name = f'attachment; filename="rejected-{roster_id}.csv"'
    body = answers.rejected_csv(office, roster)
    return StreamingResponse(body, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})


@router.get(
    "/{roster_id}/settlements-touched",
    summary="List the settlements that a roster touches",
    responses=refusals(RosterUnknown) | example(200, {"items": [examples.TOUCHED], "next_cursor": None}),
)
async def list_touched(
    request: Request, roster_id: RosterId, caller: Reader, tx: Tx, paging: PageAsked
) -> Page[TouchedOut]:
    """Those whose last day lies among the days that change for their person, each with its expected difference."""
    refuse_other_payers(caller)
    office = office_of(request, caller)
    roster = await actions.read(tx, office, roster_id)
    page = await answers.touched(tx, roster, office.packs, office.clock.now(), paging)
    await office.note_shown(tx, (each.person_no for each in page.items), roster_id)
    return page
