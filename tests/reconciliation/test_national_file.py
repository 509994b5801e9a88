"""The national 3202 text, and tables of fund sums: what all funds pay, against the statement of one payer."""

import random
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any, NamedTuple

import pytest

from service.money import yuan
from tests.cases.county import done
from tests.reconciliation.bulk import Case
from tests.reconciliation.conftest import H1, Calendar, Parties
from tests.reconciliation.test_matching import in_order, match, types

JUNE_9, JUNE_20, JULY_3 = date(2018, 6, 9), date(2018, 6, 20), date(2018, 7, 3)
PAYER = "top_up_insurer"
Settled = Callable[..., Awaitable[None]]


class Row(NamedTuple):
    """A row of the text: a settlement of ours, what all funds pay (fen), and the refund flag."""

    case: Case
    amount: int
    refund: bool = False


def text_file(*rows: Row, own_numbers: bool = False) -> bytes:
    """3202 as a hospital uploads it: tab-separated, no headings, `null` for what is empty, no dashes in ids."""
    written = []
    for row in rows:
        visit = row.case.visit_no
        number = f"459900G{row.case.first.serial:013d}" if own_numbers else str(row.case.first.id).replace("-", "")
        fields = [number, visit, "P1", "9999.00", yuan(row.amount), "null", str(int(row.refund))]
        written.append("\t".join(fields))
    return "\n".join(written).encode()


class Month(NamedTuple):
    statement: dict[str, Any]
    cases: list[Case]
    others: list[Case]
    rows: list[Row]


@pytest.fixture
async def month(parties: Parties, calendar: Calendar, settled: Settled) -> Month:
    """
    June of the top-up insurer: ten settlements that basic insurance pays too, one of them reversed; beside them three
    that only basic insurance pays.
    """
    cases = [Case(JUNE_9, H1, {"basic": 1_000_00 + n, "top_up": n * 100_00}) for n in range(1, 11)]
    others = [Case(JUNE_9, H1, {"basic": 50_00 + n}) for n in range(3)]
    await settled(*cases, *others, cases[4].reversed_on(JUNE_20))
    calendar.turn_to("2018-07-02")
    statement = (await parties.run(PAYER, "2018-06"))["items"][0]
    rows = [Row(case, case.paid) for case in [*cases, *others]]
    return Month(statement, cases, others, [*rows, Row(cases[4], -cases[4].paid, refund=True)])


async def send(parties: Parties, month: Month, *rows: Row, **how: bool) -> Any:
    return await match(parties, month.statement, text_file(*rows, **how), name="3202.txt")


@pytest.mark.parametrize("own_numbers", [False, True])
async def test_field_5_is_what_all_funds_pay_and_is_compared_with_that(
    parties: Parties, month: Month, own_numbers: bool
) -> None:
    """By our settlement id, or by the visit where the platform has a number of its own."""
    matched = await send(parties, month, *month.rows, own_numbers=own_numbers)

    assert (matched["format"], matched["level"], matched["row_count"]) == ("3202", True, 14)
    assert matched["ours_total"] == matched["theirs_total"] == yuan(sum(case.paid for case in month.cases) - 1_500_05)


async def test_one_payers_part_in_field_5_is_a_difference(parties: Parties, month: Month) -> None:
    part = month.cases[0].layers["top_up"]

    matched = await send(parties, month, Row(month.cases[0], part), *month.rows[1:])

    assert types(matched) == [("amount", "1100.01", "100.00", None)]


@pytest.mark.parametrize(
    ("original", "refund"),
    [((1, False), (-1, True)), ((1, True), (-1, True)), ((1, False), (1, True)), ((1, False), (-1, False))],
    ids=["minus and flag", "both flagged", "flag alone", "minus alone"],
)
async def test_a_refund_is_told_by_its_minus_or_its_flag(
    parties: Parties, month: Month, original: tuple[int, bool], refund: tuple[int, bool]
) -> None:
    case = month.cases[4]
    pair = [Row(case, sign * case.paid, flagged) for sign, flagged in (original, refund)]
    rest = [row for row in month.rows if row.case is not case]

    level = await send(parties, month, *rest, *pair)
    lost = await send(parties, month, *rest, pair[0])

    assert (level["level"], level["theirs_total"]) == (True, level["ours_total"])
    turned = pair[0].refund
    expected = [("missing_there", "1500.05", None, None)] if turned else [("reversed_one_side", "-1500.05", None, None)]
    assert types(lost) == expected, "a flagged row alone is the refund, in a file without a minus"


