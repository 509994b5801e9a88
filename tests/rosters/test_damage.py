"""Files as offices send them: whatever is wrong with one, it is said with its row, and nothing is half applied."""

import random
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from service.db import transaction_on
from tests.registers.examples import a_person, id_no
from tests.rosters.conftest import Office
from tests.rosters.lists import HEADER, listed, roster_csv, upload
from tests.sheets.files import csv_file, xls_file, xlsx_file

WRONG_CHECK = id_no(1)[:-1] + ("0" if id_no(1)[-1] != "0" else "1")

DEFECTS: list[tuple[list[Any], str]] = [
    (["张三", "4.59901E+17", "建档立卡", ""], "id_no.scientific"),
    (["张三", "459901195003070000", "建档立卡", ""], "id_no.rounded"),
    (["张三", "459901500307001", "建档立卡", ""], "id_no.fifteen_digits"),
    (["张三", id_no(1)[1:-1], "建档立卡", ""], "id_no.digits_lost"),
    (["张三", WRONG_CHECK, "建档立卡", ""], "id_no.checksum"),
    (["张三", "459901195013070005", "建档立卡", ""], "id_no.date"),
    (["张三", "护照E12345678", "建档立卡", ""], "id_no.format"),
    (["张三", "", "建档立卡", ""], "id_no.missing"),
    (["", id_no(2), "建档立卡", ""], "name.missing"),
    (["张" * 200, id_no(2), "建档立卡", ""], "name.format"),
    (["李四", id_no(3), "建档立卡", ""], "name.differs"),
    (["张三", id_no(4), "", ""], "class.missing"),
    (["张三", id_no(5), "富户", ""], "class.unknown"),
    (["张三", id_no(6), "建档立卡", "43252"], "date.serial"),
    (["张三", id_no(7), "建档立卡", "2018-02-30"], "date.unreadable"),
    (["张三", id_no(8), "建档立卡", "去年"], "date.unreadable"),
    (["张三", id_no(9), "建档立卡", "1018-01-01"], "date.out_of_range"),
]
TYPED: list[tuple[list[Any], str]] = [
    (["张三", 459901195003070005, "建档立卡", ""], "id_no.scientific"),
    (["张三", 459901500307001, "建档立卡", ""], "id_no.fifteen_digits"),
]
FORMULA: list[tuple[list[Any], str]] = [(["=A2", id_no(10), "建档立卡", ""], "cell.formula")]

FILES: list[tuple[Callable[[Any], bytes], list[tuple[list[Any], str]]]] = [
    (csv_file, DEFECTS),
    (xlsx_file, DEFECTS + TYPED + FORMULA),
    (xls_file, DEFECTS + TYPED),
]


@pytest.mark.parametrize(("file", "defects"), FILES, ids=["csv", "xlsx", "xls"])
async def test_every_defect_is_told_with_its_row_column_and_text(
    office: Office, file: Callable[[Any], bytes], defects: list[tuple[list[Any], str]]
) -> None:
    await office.person(3, identities=[])
    good = [listed(50 + number, "好人") for number in range(len(defects))]
    rows = [row for pair in zip((row for row, _ in defects), good, strict=True) for row in pair]

    preview = await office.preview(file([HEADER, *rows]))

    assert preview["counts"]["added"] == len(good)
    found = {row["row"]: row["faults"][0] for row in preview["rejected"]["items"]}
    assert {row: fault["code"] for row, fault in found.items()} == {
        2 + 2 * at: code for at, (_, code) in enumerate(defects)
    }
    for fault in found.values():
        assert fault["column"] in HEADER
        assert fault["detail"]
        assert fault["text"] is not None


async def test_where_one_number_was_rounded_those_that_fit_by_chance_are_not_trusted(office: Office) -> None:
    fits = next(f"459901{day:08d}100" + "0" for day in range(19500101, 19500132) if id_no(100, str(day))[-1] == "0")
    alone = await office.preview(roster_csv(["张三", fits, "建档立卡", ""]))
    assert alone["counts"]["added"] == 1

    beside = await office.preview(
        roster_csv(["张三", fits, "建档立卡", ""], ["李四", "459901195003070000", "低保", ""])
    )
    assert [row["faults"][0]["code"] for row in beside["rejected"]["items"]] == ["id_no.rounded"] * 2


@pytest.mark.parametrize(
    ("spelled", "day"),
    [
        ("2018-3-1", "2018-03-01"),
        ("2018/03/01", "2018-03-01"),
        ("2018.3.1", "2018-03-01"),
        ("20180301", "2018-03-01"),
        ("2018年3月1日", "2018-03-01"),
        ("２０１８年３月１日", "2018-03-01"),
        ("二〇一八年三月一日", "2018-03-01"),
        ("二○一八年十二月三十一日", "2018-12-31"),
        ("2018年3月", "2018-03-01"),
        ("2018-03-01 00:00:00", "2018-03-01"),
    ],
)
async def test_dates_are_understood_as_people_write_them(office: Office, spelled: str, day: str) -> None:
    await office.person(1, identities=[])

    await office.imported(roster_csv(listed(1, since=spelled)))

    assert await office.identities(1) == [("registered_poor", day, None)]


