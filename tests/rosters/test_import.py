"""A list is previewed, then applied whole: who is added, changed, ended, rejected, and what contradicts whom."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from service.access.model import Role
from tests.registers.examples import id_no
from tests.rosters.conftest import Office
from tests.rosters.lists import HEADER, listed, roster_csv
from tests.sheets.files import csv_file, xlsx_file

OLD = [{"class": "registered_poor", "valid_from": "2018-01-01", "source": "扶贫办"}]
FULL: dict[str, Any] = {"kind": "full", "class": "registered_poor"}


def counts(roster: dict[str, dict[str, int]], *names: str) -> list[int]:
    return [roster["counts"][name] for name in names]


async def test_a_full_list_adds_who_is_new_and_ends_who_is_absent(office: Office) -> None:
    for number in (1, 2):
        await office.person(number, identities=OLD)
    await office.person(3, identities=[])
    content = roster_csv(listed(1), listed(3), listed(4, "新来的"))

    preview = await office.preview(content, **FULL)
    assert counts(preview, "rows", "unchanged", "added", "ended", "new_persons") == [3, 1, 2, 1, 1]
    assert await office.identities(3) == []
    applied = await office.apply(preview)

    assert applied["state"] == "applied"
    assert await office.identities(1) == [("registered_poor", "2018-01-01", None)]
    assert await office.identities(2) == [("registered_poor", "2018-01-01", "2018-05-31")]
    assert await office.identities(3) == [("registered_poor", "2018-06-01", None)]
    found = await office.ask("GET", f"/v1/recognition?id_no={id_no(4)}")
    assert [each["class"] for each in found["identities"]] == ["registered_poor"]
    assert found["name"] == "新**"[:2] + "的"


async def test_the_same_file_is_the_same_roster_and_applies_once(office: Office) -> None:
    await office.person(1, identities=[])
    content = roster_csv(listed(1))
    first = await office.preview(content)
    applied = await office.apply(first)

    assert (await office.preview(content))["id"] == first["id"]
    assert await office.apply(first) == applied
    assert (await office.preview(content, as_of="2018-06-02"))["id"] != first["id"]


async def test_a_list_of_changes_adds_changes_and_ends(office: Office) -> None:
    for number in (1, 2, 3):
        await office.person(number, identities=OLD if number > 1 else [])
    header = [*HEADER, "变动类型", "退出日期"]
    rows = [
        [*listed(1), "新增", ""],
        [*listed(2, since="2018年3月1日"), "变更", ""],
        [*listed(3), "退出", "2018.4.30"],
    ]

    applied = await office.imported(roster_csv(*rows, header=header))

    assert counts(applied, "added", "changed", "ended") == [1, 1, 1]
    assert await office.identities(1) == [("registered_poor", "2018-06-01", None)]
    assert await office.identities(2) == [("registered_poor", "2018-03-01", None)]
    assert await office.identities(3) == [("registered_poor", "2018-01-01", "2018-04-30")]


async def test_what_another_source_holds_is_a_conflict_and_stays(office: Office) -> None:
    await office.person(1, identities=[OLD[0] | {"source": "民政局"}])

    preview = await office.preview(roster_csv(listed(1)))
    assert preview["conflicts"]["items"][0]["other_source"] == "民政局"
    await office.apply(preview)

    assert await office.identities(1) == [("registered_poor", "2018-01-01", None)]


async def test_a_person_listed_twice_counts_once_unless_the_rows_disagree(office: Office) -> None:
    for number in (1, 2):
        await office.person(number, identities=[])
    rows = [listed(1), listed(1), listed(2), listed(2, since="2018-02-01")]

    preview = await office.preview(roster_csv(*rows))

    assert counts(preview, "added", "duplicates", "rejected") == [1, 1, 2]
    assert preview["duplicates"]["items"][0] | {"cells": None} == {
        "row": 3,
        "faults": [],
        "cells": None,
        "duplicate_of": 2,
    }
    assert {row["faults"][0]["code"] for row in preview["rejected"]["items"]} == {"row.contradiction"}


async def test_one_cell_may_name_several_classes(office: Office) -> None:
    await office.person(1, identities=[])

    await office.imported(roster_csv(listed(1, word="建档立卡、低保")))

    assert [each[0] for each in await office.identities(1)] == ["low_income_allowance", "registered_poor"]


async def test_rejected_rows_come_back_as_a_file_that_can_be_corrected_and_sent_again(office: Office) -> None:
    await office.person(1, identities=[])
    number = id_no(1)
    wrong = number[:-1] + ("0" if number[-1] != "0" else "1")
    preview = await office.preview(roster_csv(["=1+1", id_no(2), "建档立卡", ""], ["张小三", wrong, "建档立卡", ""]))
    assert counts(preview, "rejected", "unidentified") == [1, 1]

    answer = await office.ask("GET", f"/v1/rosters/{preview['id']}/rejected.csv")
    assert answer.content.startswith("\ufeff姓名,身份证号码,人员类别,认定日期,问题\r\n".encode())
    again = answer.content.replace(wrong.encode(), number.encode())

    assert counts(await office.imported(again), "added", "rejected") == [1, 0]
    assert [each[0] for each in await office.identities(1)] == ["registered_poor"]


async def test_a_full_list_with_unreadable_people_ends_nobody_unless_told_to(office: Office) -> None:
    await office.person(1, identities=OLD)
    preview = await office.preview(roster_csv(["李四", "4.59901E+17", "建档立卡", ""]), **FULL)
    assert counts(preview, "ended", "unidentified") == [1, 1]

    refused = await office.apply(preview, 409)
    assert refused["code"] == "roster.rejected_rows"
    await office.apply(preview, accept_rejected=True)
    assert await office.identities(1) == [("registered_poor", "2018-01-01", "2018-05-31")]


async def test_a_rejected_row_does_not_end_the_person_it_names(office: Office) -> None:
    await office.person(1, identities=OLD)

    preview = await office.preview(roster_csv(listed(1, since="昨天")), **FULL)

    assert counts(preview, "rejected", "ended") == [1, 0]


async def test_another_name_than_the_registers_is_rejected_until_the_register_is_corrected(office: Office) -> None:
    await office.person(1, identities=[])
    content = roster_csv(listed(1, "李四"))
    preview = await office.preview(content)
    assert preview["rejected"]["items"][0]["faults"][0]["code"] == "name.differs"

    await office.ask("PUT", "/v1/persons/P000001", {"name": "李四"})
    assert counts(await office.preview(content), "added", "rejected") == [1, 0]


async def test_a_preview_that_the_register_has_overtaken_is_not_applied(office: Office) -> None:
    await office.person(1, identities=[])
    content = roster_csv(listed(1))
    preview = await office.preview(content)
    await office.ask("PUT", "/v1/persons/P000001", {"identities": OLD})

    assert (await office.apply(preview, 409))["code"] == "roster.stale"
    assert counts(await office.preview(content), "added", "unchanged") == [0, 1]


async def test_civil_affairs_lists_aid_classes_of_known_people_only(
    office: Office, office_of: Callable[..., Awaitable[Office]]
) -> None:
    await office.person(1, identities=[])
    civil = await office_of(Role.PAYER)
    rows = [listed(1, word="低保"), listed(1, word="建档立卡"), listed(9, word="低保")]

    applied = await civil.imported(roster_csv(*rows), source="民政局")

    assert counts(applied, "added", "rejected") == [1, 2]
    assert await office.identities(1) == [("low_income_allowance", "2018-06-01", None)]
    refused = await civil.preview(roster_csv(listed(1)), refused=403, **FULL)
    assert refused["code"] == "access.only_aid_identities"
    other = await office_of(Role.PAYER, client_id="insurer", payers=frozenset({"top_up_insurer"}))
    await other.preview(roster_csv(listed(1)), refused=403)


@pytest.mark.parametrize(
    "content",
    [
        csv_file([["Name", "ID Number", "Class"], ["张小三", id_no(1).lower(), "registered_poor"]]),
        csv_file([["姓 名", "公民身份号码（18位）", "类别*"], ["张 小 三", id_no(1), "贫困户"]], "gbk"),
        xlsx_file(
            [["某县建档立卡名单", None, None], ["姓名", "身份证号码", "类别"], ["张小三", id_no(1), "建档立卡"]],
            merged=["A1:C1"],
        ),
    ],
)
async def test_headings_and_words_of_many_offices_are_understood(office: Office, content: bytes) -> None:
    await office.person(1, identities=[])

    assert counts(await office.preview(content), "added", "rejected") == [1, 0]


async def test_rosters_are_listed_page_by_page(office: Office) -> None:
    made = [(await office.preview(roster_csv(listed(number))))["id"] for number in (1, 2, 3)]

    first = await office.ask("GET", "/v1/rosters?limit=2&state=previewed")
    rest = await office.ask("GET", f"/v1/rosters?limit=2&cursor={first['next_cursor']}")

    assert [each["id"] for each in first["items"] + rest["items"]] == made
    assert rest["next_cursor"] is None
    assert (await office.ask("GET", f"/v1/rosters/{made[0]}"))["added"]["items"][0]["row"] == 2
    changes = await office.ask("GET", f"/v1/rosters/{made[0]}/changes?kind=added")
    assert changes["items"][0]["new_person"] is True