async def test_a_flag_that_is_neither_yes_nor_no_names_its_row(parties: Parties, month: Month) -> None:
    path = f"/v1/statements/{month.statement['id']}/matches"
    content = text_file(*month.rows).replace(b"null\t1", b"null\t7")
    refused = await parties.insurer("POST", path, files={"file": ("3202.txt", content)})

    assert (refused.status_code, refused.json()["code"]) == (422, "match.file")
    assert "第 14 行" in refused.json()["detail"]


async def test_what_a_fund_sum_differs_in_cannot_be_deducted_from_one_payer(parties: Parties, month: Month) -> None:
    alone = Row(month.cases[0], month.cases[0].paid - 10_00)
    [difference] = (await send(parties, month, alone, *month.rows[1:]))["differences"]
    path = f"/v1/differences/{difference['id']}/resolution"

    refused = await parties.insurer("POST", path, {"resolution": "accept_theirs"}, operator="jia")

    assert (refused.status_code, refused.json()["code"]) == (422, "difference.resolution")


async def test_a_correction_of_any_payer_settles_a_difference_of_fund_sums(
    parties: Parties, month: Month, settled: Settled
) -> None:
    case = month.cases[0]
    [difference] = (await send(parties, month, Row(case, case.paid - 10_00), *month.rows[1:]))["differences"]
    path = f"/v1/differences/{difference['id']}/resolution"
    await done(await parties.hospital("POST", path, {"resolution": "correct"}), 200)

    await settled(case.amended_on(JULY_3, basic=case.layers["basic"] - 10_00))
    listed = await done(await parties.insurer("GET", f"/v1/statements/{month.statement['id']}/differences"), 200)

    assert [one["status"] for one in listed["items"]] == ["resolved"]


@pytest.mark.parametrize(
    ("headings", "level"),
    [
        ("setl_id,fund_pay_sumamt", True),
        ("结算号,基金支付总额,退费结算标志", True),
        ("setl_id,top_up,fund_pay_sumamt", True),
        ("setl_id,top_up", True),
        ("setl_id,amount,fund_pay_sumamt", True),
        ("setl_id,hifp_pay", False),
    ],
)
async def test_a_table_says_by_its_headings_what_its_amounts_are(
    parties: Parties, month: Month, headings: str, level: bool
) -> None:
    lines = [headings]
    for row in month.rows:
        sign = 1 if row.amount > 0 else -1
        own = yuan(sign * row.case.layers["top_up"]) if "top_up" in row.case.layers else ""
        said = {"amount": own or "0", "top_up": own, "hifp_pay": yuan(sign * row.case.layers["basic"])}
        said |= dict.fromkeys(("fund_pay_sumamt", "基金支付总额"), yuan(row.amount))
        said |= dict.fromkeys(("setl_id", "结算号"), str(row.case.first.id)) | {
            "退费结算标志": "是" if sign < 0 else ""
        }
        lines.append(",".join(said[name] for name in headings.split(",")))

    if not level:
        path = f"/v1/statements/{month.statement['id']}/matches"
        content = "\n".join(lines).encode()
        refused = await parties.insurer("POST", path, files={"file": ("a.csv", content)})
        assert refused.json()["code"] == "match.file", "another payer's layer is nothing of this statement"
        return
    matched = await match(parties, month.statement, "\n".join(lines).encode())
    assert (matched["format"], matched["differences"]) == ("table", [])


