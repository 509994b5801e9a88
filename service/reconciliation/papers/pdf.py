"""A statement as PDF: totals by layer, the amount in capitals, the receiving account, boxes to sign, the lines."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from fpdf.enums import XPos, YPos

from service.clock import COUNTY_ZONE
from service.money import yuan
from service.paper.sheet import FONT, ROW, SMALL, TEXT, TITLE, WIDTH, Sheet
from service.reconciliation.papers.capitals import capitals
from service.reconciliation.papers.content import MOST_LINES, Content, sums

_COLUMNS: Final = ((1, "案件号", 52), (2, "类型", 12), (6, "入院", 21), (7, "出院/就诊", 21))
_AMOUNTS: Final = ((9, "总费用", 28), (10, "在先支付", 28), (12, "金额", 28))


def _amount(amount: int) -> str:
    """Yuan with thousands set apart, as people read them."""
    whole, _, rest = yuan(abs(amount)).partition(".")
    return f"{'-' if amount < 0 else ''}{int(whole):,}.{rest}"


def pdf(content: Content, rows: Sequence[Sequence[Any]]) -> bytes:
    """The paper; `rows` are the first lines of the statement, amounts in fen."""
    statement = content.statement
    paper = Sheet(
        title=f"{content.payer} {statement['period']} {content.hospital}",
        foot=f"结算单 {statement['id']}    第 {{page}} 页 共 {{pages}} 页",
        made_at=statement["at"],
    )
    paper.add_page()
    _head(paper, content)
    _totals(paper, content)
    _account(paper, content)
    _signatures(paper)
    _lines(paper, content, rows)
    return bytes(paper.output())


def _head(paper: Sheet, content: Content) -> None:
    statement = content.statement
    paper.set_font(FONT, size=TITLE)
    paper.cell(WIDTH, 10, "医疗费用垫付资金结算单", align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    paper.set_font(FONT, size=TEXT)
    paper.ln(2)
    half = WIDTH // 2
    for left, right in (
        (f"付款方：{content.payer}", f"清算期间：{statement['period']}"),
        (f"医疗机构：{content.hospital}", f"机构编码：{statement['hospital_code']}"),
        (f"出具日期：{_day(statement['at'])}", f"应付日期：{statement['due_on'].isoformat()}"),
        (f"明细笔数：{statement['line_count']:,}", _listed(statement["line_count"])),
    ):
        paper.line_of([(left, half, "L"), (right, half, "L")], border=0)
    paper.ln(2)


def _day(at: datetime) -> str:
    return at.astimezone(COUNTY_ZONE).date().isoformat()


def _listed(count: int) -> str:
    if count <= MOST_LINES:
        return "本单列出全部明细"
    return f"本单列出前 {MOST_LINES:,} 笔；全部明细见 XLSX 或 CSV"


def _totals(paper: Sheet, content: Content) -> None:
    paper.set_fill_color(232, 238, 244)
    paper.line_of([("支付层次", 120, "C"), ("金额（元）", 70, "C")], fill=True)
    for title, amount in content.layers:
        paper.line_of([(title, 120, "L"), (_amount(amount), 70, "R")])
    paper.ln(2)
    paper.line_of([("明细类型", 80, "C"), ("笔数", 40, "C"), ("金额（元）", 70, "C")], fill=True)
    for title, count, amount in content.kinds:
        paper.line_of([(title, 80, "L"), (f"{count:,}", 40, "R"), (_amount(amount), 70, "R")])
    paper.ln(2)
    for title, amount in sums(content):
        paper.line_of([(title, 120, "L"), (_amount(amount), 70, "R")], fill=title == "应付合计")
    paper.line_of([("应付合计（大写）", 50, "L"), (f"人民币{capitals(content.statement['total'])}", 140, "L")])
    paper.ln(2)


def _account(paper: Sheet, content: Content) -> None:
    holder, bank, number = content.account or ("（未登记）", "", "")
    paper.line_of([("收款账户", WIDTH, "C")], fill=True)
    paper.line_of([("户名", 30, "L"), (holder, 160, "L")])
    paper.line_of([("开户行", 30, "L"), (bank, 160, "L")])
    paper.line_of([("账号", 30, "L"), (number, 160, "L")])
    paper.ln(3)


def _signatures(paper: Sheet) -> None:
    top, half = paper.get_y(), WIDTH // 2
    for number, side in enumerate(("医疗机构（盖章）", "付款方（盖章）")):
        left = paper.l_margin + number * half
        paper.rect(left, top, half, 34)
        for row, text in enumerate((side, "经办人：", "复核人：", "日期：        年      月      日")):
            paper.set_xy(left + 3, top + 2 + row * 8)
            paper.cell(half - 6, 6, text)
    paper.set_xy(paper.l_margin, top + 40)


def _lines(paper: Sheet, content: Content, rows: Sequence[Sequence[Any]]) -> None:
    if not rows:
        return
    paper.add_page()
    paper.set_font(FONT, size=SMALL)
    heads = [(title, width, "C") for _, title, width in (*_COLUMNS, *_AMOUNTS)]
    paper.line_of(heads, fill=True)
    for row in rows:
        if paper.will_page_break(ROW):
            paper.add_page()
            paper.set_font(FONT, size=SMALL)
            paper.line_of(heads, fill=True)
        texts = [(str(row[at] or ""), width, "L") for at, _, width in _COLUMNS]
        paper.line_of(texts + [(_amount(row[at]), width, "R") for at, _, width in _AMOUNTS])
    _below(paper, content, rows)


def _below(paper: Sheet, content: Content, rows: Sequence[Sequence[Any]]) -> None:
    """What the lines above come to, and where the others are."""
    count, whole = len(rows), sum(width for *_, width in _COLUMNS)
    title = f"合计 {count:,} 笔" if count == content.statement["line_count"] else f"以上 {count:,} 笔小计"
    sums_of = [(_amount(sum(row[at] for row in rows)), width, "R") for at, _, width in _AMOUNTS]
    paper.line_of([(title, whole, "L"), *sums_of], fill=True)
    if count < content.statement["line_count"]:
        rest = content.statement["line_count"] - count
        paper.ln(2)
        paper.cell(WIDTH, ROW, f"其余 {rest:,} 笔未列于本单：全部明细见同一结算单的 XLSX 或 CSV，合计以首页为准。")
