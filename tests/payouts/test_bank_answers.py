"""What a bank may send instead of an answer: each fault is named, and nothing of the file is booked."""

import io
from collections.abc import Callable

import pytest
from openpyxl import Workbook, load_workbook

from tests.payouts.office import Office, answer_file, bank

Rows = list[dict[str, str]]


def changed(rows: Rows, at: int, **cells: str) -> Rows:
    return [row | cells if place == at else row for place, row in enumerate(rows)]


def cut_off(rows: Rows) -> bytes:
    return answer_file(rows, trailer=False)


def halved(rows: Rows) -> bytes:
    whole = answer_file(rows)
    return whole[: len(whole) // 2]


def other_total(rows: Rows) -> bytes:
    head, trailer = answer_file(rows).decode("gbk").rsplit("合计", 1)
    return f"{head}合计{trailer.replace('3000.00', '3000.01')}".encode("gbk")


def other_count(rows: Rows) -> bytes:
    return answer_file(rows)[:-4] + b"9,\r\n"


def after_trailer(rows: Rows) -> bytes:
    return answer_file(rows) + answer_file(rows).splitlines(keepends=True)[1]


FAULTS: dict[str, tuple[Callable[[Rows], bytes], set[str]]] = {
    "a missing row": (lambda rows: answer_file(rows[1:]), {"answer.missing"}),
    "a row twice": (lambda rows: answer_file([*rows, rows[0]]), {"answer.duplicate"}),
    "an unknown row": (lambda rows: answer_file([*rows, rows[0] | {"业务编号": "99"}]), {"answer.unknown"}),
    "another amount": (lambda rows: answer_file(changed(rows, 1, 金额="999.99")), {"answer.amount"}),
    "amounts that compensate": (
        lambda rows: answer_file(changed(changed(rows, 0, 金额="999.99"), 1, 金额="1000.01")),
        {"answer.amount"},
    ),
    "no last line": (cut_off, {"answer.truncated"}),
    "half a file": (halved, {"answer.truncated", "answer.missing"}),
    "another total": (other_total, {"answer.total"}),
    "another count": (other_count, {"answer.count"}),
    "a row behind the last line": (after_trailer, {"answer.after_trailer"}),
    "an unknown outcome": (lambda rows: answer_file(changed(rows, 0, 处理结果="处理中")), {"answer.outcome"}),
    "a return without a reason": (lambda rows: answer_file(changed(rows, 0, 处理结果="失败")), {"answer.reason"}),
    "an amount that is none": (
        lambda rows: answer_file(rows).replace(b"1000.00", b"1000.0x", 1),
        {"answer.cell", "answer.missing", "answer.total"},
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_file_that_is_no_answer_is_named_and_nothing_is_booked(office: Office, fault: str) -> None:
    for _ in range(3):
        await office.owed("10000.00")
    batch = await office.released()
    rows = bank(await office.file(batch["id"]))
    assert [row["金额"] for row in rows] == ["1000.00"] * 3
    before = await office.states()
    damage, codes = FAULTS[fault]

    refused = await office.send(batch["id"], damage(rows), status=422)

    assert refused["code"] == "payout.answer_differs"
    assert {error["code"] for error in refused["errors"]} >= codes
    assert await office.states() == before
    assert await office.rows("SELECT count(*) FROM payout_outcomes") == [(0,)]
    assert (await office.answer(batch["id"], rows))["paid"] == "3000.00"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "sheet.empty"),
        ("业务编号,金额\n1,2\n".encode(), "sheet.headings"),
        (b"PK\x03\x04 not a workbook", "sheet.unreadable"),
        (b"\x00\x01\x02\xff", "sheet.encoding"),
    ],
)
async def test_a_file_that_is_no_table_is_refused(office: Office, content: bytes, code: str) -> None:
    await office.owed()
    batch = await office.released()
    assert (await office.send(batch["id"], content, status=422))["code"] == code


async def test_a_reference_that_a_spreadsheet_kept_as_a_number_is_still_known(office: Office) -> None:
    await office.owed("10000.00")
    batch = await office.released()
    rows = bank(await office.file(batch["id"]))
    assert rows[0]["业务编号"].startswith("0")
    shorter = [row | {"业务编号": row["业务编号"].lstrip("0")} for row in rows]
    assert (await office.answer(batch["id"], shorter))["paid"] == "1000.00"


async def test_the_same_answer_again_changes_nothing_and_another_is_refused(office: Office) -> None:
    await office.owed("10000.00")
    batch = await office.released()
    rows = bank(await office.file(batch["id"]))
    first = await office.answer(batch["id"], rows)
    assert await office.answer(batch["id"], rows) == first
    other = [row | {"处理结果": "失败", "失败原因": "账户不存在"} for row in rows]
    assert (await office.answer(batch["id"], other, status=409))["code"] == "payout.answered"
    assert set(await office.states()) == {"fund", "paid"}


async def test_a_workbook_in_another_layout_is_an_answer_too(office: Office) -> None:
    await office.owed("10000.00")
    batch = await office.released(layout="rural-credit")
    [item] = await office.items()
    book = Workbook()
    assert book.active is not None
    for row in (
        ["状态", "流水号", "发放金额", "备注"],
        ["入账成功", item["reference"], 1000, None],
        ["1", "总计", 1000, None],
    ):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    assert (await office.send(batch["id"], file.getvalue()))["paid"] == "1000.00"


async def test_the_file_as_a_workbook_has_the_same_rows(office: Office) -> None:
    await office.owed("10000.00")
    batch = await office.released()
    path = f"/v1/payout-batches/{batch['id']}/file?format=xlsx"
    found = await office.insurer("GET", path)
    sheet = load_workbook(io.BytesIO(found.content)).active
    assert sheet is not None
    header, *rows = ([str(cell) for cell in row] for row in sheet.iter_rows(values_only=True))
    assert [dict(zip(header, row, strict=True)) for row in rows] == await office.file(batch["id"])
