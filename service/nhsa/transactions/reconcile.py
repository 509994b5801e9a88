"""3201 compares totals, 3202 a file line by line: with the same typed differences as REST, whatever the totals say."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, Final, NamedTuple

from service.clock import COUNTY_ZONE
from service.money import fen, yuan
from service.nhsa import standing
from service.nhsa.checks import plain
from service.nhsa.desk import Desk, Done
from service.nhsa.model import long, short
from service.nhsa.reading import decoded
from service.nhsa.reference import reference
from service.nhsa.refusals import invalid
from service.nhsa.settled import Settled
from service.nhsa.transactions import files
from service.reconciliation.matching.match import Claim, Found, Line, Row, compare

LEVEL, NOT_LEVEL = "0", "1"
_NOTHING: Final = "null"
_CENTRE: Final = "centre"
_HERE: Final = "here"
_LARGEST_TEXT: Final = 50_000_000
_REFUND: Final = "1"
_TOLD: Final = {
    "missing_here": "中心无此笔",
    "missing_there": "医院无此笔",
    "amount": "金额不符",
    "duplicate": "重复",
    "wrong_period": "不在本期",
    "reversed_one_side": "仅一方已退费",
}


class Entry(NamedTuple):
    """
    One side of a settlement: its own line, or that of its cancellation. Amounts in fen, negative on refunds.

    `adjusts`: what a later decision changed of a settlement of an earlier period; no visit of its own.
    """

    setl_id: str
    mdtrt_id: str
    psn_no: str
    msgid: str
    medfee_sumamt: int
    fund_pay_sumamt: int
    acct_pay: int
    refund: bool
    day: date
    adjusts: bool = False


def entries(found: Iterable[Settled], first: date, last: date) -> list[Entry]:
    """
    What was settled between two days, and what was taken back between them: a refund is a line of its own.

    What was decided anew between them is in the line of its settlement, or alone where that is of earlier days.
    """
    return [entry for one in found for entry in _entries(one, first, last)]


def _entries(one: Settled, first: date, last: date) -> Iterator[Entry]:
    key = (short(one.setl_id), short(one.mdtrt_id), one.person_no)
    made_on = _day(one.settled_at)
    total, funds = one.medfee_sumamt, one.fund_pay_sumamt
    line = (total, funds) if first <= made_on <= last else (0, 0)
    for version in one.versions:
        if first <= _day(version.at) <= last:
            line = (line[0] + version.total - total, line[1] + version.funds - funds)
        total, funds = version.total, version.funds
    if first <= made_on <= last:
        yield Entry(*key, one.msgid, line[0], line[1], 0, False, made_on)
    elif any(line):
        yield Entry(*key, one.msgid, line[0], line[1], 0, False, last, adjusts=True)
    if one.cancelled_at is not None and first <= _day(one.cancelled_at) <= last:
        yield Entry(*key, one.cancel_msgid or "", -total, -funds, 0, True, _day(one.cancelled_at))


def _day(at: datetime) -> date:
    return at.astimezone(COUNTY_ZONE).date()


async def of_days(desk: Desk, first: date, last: date, **equal: str) -> list[Entry]:
    """The entries of this institution between two days."""
    if last < first:
        raise invalid("结束日期早于开始日期，请更正。", "The last day is before the first: correct them.")
    begin = datetime.combine(first, time(), COUNTY_ZONE)
    end = datetime.combine(last + timedelta(days=1), time(), COUNTY_ZONE)
    return entries(await standing.between(desk, begin, end, **equal), first, last)


async def totals(desk: Desk) -> Done:
    """3201: level or not, with the centre's own figures."""
    data = desk.input["data"]
    first, last = (date.fromisoformat(data[name]) for name in ("stmt_begndate", "stmt_enddate"))
    equal = {"clr_type": data["clr_type"], "insutype": data["insutype"], "clr_optins": data["setl_optins"]}
    ours = _asked(await of_days(desk, first, last, **equal), data)
    await desk.note("nhsa.totals")
    figures = (
        sum(not one.adjusts for one in ours),
        sum(one.medfee_sumamt for one in ours),
        sum(one.fund_pay_sumamt for one in ours),
    )
    theirs = (int(data["fixmedins_setl_cnt"]), fen(data["medfee_sumamt"]), fen(data["fund_pay_sumamt"]))
    level = figures == theirs and fen(data["acct_pay"]) == 0
    told = f"中心：{figures[0]} 笔，总额 {yuan(figures[1])}，基金 {yuan(figures[2])}，账户 0.00"
    row = {
        "setl_optins": data["setl_optins"],
        "stmt_rslt": LEVEL if level else NOT_LEVEL,
        "stmt_rslt_dscr": told if level else f"不平。{told}；请以 3202 对明细。",
    }
    return Done({"stmtinfo": row})


def _asked(found: list[Entry], data: dict[str, str]) -> list[Entry]:
    """With the refund flag 1 only refunds, with 0 only settlements, without it both."""
    flag = data.get("refd_setl_flag", data.get("fixmedins_refd_setl_flag"))
    return found if flag is None else [entry for entry in found if entry.refund == (flag == _REFUND)]


async def details(desk: Desk) -> Done:
    """3202: every line of the file against every line of ours; the result is a file to be fetched by 9102."""
    data = desk.input["data"]
    first, last = (date.fromisoformat(data[name]) for name in ("stmt_begndate", "stmt_enddate"))
    theirs = _rows(await files.content_of(desk, data["file_qury_no"]))
    ours = await of_days(desk, first, last, clr_type=data["clr_type"])
    asked = {long(row.setl_id) for row in theirs} - {None}
    known = entries(await standing.by_setl_ids(desk, [one for one in asked if one]), date.min, date.max)
    lines = _result(desk, ours, theirs, known, first, last)
    number = await files.keep(desk, "result.zip", _zipped(lines))
    await desk.note("nhsa.details", subject=number)
    told = files.told(desk, number, "result.zip")
    return Done({"fileinfo": {name: told[name] for name in ("file_qury_no", "filename", "dld_endtime")}})


