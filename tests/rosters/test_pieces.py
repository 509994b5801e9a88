"""A list is compared in pieces of the persons: however many there are, they find together what one finds."""

import random
from typing import Any

import pytest
from fastapi import FastAPI

from service.db import transaction_on
from service.registers.rosters import applying, said, store
from tests.registers.examples import id_no
from tests.rosters.conftest import Office
from tests.rosters.lists import HEADER, roster_csv
from tests.rosters.test_whose import AIDED, POOR

EVERYTHING = [*HEADER, "终止日期", "变动类型", "乡镇代码", "户号", "人员编号"]
TOWNSHIPS = ["459901001", "459901002"]
DAYS = ["", "2018-03-15", "2018-05-01", "2018-06-03"]
KNOWN, NEW = 10, 6
LISTS = 12
WHOLE = "SELECT chr(1114111) WHERE :county_code <> '' AND :at_once > 0"
"""The bounds of a single piece: no person number stands behind the last of all characters."""


def held(chance: random.Random) -> list[dict[str, Any]]:
    """At most one period of each class, of the list's own source or another one."""
    found = []
    for fact in (POOR, AIDED):
        since, source = chance.choice(["2018-01-01", "2018-06-05"]), chance.choice(["扶贫办", "民政局"])
        until = chance.choice([{}, {"valid_to": "2018-12-31"}])
        if chance.random() < 0.7:
            found.append(fact | {"valid_from": since, "source": source} | until)
    return found


def row(chance: random.Random) -> list[str]:
    """Somebody known or new, under a right or wrong name or number, now and then with a number of their own."""
    number = chance.randint(1, KNOWN + NEW)
    return [
        chance.choice(["张小三"] * 9 + ["王五"]),
        chance.choice([id_no(number)] * 9 + ["459901195003070019"]),
        chance.choice(["建档立卡", "低保", "特困"]),
        chance.choice(DAYS),
        chance.choice(["", "", "2018-05-15", "2018-09-30"]),
        chance.choice(["新增", "新增", "变更", "退出"]),
        chance.choice(["", "", *TOWNSHIPS]),
        chance.choice(["", "", "H9"]),
        chance.choice([""] * 9 + ["A-1", "~~", "zz~9"]),
    ]


async def test_lists_of_all_kinds_change_the_same_in_one_piece_and_in_many(
    office: Office, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(3)
    for number in range(1, KNOWN + 1):
        await office.person(number, identities=held(chance), township_code=chance.choice(TOWNSHIPS))
    await office.ask("POST", "/v1/persons/P000002/join", {"other": "P000005"})
    seen = dict.fromkeys(("added", "ended", "changed", "conflicts", "moved", "rejected", "new_persons"), 0)
    for _ in range(LISTS):
        stated: dict[str, Any] = {"kind": chance.choice(["full", "changes"])} | chance.choice(
            [{}, {"township_code": TOWNSHIPS[0]}]
        )
        content = roster_csv(*(row(chance) for _ in range(chance.randint(1, 16))), header=EVERYTHING)
        with monkeypatch.context() as whole:
            whole.setattr(said, "_BOUNDS", WHOLE)
            preview = await office.preview(content, **stated)
        for size in (1, 2, 5):
            monkeypatch.setattr(said, "AT_ONCE", size)
            async with transaction_on(app.state.engine) as tx:
                roster = await store.roster(tx, "459901", preview["id"])
                assert roster is not None
                assert not await applying.is_stale(tx, roster), (size, stated)
        seen = {kind: number + preview["counts"][kind] for kind, number in seen.items()}
    assert all(seen.values()), seen
