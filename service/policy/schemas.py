"""Policy packs on the wire."""

from datetime import date
from typing import Any

from pydantic import Field

from service.policy.check import Report
from service.policy.model import Pack
from service.policy.summary import summary
from service.wire.types import Flag, WireModel


class TextOut(WireModel):
    zh: str
    en: str


class PackSummaryOut(WireModel):
    """A pack that is loaded."""

    id: str
    hash: str = Field(description="Of the content: two packs that differ have two hashes.")
    title: TextOut
    county_codes: list[str]
    valid_from: date
    valid_to: date | None

    @classmethod
    def of(cls, pack: Pack) -> "PackSummaryOut":
        return cls(**_head(pack))


class PackOut(PackSummaryOut):
    """A pack with its parameters and their citations, and what it says in plain words."""

    says: list[str]
    document: dict[str, Any] = Field(description="The pack as written: every parameter with its clauses.")

    @classmethod
    def of(cls, pack: Pack) -> "PackOut":
        return cls(**_head(pack), says=summary(pack), document=dict(pack.document))


def _head(pack: Pack) -> dict[str, Any]:
    return {
        "id": pack.id,
        "hash": pack.hash,
        "title": TextOut(zh=pack.title.zh, en=pack.title.en),
        "county_codes": sorted(pack.county_codes),
        "valid_from": pack.valid_from,
        "valid_to": pack.valid_to,
    }


class PackIn(WireModel):
    """A pack to be checked, in one text."""

    yaml: str = Field(min_length=1, max_length=500_000, description="The pack as YAML, its files put together.")


class FaultOut(WireModel):
    """One thing wrong with a pack, and the remedy."""

    code: str
    file: str
    key: str
    says: str
    remedy: TextOut


class ReportOut(WireModel):
    ok: Flag
    faults: list[FaultOut]
    says: list[str] = Field(description="What the pack says in plain words, when nothing is wrong with it.")

    @classmethod
    def of(cls, report: Report) -> "ReportOut":
        faults = [
            FaultOut(
                code=fault.code,
                file=fault.file,
                key=fault.key,
                says=fault.says,
                remedy=TextOut(zh=fault.remedy.zh, en=fault.remedy.en),
            )
            for fault in report.faults
        ]
        return cls(ok=report.ok, faults=faults, says=list(report.says))
