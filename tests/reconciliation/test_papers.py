"""Statements on paper: three formats from the same rows; capitals to the fen; a font that comes along."""

import csv
import io
import re
import shutil
import subprocess
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from pycel import ExcelCompiler

from service.money import fen
from service.reconciliation.papers.capitals import capitals
from service.sheets.book import SUMMARY
from tests.reconciliation.bulk import Case
from tests.reconciliation.conftest import H1, Calendar, Parties

JUNE_9, JUNE_20 = date(2018, 6, 9), date(2018, 6, 20)
Settled = Callable[..., Awaitable[None]]
DIGITS, UNITS = "零壹贰叁肆伍陆柒捌玖", {"拾": 10, "佰": 100, "仟": 1000}


def read_capitals(words: str) -> int:
    """An amount in capitals, read back by hand: fen."""
    sign, words = (-1, words[1:]) if words.startswith("负") else (1, words)
    whole, _, rest = words.rpartition("元") if "元" in words else ("", "", words)
    total = section = number = 0
    for word in whole:
        if word in DIGITS:
            number = DIGITS.index(word)
        elif word in UNITS:
            section, number = section + (number or 1) * UNITS[word], 0
        else:
            section, number = section + number, 0
            total = total + section * 10_000 if word == "万" else (total + section) * 100_000_000
            section = 0
    amount = (total + section + number) * 100
    for value, unit in re.findall(f"([{DIGITS}])([角分])", rest):
        amount += DIGITS.index(value) * (10 if unit == "角" else 1)
    return sign * amount


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("12345.67", "壹万贰仟叁佰肆拾伍元陆角柒分"),
        ("100.00", "壹佰元整"),
        ("0.05", "伍分"),
        ("0.50", "伍角"),
        ("10000.00", "壹万元整"),
        ("-12.30", "负壹拾贰元叁角"),
        ("0.00", "零元整"),
    ],
)
def test_amounts_in_capitals(amount: str, words: str) -> None:
    assert capitals(fen(amount)) == words


def test_every_amount_reads_back_from_its_capitals() -> None:
    amounts = [n * 7919 + n**3 for n in range(1, 4000)] + [10**n for n in range(1, 13)] + [10**n + 1 for n in range(13)]

    assert [amount for amount in amounts if read_capitals(capitals(amount)) != amount] == []


@pytest.fixture
async def statement(parties: Parties, calendar: Calendar, settled: Settled) -> dict[str, Any]:
    cases = [Case(JUNE_9, H1, {"basic": 1_000_00, "aid": 33, "top_up": n * 100_07}) for n in range(1, 31)]
    await settled(*cases, cases[4].reversed_on(JUNE_20))
    await parties.agency(
        "POST",
        "/v1/hospitals",
        {
            "hospital_code": H1,
            "name": "测试县人民医院",
            "county_code": "459901",
            "level": "level2",
            "location": "county",
            "bank_account": {"holder": "测试县人民医院", "bank": "测试农商行", "number": "6222000000000000009"},
        },
    )
    calendar.turn_to("2018-07-02")
    found: dict[str, Any] = (await parties.run("top_up_insurer", "2018-06"))["items"][0]
    return found


def said_by(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


async def export(parties: Parties, statement: dict[str, Any], kind: str) -> bytes:
    answer = await parties.insurer("GET", f"/v1/statements/{statement['id']}/export?format={kind}")
    assert answer.status_code == 200
    return answer.content


async def test_csv_and_workbook_agree_with_the_statement_to_the_fen(
    parties: Parties, statement: dict[str, Any], tmp_path: Path
) -> None:
    table = list(csv.DictReader(io.StringIO((await export(parties, statement, "csv")).decode("utf-8-sig"))))
    path = tmp_path / "a.xlsx"
    path.write_bytes(await export(parties, statement, "xlsx"))
    book, values = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)
    sheet, summary, cached = book["明细"], book[SUMMARY], values[SUMMARY]
    heads = [cell.value for cell in sheet[1]]
    amount = heads.index("金额")
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    formulas = {str(row[0].value): row[1] for row in summary.iter_rows(min_row=2) if row[1].data_type == "f"}
    kept = {str(row[0].value): row[1].value for row in cached.iter_rows(min_row=2)}
    computed = {name: worked_out(path, cell.coordinate) for name, cell in formulas.items()}
    by_kind = {
        f"{kind}合计": sum(fen(row["金额"]) for row in table if row["类型"] == kind) for kind in ("垫付", "冲正")
    }

    assert sum(fen(row["金额"]) for row in table) == fen(statement["total"])
    assert [in_fen(row[amount]) for row in rows] == [fen(row["金额"]) for row in table]
    assert sheet.freeze_panes == "A2"
    assert isinstance(rows[0][heads.index("结算日期")], datetime)
    assert isinstance(rows[0][amount], float)
    assert computed == by_kind | {"明细合计": fen(statement["total"])}, "worked out by another library, from the cells"
    assert {name: in_fen(kept[name]) for name in formulas} == computed


