"""The other side's file against a statement: every injected difference found and typed, none invented."""

import random
from collections.abc import Awaitable, Callable, Iterable
from datetime import date
from io import BytesIO
from typing import Any, NamedTuple

import openpyxl
import pytest
from fastapi import FastAPI

from service.money import yuan
from tests.cases.county import done
from tests.reconciliation.bulk import Case
from tests.reconciliation.conftest import H1, Calendar, Parties

JUNE_9, JUNE_20, JULY_3 = date(2018, 6, 9), date(2018, 6, 20), date(2018, 7, 3)
PAYER = "top_up_insurer"
Settled = Callable[..., Awaitable[None]]


class Row(NamedTuple):
    """A row of the other side's file: a reference and an amount in fen."""

    reference: str
    amount: int


def csv_file(rows: list[Row], *, headings: str = "结算号,金额", encoding: str = "utf-8-sig") -> bytes:
    return "\r\n".join([headings, *(f"{row.reference},{yuan(row.amount)}" for row in rows)]).encode(encoding)


def xlsx_file(rows: list[Row]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["结算号", "金额"])
    for row in rows:
        book.active.append([row.reference, float(yuan(row.amount))])
    made = BytesIO()
    book.save(made)
    return made.getvalue()


async def match(parties: Parties, statement: dict[str, Any], content: bytes, *, name: str = "a.csv") -> Any:
    path = f"/v1/statements/{statement['id']}/matches"
    return await done(await parties.insurer("POST", path, files={"file": (name, content)}))


def types(matched: Any) -> list[tuple[Any, ...]]:
    return in_order((one["kind"], one["ours"], one["theirs"], one["elsewhere"]) for one in matched["differences"])


