"""Uploaded catalogues on the wire."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import Field

from service.errors import Text
from service.registers.catalogue.imports.lines import FAULTS
from service.registers.catalogue.imports.store import Change, Import, Rejected
from service.registers.catalogue.schemas import CatalogueOut
from service.registers.entries import CatalogueTerms
from service.registers.periods import Recorded
from service.registers.rosters.faults import texts as roster_texts
from service.wire.pages import Page
from service.wire.types import Day, Flag, WireModel


class Kind(StrEnum):
    """`full`: an item that is absent has ended; `changes`: only what the rows say."""

    FULL = "full"
    CHANGES = "changes"


class StatementIn(WireModel):
    """What is said of the whole file."""

    kind: Kind = Field(description="`full`: an item that is absent has ended; `changes`: only what the rows say.")
    as_of: Day = Field(description="From which day the terms hold where a row gives no first day.")


class CatalogueApplyIn(WireModel):
    accept_rejected: Flag = Field(
        default=False, description="Let a full catalogue end items although rows could not be read whichever they are."
    )


class CountsOut(WireModel):
    rows: int
    unchanged: int
    added: int
    changed: int
    ended: int
    rejected: int
    unidentified: int = Field(description="Of the rejected rows, those whose item cannot be read.")


class CatalogueImportOut(WireModel):
    id: UUID
    county_code: str
    kind: Kind
    as_of: date
    filename: str
    counts: CountsOut
    uploaded_at: datetime
    uploaded_by: str
    applied_at: datetime | None
    applied_by: str | None

    @classmethod
    def of(cls, made: Import) -> Self:
        counts = CountsOut(**{name: getattr(made.counts, name) for name in CountsOut.model_fields})
        plain = {name: getattr(made, name) for name in cls.model_fields if name not in ("counts", "kind")}
        return cls(counts=counts, kind=Kind(made.kind), **plain)


class ItemChangeOut(WireModel):
    kind: str = Field(description="`added`, `changed` or `ended`.")
    item_code: str
    row: int | None = Field(description="Row of the file; null: absent from a full catalogue.")
    terms: list[CatalogueOut] = Field(description="The terms that are added.")
    replaces: list[CatalogueOut] = Field(description="The terms that they replace, which stay on record.")

    @classmethod
    def of(cls, change: Change, known: Mapping[int, Recorded[CatalogueTerms]]) -> Self:
        return cls(
            kind=change.kind,
            item_code=change.item_code,
            row=change.row_no,
            terms=[CatalogueOut.of(change.item_code, fact) for fact in change.added],
            replaces=[CatalogueOut.of(change.item_code, known[row].fact) for row in change.superseded if row in known],
        )


def said(code: str) -> Text:
    """What is wrong and what to do."""
    return FAULTS[code] if code in FAULTS else roster_texts(code)


class ItemFaultOut(WireModel):
    column: str
    code: str
    detail: str
    text: str | None


class RejectedOut(WireModel):
    row: int
    faults: list[ItemFaultOut]
    cells: list[str]

    @classmethod
    def of(cls, rejected: Rejected, language: str) -> Self:
        cells = rejected.cells
        faults = [
            ItemFaultOut(
                column=fault.column,
                code=fault.code,
                detail=said(fault.code).in_language(language),
                text=cells[fault.at] if fault.at is not None and fault.at < len(cells) else None,
            )
            for fault in rejected.faults
        ]
        return cls(row=rejected.row_no, faults=faults, cells=cells)


class CataloguePreviewOut(CatalogueImportOut):
    """With the first of everything; the rest by their own lists."""

    changes: Page[ItemChangeOut]
    rejected: Page[RejectedOut]