def worked_out(path: Path, cell: str) -> int:
    """What another library makes of a formula (fen), of a copy without the results that the writer put beside them."""
    copy = path.with_name("formulas.xlsx")
    openpyxl.load_workbook(path).save(copy)
    assert openpyxl.load_workbook(copy, data_only=True)[SUMMARY][cell].value is None
    return in_fen(ExcelCompiler(str(copy)).evaluate(f"{SUMMARY}!{cell}"))


def in_fen(value: object) -> int:
    return round(Decimal(str(value)).quantize(Decimal("0.01")) * 100)


async def test_the_same_statement_gives_the_same_bytes(parties: Parties, statement: dict[str, Any]) -> None:
    for kind in ("csv", "xlsx", "pdf"):
        assert await export(parties, statement, kind) == await export(parties, statement, kind)


async def test_the_paper_says_what_the_statement_says_in_an_embedded_font(
    parties: Parties, statement: dict[str, Any], tmp_path: Path
) -> None:
    paper = tmp_path / "a.pdf"
    paper.write_bytes(await export(parties, statement, "pdf"))
    assert b"/FontFile3" in paper.read_bytes(), "the font comes with the paper"
    if shutil.which("pdftotext") is None or shutil.which("pdffonts") is None:
        pytest.skip("needs pdftotext and pdffonts (poppler-utils)")
    words, fonts = said_by("pdftotext", "-layout", str(paper), "-"), said_by("pdffonts", str(paper)).splitlines()[2:]

    for said in (
        "医疗费用垫付资金结算单",
        "健康扶贫保险承保公司",
        "测试县人民医院",
        "2018-06",
        f"{float(statement['total']):,.2f}",
        f"人民币{capitals(fen(statement['total']))}",
        "6222000000000000009",
        "医疗机构（盖章）",
        f"2018-06-{H1}-000031",
        "-500.35",
        "本单列出全部明细",
        "合计 31 笔",
    ):
        assert said in words, said
    assert fonts
    assert all(line.split()[-5] == "yes" for line in fonts), "every font is embedded"


async def test_a_paper_that_has_no_room_for_all_lines_says_so_and_where_they_are(
    parties: Parties, statement: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.reconciliation.papers.export.MOST_LINES", 20)
    monkeypatch.setattr("service.reconciliation.papers.pdf.MOST_LINES", 20)
    table = list(csv.DictReader(io.StringIO((await export(parties, statement, "csv")).decode("utf-8-sig"))))
    paper = tmp_path / "a.pdf"
    paper.write_bytes(await export(parties, statement, "pdf"))
    if shutil.which("pdftotext") is None:
        pytest.skip("needs pdftotext (poppler-utils)")
    words = said_by("pdftotext", "-layout", str(paper), "-")

    shown = sum(fen(row["金额"]) for row in table[:20])
    for said in ("本单列出前 20 笔", "以上 20 笔小计", f"{shown / 100:,.2f}", "其余 11 笔", f"2018-06-{H1}-000020"):
        assert said in words, said
    assert f"2018-06-{H1}-000021" not in words


async def test_an_auditor_sees_the_account_masked(parties: Parties, statement: dict[str, Any]) -> None:
    seen = []
    for call in (parties.insurer, parties.auditor):
        answer = await call("GET", f"/v1/statements/{statement['id']}/export?format=xlsx")
        book = openpyxl.load_workbook(io.BytesIO(answer.content))
        facts = {row[0].value: row[1].value for row in book[SUMMARY].iter_rows(min_row=2)}
        seen.append("6222000000000000009" in str(facts["收款账户"]))

    assert seen == [True, False]


async def test_a_sample_is_drawn_by_its_seed(parties: Parties, statement: dict[str, Any]) -> None:
    drawn = []
    for seed in ("1", "1", "2"):
        answer = await parties.auditor("GET", f"/v1/statements/{statement['id']}/sample?size=5&seed={seed}")
        drawn.append([line["line_no"] for line in answer.json()["items"]])

    assert drawn[0] == drawn[1] != drawn[2]
    assert len(drawn[0]) == 5
