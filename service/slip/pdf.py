"""The slip on paper: A4, Chinese or English, with the QR code that leads to the patient's page."""

from typing import Final

from fpdf.enums import XPos, YPos

from service.claims.model import Record
from service.money import yuan
from service.paper import qr
from service.paper.sheet import FONT, ROW, SMALL, TEXT, TITLE, WIDTH, Sheet
from service.slip import words
from service.slip.content import Slip
from service.text import Text

_FILL: Final = (232, 238, 244)
_LARGE: Final = 14
_LARGE_ROW: Final = 9
_HEAD: Final = (
    ("hospital", Text("医疗机构", "Hospital")),
    ("visit_no", Text("就诊号", "Visit")),
    ("name", Text("姓名", "Name")),
    ("id_no", Text("证件号码", "Identity no.")),
    ("dates", Text("就诊日期", "Dates")),
    ("settled", Text("结算时间", "Settled at")),
)


def pdf(slip: Slip, language: str) -> bytes:
    """The slip as PDF."""
    record = slip.record
    assert record.settled_at is not None
    title = words.TITLE.in_language(language)
    paper = Sheet(
        title=f"{title} {record.visit_no}", foot=f"{record.id}    {{page}} / {{pages}}", made_at=record.settled_at
    )
    paper.set_lang("en" if language == "en" else "zh-CN")
    paper.add_page()
    paper.set_fill_color(*_FILL)
    paper.set_font(FONT, size=TITLE)
    paper.cell(WIDTH, 10, title, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    paper.set_font(FONT, size=TEXT)
    if slip.no_longer is not None:
        paper.line_of([(slip.no_longer.in_language(language), WIDTH, "C")], fill=True)
    _head(paper, slip, language)
    _bill(paper, slip, language)
    _payers(paper, slip, language)
    _left(paper, slip, language)
    _why(paper, slip, language)
    _ask(paper, slip, language)
    return bytes(paper.output())


def _head(paper: Sheet, slip: Slip, language: str) -> None:
    record, half = slip.record, WIDTH // 2
    assert record.settled_at is not None
    kind = slip.disease or ""
    dates = f"{record.admitted_on} ~ {record.last_day}" if slip.is_stay else f"{record.last_day} {kind}"
    values = {
        "hospital": slip.hospital,
        "visit_no": record.visit_no,
        "name": f"{slip.name}  ({record.person_no})",
        "id_no": slip.id_no or "-",
        "dates": dates,
        "settled": f"{record.settled_at:%Y-%m-%d %H:%M}{_version(record, language)}",
    }
    cells = [(f"{label.in_language(language)}: {values[name]}", half, "L") for name, label in _HEAD]
    for left, right in zip(cells[::2], cells[1::2], strict=True):
        paper.line_of([left, right], border=0)
    paper.ln(1)


def _version(record: Record, language: str) -> str:
    return f"  {words.VERSION.in_language(language).format(version=record.version)}" if record.version > 1 else ""


def _section(paper: Sheet, title: Text, language: str) -> None:
    paper.ln(1)
    paper.line_of([(title.in_language(language), WIDTH, "L")], fill=True)


def _bill(paper: Sheet, slip: Slip, language: str) -> None:
    _section(paper, words.BILL, language)
    amounts = slip.record.settlement.amounts._asdict()
    width = WIDTH // len(amounts)
    paper.line_of([(words.AMOUNTS[name].in_language(language), width, "C") for name in amounts])
    paper.line_of([(yuan(amount), width, "R") for amount in amounts.values()])


def _payers(paper: Sheet, slip: Slip, language: str) -> None:
    _section(paper, words.WHO_PAYS, language)
    for part in slip.parts:
        way = words.WAYS[part.way].in_language(language) if part.amount else ""
        paper.line_of(
            [
                (part.name.in_language(language), 55, "L"),
                (part.payer.in_language(language), 58, "L"),
                (way, 47, "L"),
                (yuan(part.amount), 30, "R"),
            ]
        )
        if part.amount and part.clauses:
            paper.set_font(FONT, size=SMALL)
            paper.line_of([("  " + "；".join(part.clauses), WIDTH, "L")], border=0)
            paper.set_font(FONT, size=TEXT)


def _left(paper: Sheet, slip: Slip, language: str) -> None:
    _section(paper, words.WHAT_IS_LEFT, language)
    amounts = slip.record.settlement.split._asdict() | {"hospital_bears": slip.record.hospital_bears}
    always = ("paid_total", "patient_pays")
    for name, label in words.LEFT.items():
        if amounts[name] or name in always:
            paper.line_of([(label.in_language(language), 140, "L"), (yuan(amounts[name]), 50, "R")])
    paper.set_font(FONT, size=_LARGE)
    paper.cell(140, _LARGE_ROW, words.DUE.in_language(language), border=1)
    paper.cell(
        50, _LARGE_ROW, yuan(amounts["due_at_discharge"]), border=1, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT
    )
    paper.set_font(FONT, size=TEXT)


def _why(paper: Sheet, slip: Slip, language: str) -> None:
    _section(paper, words.WHY, language)
    paper.set_font(FONT, size=SMALL)
    paper.ln(1)
    said = list(slip.explanation[language])
    if slip.record.settlement.split.expected_aid and slip.no_longer is None:
        said.append(words.APPLY.in_language(language))
    for sentence in said:
        paper.multi_cell(WIDTH, 4, sentence, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    paper.set_font(FONT, size=TEXT)


def _ask(paper: Sheet, slip: Slip, language: str) -> None:
    if paper.will_page_break(qr.SIDE + ROW):
        paper.add_page()
    paper.ln(3)
    top, left = paper.get_y(), paper.l_margin
    qr.draw(paper, slip.link, left, top)
    beside = left + qr.SIDE + 5
    paper.set_xy(beside, top + 3)
    paper.set_font(FONT, size=_LARGE)
    code = f"{words.CODE.in_language(language)}  {slip.grouped_code}"
    paper.cell(WIDTH - qr.SIDE - 5, 8, code, new_x=XPos.LEFT, new_y=YPos.NEXT)
    paper.set_font(FONT, size=TEXT)
    for sentence in (words.ASK.in_language(language).format(address=slip.address), words.KEEP.in_language(language)):
        paper.multi_cell(WIDTH - qr.SIDE - 5, 5, sentence, new_x=XPos.LEFT, new_y=YPos.NEXT)
        paper.ln(1)
        paper.set_x(beside)