def in_order(found: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(found, key=lambda one: tuple(str(part) for part in one))


class Month(NamedTuple):
    statement: dict[str, Any]
    rows: list[Row]


@pytest.fixture
async def month(parties: Parties, calendar: Calendar, settled: Settled) -> Month:
    """June of the top-up insurer: ten lines and a reversal of one of them; beside it a basic-only case and July."""
    cases = [Case(JUNE_9, H1, {"basic": 1_000_00, "top_up": n * 100_00}) for n in range(1, 11)]
    await settled(*cases, cases[4].reversed_on(JUNE_20))
    calendar.turn_to("2018-07-02")
    statement = (await parties.run(PAYER, "2018-06"))["items"][0]
    rows = [Row(str(case.id), case.layers["top_up"]) for case in cases]
    return Month(statement, [*rows, Row(str(cases[4].id), -cases[4].layers["top_up"])])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
async def test_an_equal_file_is_level_in_every_encoding(parties: Parties, month: Month, encoding: str) -> None:
    matched = await match(parties, month.statement, csv_file(month.rows, encoding=encoding))

    assert (matched["level"], matched["differences"], matched["row_count"]) == (True, [], 11)


async def test_a_workbook_is_read_like_a_text_file(parties: Parties, month: Month) -> None:
    workbook = await match(parties, month.statement, xlsx_file(month.rows), name="a.xlsx")

    assert (workbook["level"], workbook["format"]) == (True, "table")


async def test_our_own_export_matches_itself(parties: Parties, month: Month) -> None:
    for kind in ("csv", "xlsx"):
        path = f"/v1/statements/{month.statement['id']}/export?format={kind}"
        exported = (await parties.insurer("GET", path)).content
        matched = await match(parties, month.statement, exported, name=f"a.{kind}")

        assert (matched["level"], matched["differences"]) == (True, [])


async def test_equal_totals_with_errors_that_compensate_are_two_differences(parties: Parties, month: Month) -> None:
    rows = list(month.rows)
    rows[0] = rows[0]._replace(amount=rows[0].amount + 1)
    rows[1] = rows[1]._replace(amount=rows[1].amount - 1)

    matched = await match(parties, month.statement, csv_file(rows))

    assert matched["ours_total"] == matched["theirs_total"]
    assert not matched["level"]
    assert types(matched) == [("amount", "100.00", "100.01", None), ("amount", "200.00", "199.99", None)]


async def test_each_kind_of_difference_is_told_from_the_others(
    parties: Parties, calendar: Calendar, settled: Settled, month: Month
) -> None:
    elsewhere = Case(JULY_3, H1, {"top_up": 77_00})
    others = Case(JUNE_9, H1, {"basic": 66_00})
    await settled(elsewhere, others)
    rows = [
        *month.rows[1:4],
        # The reversal of the fifth is not known there.
        *month.rows[4:10],
        month.rows[5],
        Row(str(month.rows[6].reference), -month.rows[6].amount),
        Row(str(elsewhere.id), 77_00),
        Row(str(others.id), 66_00),
        Row("0198c7a4-5c00-7000-8000-00000000dead", 55_00),
        Row("not-a-number", 44_00),
    ]

    matched = await match(parties, month.statement, csv_file(rows))

    assert types(matched) == [
        ("duplicate", None, "600.00", None),
        ("missing_here", None, "44.00", None),
        ("missing_here", None, "55.00", None),
        ("missing_there", "100.00", None, None),
        ("reversed_one_side", "-500.00", None, None),
        ("reversed_one_side", None, "-700.00", None),
        ("wrong_payer", None, "66.00", "basic_fund"),
        ("wrong_period", None, "77.00", "unbilled"),
    ]


async def test_a_corrected_file_closes_what_is_gone_and_keeps_what_was_settled(parties: Parties, month: Month) -> None:
    first = [row._replace(amount=row.amount - 1) if n < 3 else row for n, row in enumerate(month.rows)]
    found = (await match(parties, month.statement, csv_file(first)))["differences"]
    path = f"/v1/differences/{found[0]['id']}/resolution"
    await done(await parties.agency("POST", path, {"resolution": "keep_ours", "note": "已核对"}), 200)

    second = await match(parties, month.statement, csv_file([*first[:2], *month.rows[2:]]))

    assert [(one["id"], one["status"]) for one in second["differences"]] == [
        (found[0]["id"], "resolved"),
        (found[1]["id"], "open"),
    ]
    listed = await done(await parties.auditor("GET", f"/v1/statements/{month.statement['id']}/differences"), 200)
    assert [one["status"] for one in listed["items"]] == ["resolved", "open", "gone"]


async def test_what_moves_money_needs_a_second_person_of_the_other_side(
    parties: Parties, calendar: Calendar, month: Month
) -> None:
    rows = [month.rows[0]._replace(amount=60_00), *month.rows[1:]]
    [difference] = (await match(parties, month.statement, csv_file(rows)))["differences"]
    path, body = f"/v1/differences/{difference['id']}/resolution", {"resolution": "accept_theirs", "note": "少付"}

    nobody = await parties.insurer("POST", path, body)
    proposed = await parties.insurer("POST", path, body, operator="jia")
    alone = await parties.insurer("POST", path, body, operator="jia")
    same_side = await parties.insurer("POST", path, body, operator="yi")
    before = await parties.statement(month.statement["id"])
    accepted = await parties.hospital("POST", path, body, operator="bing")
    after = await parties.statement(month.statement["id"])

    assert [one.json()["code"] for one in (nobody, alone, same_side)] == ["difference.second_person"] * 3
    assert (proposed.json()["status"], accepted.json()["status"]) == ("proposed", "resolved")
    assert (before["deducted"], after["deducted"]) == ("0.00", "40.00")
    assert [step["operator"] for step in accepted.json()["history"]] == [None, "jia", "bing"]


async def test_a_line_held_back_rolls_to_the_next_statement(parties: Parties, calendar: Calendar, month: Month) -> None:
    [difference] = (await match(parties, month.statement, csv_file(month.rows[1:])))["differences"]
    path, body = f"/v1/differences/{difference['id']}/resolution", {"resolution": "hold_back"}
    await done(await parties.insurer("POST", path, body, operator="jia"), 200)
    alone = await parties.agency("POST", path, body, operator="jia")
    await done(await parties.hospital("POST", path, body, operator="yi"), 200)
    held = await parties.statement(month.statement["id"])
    calendar.turn_to("2018-08-01")
    july = (await parties.run(PAYER, "2018-07"))["items"][0]

    assert alone.json()["code"] == "difference.second_person"
    assert (held["held"], held["outstanding"]) == ("100.00", "4900.00")
    [line] = await parties.lines(july["id"])
    assert (line["kind"], line["amount"], line["original_line"]) == ("adjustment", "100.00", difference["reference"])


async def test_a_file_that_cannot_be_read_names_its_rows(parties: Parties, month: Month) -> None:
    path = f"/v1/statements/{month.statement['id']}/matches"
    files = ["结算号,金额\r\nx,1.005\r\n,2.00\r\ny,3.00", "什么,也,不是\r\n1,2,3", ""]
    codes = []
    for content in files:
        refused = await parties.insurer("POST", path, files={"file": ("a.csv", content.encode())})
        codes.append((refused.status_code, refused.json()["code"]))
        if len(codes) == 1:
            assert "第 2、3 行" in refused.json()["detail"]

    assert codes == [(422, "match.file"), (422, "match.file"), (422, "sheet.empty")]


async def test_a_file_may_be_larger_than_other_requests(parties: Parties, month: Month, app: FastAPI) -> None:
    """A statement of 100,000 lines is matched with our own export of it, which has some 20 MB."""
    remark = "备" * 10_000
    rows = [f"{row.reference},{yuan(row.amount)}," for row in month.rows] + [f"x{n},0.00,{remark}" for n in range(300)]
    content = "\r\n".join(["结算号,金额,备注", *rows]).encode()

    matched = await match(parties, month.statement, content)

    assert app.state.settings.max_body_bytes < len(content) < app.state.settings.max_file_bytes
    assert (matched["level"], matched["row_count"]) == (True, 311)


@pytest.mark.parametrize("amount", ["12,34", "1,2345.00", "1234,567.00", "99999999999999999999.00", "9" * 5000])
async def test_an_amount_that_can_be_read_two_ways_or_is_none_is_refused(
    parties: Parties, month: Month, amount: str
) -> None:
    path = f"/v1/statements/{month.statement['id']}/matches"
    refused = await parties.insurer("POST", path, files={"file": ("a.csv", f"结算号;金额\r\nX;{amount}".encode())})

    assert (refused.status_code, refused.json()["code"]) == (422, "match.file")


async def test_thousands_are_read_and_a_claim_number_without_end_is_unknown(parties: Parties, month: Month) -> None:
    endless = f"2018-06-{H1}-{'1' * 5000}"
    rows = [f"{row.reference};{row.amount / 100:,.2f}" for row in month.rows]
    level = await match(parties, month.statement, "\r\n".join(["结算号;金额", *rows]).encode())
    unknown = await match(parties, month.statement, f"案件号,金额\r\n{endless},1.00".encode())

    assert level["level"]
    assert ("missing_here", None, "1.00", None) in types(unknown)


async def test_what_stands_beside_a_line_of_the_same_case_has_its_own_type(
    parties: Parties, calendar: Calendar, settled: Settled
) -> None:
    """A row more of a case is a duplicate only where its amount is one that was met already; zero says nothing."""
    both, later = Case(JUNE_9, H1, {"basic": 1_000_00, "top_up": 100_00}), Case(JUNE_9, H1, {"top_up": 70_00})
    turned = Case(JUNE_9, H1, {"top_up": 500_00})
    await settled(both, later, turned, turned.reversed_on(JUNE_20))
    calendar.turn_to("2018-07-02")
    june = (await parties.run(PAYER, "2018-06"))["items"][0]
    await settled(later.amended_on(JULY_3, top_up=90_00))
    calendar.turn_to("2018-08-02")
    july = (await parties.run(PAYER, "2018-07"))["items"][0]
    b, lt, t = str(both.id), str(later.id), str(turned.id)
    whole = [Row(b, 100_00), Row(lt, 70_00), Row(t, 500_00), Row(t, -500_00)]

    async def found(statement: dict[str, Any], *rows: Row) -> list[tuple[Any, ...]]:
        return types(await match(parties, statement, csv_file(list(rows))))

    assert await found(june, *whole, Row(b, 1_000_00)) == [("wrong_payer", None, "1000.00", "basic_fund")]
    assert await found(june, *whole, Row(lt, 20_00)) == [("wrong_period", None, "20.00", "2018-07")]
    assert await found(july, Row(lt, 20_00), Row(lt, 70_00)) == [("wrong_period", None, "70.00", "2018-06")]
    assert await found(june, *whole[:3], Row(t, 500_00)) == [("amount", "-500.00", "500.00", None)]
    assert await found(june, *whole, Row(b, 31_00)) == [("missing_here", None, "31.00", None)]
    assert await found(june, *whole, Row(b, 0), Row("nobody", 0)) == []
    assert await found(june, Row(b, 0), *whole[1:]) == [("missing_there", "100.00", None, None)]
    # A line with another amount keeps its row, whatever stands before it in the file.
    assert await found(june, Row(b, 1_000_00), Row(b, 99_00), *whole[1:]) == [
        ("amount", "100.00", "99.00", None),
        ("wrong_payer", None, "1000.00", "basic_fund"),
    ]
    assert await found(june, Row(b, -100_00), Row(b, 99_00), Row(b, 99_00), *whole[1:]) == [
        ("amount", "100.00", "99.00", None),
        ("duplicate", None, "99.00", None),
        ("reversed_one_side", None, "-100.00", None),
    ]


MUTATIONS = ("drop", "amount", "sign", "unknown", "wrong_period", "wrong_payer", "unreverse", "unturn")
BESIDE = ("duplicate", "reverse", "other_payer_too", "another", "zero")


async def test_a_thousand_random_mutations_are_all_found_and_nothing_else(
    parties: Parties, calendar: Calendar, settled: Settled
) -> None:
    """Precision and recall 1.0: what is found is exactly what was injected, file after file."""
    dice = random.Random(3202)
    june = [Case(JUNE_9, H1, {"basic": 10_00 * n, "top_up": 10_00 + n}) for n in range(1, 121)]
    reversals = [case.reversed_on(JUNE_20) for case in june[100:]]
    july = [Case(JULY_3, H1, {"top_up": 5_00 + n}) for n in range(20)]
    basic = [Case(JUNE_9, H1, {"basic": 6_00 + n}) for n in range(20)]
    await settled(*june, *reversals, *july, *basic)
    calendar.turn_to("2018-07-02")
    statement = (await parties.run(PAYER, "2018-06"))["items"][0]
    whole = [Row(str(c.id), c.layers["top_up"]) for c in june] + [
        Row(str(c.original.id if dice.random() < 0.5 and c.original else c.id), c.layers["top_up"]) for c in reversals
    ]
    injected = 0
    while injected < 1000:
        rows, wanted = mutate(dice, list(whole), july, basic, june)
        dice.shuffle(rows)
        matched = await match(parties, statement, csv_file(rows))
        assert types(matched) == in_order(wanted), f"after {injected} mutations"
        injected += len(wanted)


def mutate(
    dice: random.Random, rows: list[Row], july: list[Case], basic: list[Case], june: list[Case]
) -> tuple[list[Row], list[tuple[Any, ...]]]:
    """A file with up to 40 differences of every kind, each on a line of its own, and what they are."""
    wanted: list[tuple[Any, ...]] = []
    touched: set[int] = set()
    gone: set[int] = set()
    more: list[Row] = []
    spare = {"wrong_period": list(july), "wrong_payer": list(basic)}
    for _ in range(dice.randint(1, 40)):
        kind = dice.choice((*MUTATIONS, *BESIDE))
        at = dice.randrange(100)
        if kind in ("unreverse", "unturn"):
            at = dice.randrange(120, 140)
        if at in touched and kind not in ("unknown", "wrong_period", "wrong_payer"):
            continue
        row = rows[at]
        ours = yuan(row.amount)
        match kind:
            case "drop":
                gone.add(at)
                wanted.append(("missing_there", ours, None, None))
            case "amount" | "sign":
                amount = -row.amount if kind == "sign" else row.amount + dice.choice((-1, 1, -100, 900))
                rows[at] = row._replace(amount=amount)
                wanted.append(("amount", ours, yuan(amount), None))
            case "unreverse":
                gone.add(at)
                wanted.append(("reversed_one_side", ours, None, None))
            case "unturn":
                rows[at] = row._replace(amount=-row.amount)
                wanted.append(("amount", ours, yuan(-row.amount), None))
            case _ if kind in BESIDE:
                added, differences = beside(kind, row, june[at])
                more.append(added)
                wanted += differences
            case "unknown":
                amount = dice.randint(1, 99999)
                more.append(Row(f"X{dice.getrandbits(40)}", amount))
                wanted.append(("missing_here", None, yuan(amount), None))
                continue
            case _:
                if spare[kind]:
                    case = spare[kind].pop()
                    more.append(Row(str(case.id), case.paid))
                    elsewhere = "unbilled" if kind == "wrong_period" else "basic_fund"
                    wanted.append((kind, None, yuan(case.paid), elsewhere))
                continue
        touched.add(at)
    return [row for n, row in enumerate(rows) if n not in gone] + more, wanted


def beside(kind: str, row: Row, case: Case) -> tuple[Row, list[tuple[Any, ...]]]:
    """A row more of a case that is on the statement already, and what it is."""
    found, amount = {
        "duplicate": ("duplicate", row.amount),
        "reverse": ("reversed_one_side", -row.amount),
        "other_payer_too": ("wrong_payer", case.layers["basic"]),
        "another": ("missing_here", row.amount + 7),
        "zero": ("", 0),
    }[kind]
    elsewhere = "basic_fund" if found == "wrong_payer" else None
    return row._replace(amount=amount), [(found, None, yuan(amount), elsewhere)] if found else []
