"""Uploaded catalogues over HTTP."""

from typing import Annotated, Any, Final, Literal

from fastapi import Path, Query, Request
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import StreamingResponse

from service.access.guard import allow
from service.access.model import Caller, Role
from service.db import Tx
from service.registers.catalogue.imports import actions, store
from service.registers.catalogue.imports.download import rejected_csv
from service.registers.catalogue.imports.refusals import (
    CatalogueImportRejectedRows,
    CatalogueImportStale,
    CatalogueImportUnknown,
)
from service.registers.catalogue.imports.schemas import (
    CatalogueApplyIn,
    CatalogueImportOut,
    CataloguePreviewOut,
    ItemChangeOut,
    RejectedOut,
    StatementIn,
)
from service.registers.catalogue.imports.store import Import
from service.registers.catalogue.store import ITEMS
from service.registers.desk import Desk
from service.registers.refusals import CatalogueOverlap
from service.registers.schemas import sample
from service.sheets.faults import SheetEmpty, SheetEncoding, SheetHeadings, SheetRefused, SheetTooLarge
from service.wire.form import form_schema, sent
from service.wire.language import LanguageOf
from service.wire.pages import Page, PageAsked, Paging
from service.wire.refusals import MediaTypeUnsupported, RequestInvalid, RequestTooLarge
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Id

router = Router(prefix="/v1/catalogue-imports", tags=["Catalogue"])

Agency = Annotated[Caller, allow(Role.AGENCY)]
Readers = Annotated[Caller, allow(Role.AGENCY, Role.AUDITOR)]
ImportId = Annotated[Id, Path(description="The id given when the file was uploaded.")]

_FORM: Final[dict[str, Any]] = {"file": "（目录.xlsx）", "kind": "changes", "as_of": "2019-01-01"}
_IMPORT: Final[dict[str, Any]] = {
    "id": "0198c7a4-5c00-7000-8000-000000000031",
    "county_code": "459901",
    "kind": "changes",
    "as_of": "2019-01-01",
    "filename": "目录.xlsx",
    "counts": {"rows": 2, "unchanged": 0, "added": 1, "changed": 0, "ended": 0, "rejected": 1, "unidentified": 0},
    "uploaded_at": "2018-12-20T09:00:00+08:00",
    "uploaded_by": "agency/clerk-07",
    "applied_at": None,
    "applied_by": None,
}
_CHANGE: Final[dict[str, Any]] = {
    "kind": "added",
    "item_code": "XB02",
    "row": 2,
    "terms": [
        {
            "item_code": "XB02",
            "name": "人工晶体",
            "category": "material",
            "grade": "B",
            "self_pay_ratio": "0.30",
            "price_ceiling": {"township": None, "level2": "1000.00", "level3_city": None, "level3_region": None},
            "valid_from": "2019-01-01",
            "valid_to": None,
        }
    ],
    "replaces": [],
}
_REJECTED: Final[dict[str, Any]] = {
    "row": 3,
    "faults": [
        {"column": "等级", "code": "grade.unknown", "detail": "等级应为甲、乙、丙之一。", "text": "丁"},
    ],
    "cells": ["XB03", "止血夹", "材料", "丁"],
}
_REJECTED_CSV: Final = "项目编码,项目名称,等级,问题\r\nXB03,止血夹,丁,等级：等级应为甲、乙、丙之一。\r\n"
_PREVIEW: Final[dict[str, Any]] = _IMPORT | {
    "changes": {"items": [_CHANGE], "next_cursor": None},
    "rejected": {"items": [_REJECTED], "next_cursor": None},
}


async def _changes(tx: AsyncConnection, made: Import, kind: str | None, paging: Paging) -> Page[ItemChangeOut]:
    after = paging.after(int)
    found = await store.changes_of(tx, made, kind, after[0] if after else 0, paging.limit + 1)
    page, cursor = paging.cut(found, lambda each: (each[0],))
    replaced = [row for _, change in page for row in change.superseded]
    known = await ITEMS.by_row(tx, {"county_code": made.county_code}, replaced)
    return Page(items=[ItemChangeOut.of(change, known) for _, change in page], next_cursor=cursor)


async def _rejected(tx: AsyncConnection, made: Import, paging: Paging, language: str) -> Page[RejectedOut]:
    after = paging.after(int)
    found = await store.rejected_of(tx, made, after[0] if after else 0, paging.limit + 1)
    page, cursor = paging.cut(found, lambda each: (each.row_no,))
    return Page(items=[RejectedOut.of(each, language) for each in page], next_cursor=cursor)


