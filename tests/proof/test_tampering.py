"""Whoever has all power over the database can change any row, and is found out: the row is named."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.proof.scene import found_wrong
from tests.proof.tamperings import TAMPERINGS, Tampering

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda one: one.name)
async def test_every_tampering_is_found_and_names_its_row(superuser: AsyncConnection, tampering: Tampering) -> None:
    key = await tampering.inject(superuser, 7)

    found = await found_wrong(superuser)

    assert [one for one in found if one.table == tampering.table and key in one.key], (key, found[:5])


async def test_what_is_wrong_by_the_thousand_hides_no_other_row(superuser: AsyncConnection) -> None:
    counted = "SELECT id::text, line_count FROM statements WHERE line_count > 2 ORDER BY id LIMIT 2"
    (first, had), (second, _) = (tuple(row) for row in await superuser.execute(text(counted)))
    await superuser.execute(
        text("UPDATE statements SET line_count = line_count + 5000 WHERE id::text = :id"), {"id": first}
    )
    await superuser.execute(
        text("DELETE FROM statement_lines WHERE statement_id::text = :id AND line_no = 2"), {"id": second}
    )

    found = [one.key for one in await found_wrong(superuser) if one.table == "statement_lines"]

    assert {f"{first}/{had + 1}", f"{second}/2"} <= {*found}
