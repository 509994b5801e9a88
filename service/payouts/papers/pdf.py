"""A letter to a patient as PDF (Chinese)."""

from collections.abc import Sequence
from typing import Final

from fpdf.enums import XPos, YPos

from service.paper import qr
from service.paper.sheet import FONT, ROW, SMALL, TEXT, TITLE, WIDTH, Sheet
from service.payouts.papers.letter import Access, Letter, Table
from service.slip import words

_BESIDE: Final = 5
_OBJECT: Final = "如对本决定有异议，可凭查询码和证件号码后六位在查询页面提出，也可到经办窗口书面提出，并附上相关材料。"
_OBJECT_AT_COUNTER: Final = "如对本决定有异议，可到经办窗口书面提出，并附上相关材料；补齐材料后也可重新申请。"
_OFFICE: Final = "经办机构（盖章）："
_OBJECT_WITHIN: Final = "经办机构应自收到异议之日起 {days} 日内答复。"


def pdf(letter: Letter) -> bytes:
    """The letter as PDF."""
    paper = Sheet(title=letter.title, foot=f"{letter.number}    {{page}} / {{pages}}", made_at=letter.made_at)
    paper.set_lang("zh-CN")
    paper.add_page()
    paper.set_font(FONT, size=TITLE)
    paper.cell(WIDTH, 10, letter.title, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    paper.set_font(FONT, size=TEXT)
    if letter.notice is not None:
        paper.line_of([(letter.notice, WIDTH, "C")])
    cells = [(f"{label}：{value}", WIDTH // 2, "L") for label, value in letter.heads]
    for at in range(0, len(cells), 2):
        paper.line_of(cells[at : at + 2], border=0)
    for table in letter.tables:
        _table(paper, table)
    _section(paper, "理由和依据", letter.reasons)
    within = [] if letter.objection_days is None else [_OBJECT_WITHIN.format(days=letter.objection_days)]
    _section(paper, "如有异议", [_OBJECT_AT_COUNTER if letter.access is None else _OBJECT, *within])
    paper.ln(3)
    paper.line_of([(_OFFICE, WIDTH // 2, "L"), (f"日期：{letter.made_at.date()}", WIDTH // 2, "R")], border=0)
    if letter.access is not None:
        _ask(paper, letter.access)
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


def _ask(paper: Sheet, access: Access) -> None:
    if paper.will_page_break(qr.SIDE + ROW):
        paper.add_page()
    paper.ln(3)
    top, left, room = paper.get_y(), paper.l_margin, WIDTH - qr.SIDE - _BESIDE
    qr.draw(paper, access.link, left, top)
    paper.set_xy(left + qr.SIDE + _BESIDE, top + 3)
    said = (f"{words.CODE.zh}  {access.code}", words.ASK.zh.format(address=access.address), words.KEEP.zh)
    for sentence in said:
        paper.multi_cell(room, ROW, sentence, new_x=XPos.LEFT, new_y=YPos.NEXT)