async def test_later_versions_and_settlements_of_other_periods_have_their_types(
    parties: Parties, calendar: Calendar, settled: Settled, month: Month
) -> None:
    june, moved = month.cases[0], month.cases[1]
    later = Case(JULY_3, H1, {"basic": 10_00, "top_up": 7_00})
    await settled(june.amended_on(JULY_3, top_up=130_00), later, moved.reversed_on(JULY_3))
    calendar.turn_to("2018-08-02")
    july = Month((await parties.run(PAYER, "2018-07"))["items"][0], month.cases, [], [])
    rows = [Row(june, 30_00), Row(later, 17_00), Row(moved, -moved.paid, refund=True)]

    assert (await send(parties, july, *rows))["level"]
    assert types(await send(parties, july, *rows[:2])) == [("reversed_one_side", "-1200.02", None, None)]
    assert types(await send(parties, month, *month.rows, rows[1])) == [("wrong_period", None, "17.00", "2018-07")]
    assert types(await send(parties, july, *rows, Row(june, june.paid))) == [
        ("wrong_period", None, "1100.01", "2018-06")
    ]


async def test_a_visit_settled_anew_after_its_reversal_is_compared_as_one(
    parties: Parties, calendar: Calendar, settled: Settled
) -> None:
    first = Case(JUNE_9, H1, {"basic": 1_00, "top_up": 100_00})
    anew = Case(JUNE_20, H1, {"basic": 2_00, "top_up": 120_00}, visit=first.visit_no)
    await settled(first, first.reversed_on(JUNE_20), anew)
    calendar.turn_to("2018-07-02")
    statement = (await parties.run(PAYER, "2018-06"))["items"][0]
    month = Month(statement, [], [], [])
    rows = [Row(first, 101_00), Row(first, -101_00, refund=True), Row(first, 122_00)]
    table = "\n".join(["就诊号,金额", *(f"{first.visit_no},{amount}" for amount in ("100.00", "-100.00", "120.00"))])

    assert types(await match(parties, statement, table.encode())) == []
    assert types(await send(parties, month, *rows, own_numbers=True)) == []
    assert types(await send(parties, month, *rows[:2], own_numbers=True)) == [("missing_there", "122.00", None, None)]


async def test_three_hundred_random_mutations_of_fund_sums_are_all_found_and_nothing_else(
    parties: Parties, calendar: Calendar, settled: Settled
) -> None:
    dice = random.Random(3202)
    cases = [Case(JUNE_9, H1, {"basic": 100_00 * n + 7, "aid": n % 3 * 11, "top_up": 10_00 + n}) for n in range(1, 81)]
    others = [Case(JUNE_9, H1, {"basic": 3_00 + n}) for n in range(40)]
    await settled(*cases, *others, *(case.reversed_on(JUNE_20) for case in cases[60:]))
    calendar.turn_to("2018-07-02")
    statement = (await parties.run(PAYER, "2018-06"))["items"][0]
    injected = 0
    while injected < 300:
        minus = dice.random() < 0.5
        content, wanted = mutated(dice, cases, others, minus=minus)
        matched = await match(parties, statement, content, name="3202.txt")
        assert types(matched) == in_order(wanted), f"after {injected} mutations, minus: {minus}"
        injected += len(wanted)


def mutated(
    dice: random.Random, cases: list[Case], others: list[Case], *, minus: bool
) -> tuple[bytes, list[tuple[Any, ...]]]:
    """A file with errors; `minus`: its refunds have one, else the flag alone says it. Others' rows may be anything."""
    rows = [Row(one, one.paid + dice.choice((0, 0, 5))) for one in others]
    rows += [Row(one, -one.paid if minus else one.paid, refund=True) for one in cases[60:]]
    wanted: list[tuple[Any, ...]] = []
    for at, case in enumerate(cases):
        funds = yuan(case.paid)
        match dice.choice(("", "", "", "", "drop", "amount", "twice", "own part")):
            case "drop" if at < 60:
                wanted.append(("missing_there", funds, None, None))
            case "amount":
                amount = case.paid + dice.choice((-1, 1, 50_00))
                rows.append(Row(case, amount))
                wanted.append(("amount", funds, yuan(amount), None))
            case "twice":
                rows += [Row(case, case.paid)] * 2
                wanted.append(("duplicate", None, funds, None))
            case "own part":
                part = case.layers["top_up"]
                rows.append(Row(case, part))
                wanted.append(("amount", funds, yuan(part), None))
            case _:
                rows.append(Row(case, case.paid))
    dice.shuffle(rows)
    return text_file(*rows), wanted