@pytest.mark.parametrize(
    "spelled",
    [
        id_no(3).lower(),
        f" {id_no(3)} ",
        id_no(3, "19500307").translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789X"}),
        f"'{id_no(3)}",
    ],
)
async def test_identity_numbers_are_understood_as_people_write_them(office: Office, spelled: str) -> None:
    await office.person(3, identities=[])

    assert (await office.preview(roster_csv(["张小三", spelled, "建档立卡", ""])))["counts"]["added"] == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "sheet.empty"),
        (roster_csv(header=[]), "sheet.empty"),
        (xlsx_file([HEADER, listed(1)])[:-300], "sheet.unreadable"),
        (xls_file([HEADER, listed(1)])[:600], "sheet.unreadable"),
        (b"\xff\xfe\x00\x01", "sheet.encoding"),
        (roster_csv(["1", "2"], header=["甲", "乙"]), "sheet.headings"),
        (roster_csv(listed(1)[:2], header=HEADER[:2]), "sheet.headings"),
        (roster_csv(header=[*HEADER, "证件号"]), "sheet.headings"),
    ],
)
async def test_a_file_that_is_no_list_is_refused_by_name(office: Office, content: bytes, code: str) -> None:
    refused = await office.preview(content, refused=422)

    assert refused["code"] == code
    assert refused["errors"][0]["pointer"] == "/file"


async def test_a_request_without_a_file_or_with_strange_fields_is_refused(office: Office) -> None:
    for fields in ({"kind": "some"}, {"as_of": "yesterday"}, {"classs": "registered_poor"}):
        assert (await office.preview(roster_csv(listed(1)), refused=422, **fields))["code"] == "request.invalid"
    headers = office.headers
    assert (await office.client.post("/v1/rosters", json={}, headers=headers)).status_code == 415
    broken = headers | {"Content-Type": "multipart/form-data; boundary=x"}
    assert (await office.client.post("/v1/rosters", content=b"--y\r\n", headers=broken)).status_code in (400, 422)


def mutated(content: bytes, dice: random.Random) -> bytes:
    """The file after an accident: letters changed, lost, doubled, the end cut off."""
    wrong = bytearray(content)
    for _ in range(dice.choice([1, 1, 2, 5, 40])):
        at = dice.randrange(len(wrong)) if wrong else 0
        match dice.randrange(5):
            case 0 if wrong:
                wrong[at] = dice.randrange(256)
            case 1:
                del wrong[at : at + dice.randrange(1, 30)]
            case 2:
                wrong[at:at] = dice.randbytes(dice.randrange(1, 8))
            case 3:
                wrong[at:at] = wrong[at : at + dice.randrange(1, 200)]
            case _:
                del wrong[max(at, len(wrong) // 2) :]
    return bytes(wrong)


@pytest.mark.long
async def test_a_thousand_random_mutations_are_answered_and_change_nothing(office: Office) -> None:
    """Each of the four kinds of file 250 times; what can be read at all is then applied whole."""
    for number in (1, 2, 3):
        await office.ask("POST", "/v1/persons", a_person(number, identities=[]), 201)
    cells = [HEADER, *(listed(number) for number in range(1, 9))]
    cells[-1][-1] = date(2018, 3, 1)  # type: ignore[call-overload]  # a real day in workbooks
    originals = [csv_file(cells), csv_file(cells, "gbk"), xlsx_file(cells), xls_file(cells)]
    dice = random.Random(20_180_601)
    engine = office.client._transport.app.state.engine  # type: ignore[attr-defined]  # the application under test

    async def held() -> int:
        async with transaction_on(engine) as tx:
            return int(await tx.scalar(text("SELECT count(*) FROM identities WHERE superseded_at IS NULL")) or 0)

    seen = {201: 0, 422: 0}
    before = await held()
    last: dict[str, Any] = {}
    for number in range(1_000):
        answer = await upload(office.client, office.headers, mutated(originals[number % 4], dice))
        assert answer.status_code in seen, f"mutation {number}: {answer.text}"
        seen[answer.status_code] += 1
        if answer.status_code == 201:
            last = answer.json()
            counts = last["counts"]
            assert counts["rows"] <= 8 + counts["duplicates"] + counts["rejected"]
    assert await held() == before
    assert min(seen.values()) > 100, seen

    await office.apply(last)
    assert await held() == before + last["counts"]["added"]
