"""A letter to a patient on paper (Chinese): what was decided, why, where the money goes, and how to object."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fpdf.enums import XPos, YPos

from service.paper import qr
from service.paper.sheet import FONT, ROW, SMALL, TEXT, TITLE, WIDTH, Sheet
from service.slip import words

_BESIDE: Final = 5
_OBJECT: Final = "如对本决定有异议，可凭查询码和证件号码后六位在查询页面提出，也可到经办窗口书面提出，并附上相关材料。"
_OBJECT_WITHIN: Final = "经办机构应自收到异议之日起 {days} 日内答复。"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings: width (millimetres) and alignment of each column."""

    title: str
    columns: Sequence[tuple[str, int, str]]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Letter:
    """What a letter says; names and numbers are masked. `code` opens the patient's own view."""

    title: str
    number: str
    made_at: datetime
    heads: Sequence[tuple[str, str]]
    tables: Sequence[Table]
    reasons: Sequence[str]
    objection_days: int | None
    code: str
    address: str
    link: str


def pdf(letter: Letter) -> bytes:
    """The letter as PDF."""
    paper = Sheet(title=letter.title, foot=f"{letter.number}    {{page}} / {{pages}}", made_at=letter.made_at)
    paper.set_lang("zh-CN")
    paper.add_page()
    paper.set_font(FONT, size=TITLE)
    paper.cell(WIDTH, 10, letter.title, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    paper.set_font(FONT, size=TEXT)
    cells = [(f"{label}：{value}", WIDTH // 2, "L") for label, value in letter.heads]
    for at in range(0, len(cells), 2):
        paper.line_of(cells[at : at + 2], border=0)
    for table in letter.tables:
        _table(paper, table)
    _section(paper, "理由和依据", letter.reasons)
    within = [] if letter.objection_days is None else [_OBJECT_WITHIN.format(days=letter.objection_days)]
    _section(paper, "如有异议", [_OBJECT, *within])
    _ask(paper, letter)
    return bytes(paper.output())


def _table(paper: Sheet, table: Table) -> None:
    paper.ln(2)
    paper.line_of([(table.title, WIDTH, "L")], border=0)
    paper.line_of([(heading, width, "C") for heading, width, _ in table.columns])
    for row in table.rows:
        paper.line_of([(cell, width, align) for cell, (_, width, align) in zip(row, table.columns, strict=True)])


def _section(paper: Sheet, title: str, sentences: Sequence[str]) -> None:
    paper.ln(2)
    paper.line_of([(title, WIDTH, "L")], border=0)
    paper.set_font(FONT, size=SMALL)
    for sentence in sentences:
        paper.multi_cell(WIDTH, 5, sentence, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    paper.set_font(FONT, size=TEXT)


def _ask(paper: Sheet, letter: Letter) -> None:
    if paper.will_page_break(qr.SIDE + ROW):
        paper.add_page()
    paper.ln(3)
    top, left, room = paper.get_y(), paper.l_margin, WIDTH - qr.SIDE - _BESIDE
    qr.draw(paper, letter.link, left, top)
    paper.set_xy(left + qr.SIDE + _BESIDE, top + 3)
    said = (f"{words.CODE.zh}  {letter.code}", words.ASK.zh.format(address=letter.address), words.KEEP.zh)
    for sentence in said:
        paper.multi_cell(room, ROW, sentence, new_x=XPos.LEFT, new_y=YPos.NEXT)