async def _preview(tx: AsyncConnection, made: Import, language: str) -> CataloguePreviewOut:
    plain = CatalogueImportOut.of(made)
    return CataloguePreviewOut(
        **{name: getattr(plain, name) for name in CatalogueImportOut.model_fields},
        changes=await _changes(tx, made, None, Paging()),
        rejected=await _rejected(tx, made, Paging(), language),
    )


@router.post(
    "",
    status_code=201,
    summary="Preview a catalogue",
    responses=refusals(
        SheetRefused,
        SheetEmpty,
        SheetEncoding,
        SheetTooLarge,
        SheetHeadings,
        RequestInvalid,
        MediaTypeUnsupported,
        RequestTooLarge,
    )
    | example(201, _PREVIEW),
    openapi_extra=form_schema(StatementIn, _FORM),
)
async def preview_catalogue(request: Request, caller: Agency, tx: Tx, language: LanguageOf) -> CataloguePreviewOut:
    """
    Read a catalogue (CSV, XLSX or XLS) and say what it would change of the items' dated terms. Nothing changes yet.

    Columns are found by their headings, in Chinese or English. A row's terms hold from its first day, else from
    `as_of`; the days before keep theirs, so that a settlement always uses the catalogue of its service day. What is
    settled already on terms that the file changes: `GET /v1/catalogue-imports/{id}/settlements-touched`.
    """
    desk = Desk.of(request, tx, caller)
    async with sent(request, StatementIn) as form:
        made = await actions.preview(desk, form.file, form.filename, form.said.kind.value, form.said.as_of)
    return await _preview(tx, made, language)


@router.get(
    "/{import_id}",
    summary="Read a catalogue import",
    responses=refusals(CatalogueImportUnknown) | example(200, _PREVIEW),
)
async def read_catalogue_import(
    request: Request, import_id: ImportId, caller: Readers, tx: Tx, language: LanguageOf
) -> CataloguePreviewOut:
    """An uploaded catalogue with the first of everything that it changes."""
    return await _preview(tx, await actions.known_import(Desk.of(request, tx, caller), import_id), language)


@router.post(
    "/{import_id}/apply",
    summary="Apply a catalogue",
    responses=refusals(CatalogueImportUnknown, CatalogueImportStale, CatalogueImportRejectedRows, CatalogueOverlap)
    | example(200, _IMPORT),
)
async def apply_catalogue(
    request: Request,
    import_id: ImportId,
    caller: Agency,
    tx: Tx,
    body: Annotated[CatalogueApplyIn | None, sample({"accept_rejected": False})] = None,
) -> CatalogueImportOut:
    """Apply a preview, whole or not at all. Applied again: the same answer, and nothing happens."""
    accepted = body is not None and body.accept_rejected
    made = await actions.apply(Desk.of(request, tx, caller), import_id, accept_rejected=accepted)
    return CatalogueImportOut.of(made)


@router.get(
    "/{import_id}/changes",
    summary="List what a catalogue changes",
    responses=refusals(CatalogueImportUnknown) | example(200, {"items": [_CHANGE], "next_cursor": None}),
)
async def list_catalogue_changes(
    request: Request,
    import_id: ImportId,
    caller: Readers,
    tx: Tx,
    paging: PageAsked,
    kind: Annotated[Literal["added", "changed", "ended"] | None, Query(description="Of this kind.")] = None,
) -> Page[ItemChangeOut]:
    """Changes in the order of the file; items that a full catalogue ends come last."""
    return await _changes(tx, await actions.known_import(Desk.of(request, tx, caller), import_id), kind, paging)


@router.get(
    "/{import_id}/rows",
    summary="List rejected rows of a catalogue",
    responses=refusals(CatalogueImportUnknown) | example(200, {"items": [_REJECTED], "next_cursor": None}),
)
async def list_catalogue_rows(
    request: Request, import_id: ImportId, caller: Readers, tx: Tx, paging: PageAsked, language: LanguageOf
) -> Page[RejectedOut]:
    """Rejected rows with what is wrong in which column."""
    made = await actions.known_import(Desk.of(request, tx, caller), import_id)
    return await _rejected(tx, made, paging, language)


@router.get(
    "/{import_id}/rejected.csv",
    summary="Download the rejected rows of a catalogue",
    response_class=StreamingResponse,
    responses=refusals(CatalogueImportUnknown) | example(200, _REJECTED_CSV, media_type="text/csv"),
)
async def download_catalogue_rejected(
    request: Request, import_id: ImportId, caller: Readers, tx: Tx
) -> StreamingResponse:
    """The rejected rows as they came, with what is wrong. Correct them and send the file again as `changes`."""
    made = await actions.known_import(Desk.of(request, tx, caller), import_id)
    name = f'attachment; filename="rejected-{import_id}.csv"'
    body = rejected_csv(request.app.state.engine, made)
    return StreamingResponse(body, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})