def _rows(content: bytes) -> list[Entry]:
    columns = list(reference()["3202"].files["upload"])
    found = []
    for number, line in enumerate(_unzipped(content).splitlines(), 1):
        if not line.strip():
            continue
        cells = ["" if cell.strip() in (_NOTHING, "NULL") else cell.strip() for cell in line.split("\t")]
        if len(cells) < len(columns):
            raise invalid(f"对账文件第 {number} 行应有 {len(columns)} 列（TAB 分隔）。", f"Line {number} is short.")
        row = dict(zip(columns, cells, strict=False))
        money = [_fen(row[name], number) for name in ("medfee_sumamt", "fund_pay_sumamt", "acct_pay")]
        refund = row["refd_setl_flag"] == _REFUND
        found.append(
            Entry(row["setl_id"], row["mdtrt_id"], row["psn_no"], "", money[0], money[1], money[2], refund, date.min)
        )
    return found


def _fen(text: str, number: int) -> int:
    try:
        return fen(plain(text or "0") or "x")
    except ValueError:
        raise invalid(f"对账文件第 {number} 行有金额无法识别。", f"Line {number}: not an amount.") from None


def _unzipped(content: bytes) -> str:
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return decoded(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [info for info in archive.infolist() if not info.is_dir()]
            if len(names) != 1 or names[0].file_size > _LARGEST_TEXT:
                raise invalid("压缩包内应有且只有一个 TXT 文件，且不过大。", "The archive must hold one text file.")
            with archive.open(names[0]) as member:
                return decoded(member.read(_LARGEST_TEXT))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError):
        raise invalid("压缩包无法解开，请重新压缩上传。", "The archive cannot be read.") from None


def _zipped(lines: list[str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("result.txt", "".join(f"{line}\n" for line in lines))
    return packed.getvalue()


def _result(
    desk: Desk, ours: list[Entry], theirs: list[Entry], known: list[Entry], first: date, last: date
) -> list[str]:
    found = _found(ours, theirs, known, first, last)
    of_line = {one.line_no: one for one in found if one.line_no is not None}
    lines = [_line(desk, entry, of_line.get(number)) for number, entry in enumerate(ours)]
    alone = [one for one in found if one.line_no is None and one.row_no is not None]
    return lines + [_line(desk, theirs[one.row_no], one) for one in alone if one.row_no is not None]


def _found(ours: list[Entry], theirs: list[Entry], known: list[Entry], first: date, last: date) -> list[Found]:
    """Differences by the total, then by the fund's part of lines whose totals agree."""
    own = {entry.setl_id: (entry.mdtrt_id, entry.psn_no) for entry in known}
    # Under its number but another's visit or person, a row is none of ours.
    cases = [row.setl_id if own.get(row.setl_id) == row[1:3] else "/".join(row[:3]) for row in theirs]
    found: list[Found] = []
    for part in ("medfee_sumamt", "fund_pay_sumamt"):
        lines = [Line(number, one.setl_id, getattr(one, part)) for number, one in enumerate(ours)]
        rows = [Row(number, case, case, getattr(theirs[number], part)) for number, case in enumerate(cases)]
        claims: dict[str, list[Claim]] = {}
        for entry in known:
            period = _HERE if first <= entry.day <= last else entry.day.isoformat()
            claims.setdefault(entry.setl_id, []).append(Claim(_CENTRE, getattr(entry, part), period))
        seen_lines = {one.line_no for one in found}
        seen_rows = {one.row_no for one in found}
        for one in compare(lines, rows, claims, _CENTRE, _HERE):
            # A case that differs already is told once.
            if (one.line_no is None and one.row_no in seen_rows) or (one.row_no is None and one.line_no in seen_lines):
                continue
            if part == "medfee_sumamt":
                found.append(one)
            elif one.line_no not in seen_lines or one.line_no is None:
                found.append(one._replace(kind="amount"))
    return found


def _line(desk: Desk, entry: Entry, found: Found | None) -> str:
    codes = desk.profile.result_codes
    if found is None:
        code, memo = codes["level"], ""
    else:
        side = "missing_there" if found.row_no is None else "missing_here" if found.line_no is None else "differs"
        code = codes["differs"] if found.kind in ("amount", "wrong_period") else codes[side]
        memo = f"{found.kind} {_TOLD.get(found.kind, '')}"
        if found.theirs is not None and found.ours is not None:
            memo += f"：中心 {yuan(found.ours)}，医院 {yuan(found.theirs)}"
        if found.elsewhere:
            memo += f"（{found.elsewhere}）"
    cells = {
        "psn_no": entry.psn_no,
        "mdtrt_id": entry.mdtrt_id,
        "setl_id": entry.setl_id,
        "msgid": entry.msgid,
        "stmt_rslt": code,
        "refd_setl_flag": "1" if entry.refund else "0",
        "memo": memo,
        "medfee_sumamt": yuan(entry.medfee_sumamt),
        "fund_pay_sumamt": yuan(entry.fund_pay_sumamt),
        "acct_pay": yuan(entry.acct_pay),
    }
    columns: dict[str, Any] = reference()["3202"].files["result"]
    return "\t".join(cells[name] or _NOTHING for name in columns)
