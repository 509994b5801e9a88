"""Whoever has all power over the database can change any row, and is found out: the row is named."""

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.proof.scene import found_wrong
from tests.proof.tamperings import TAMPERINGS, Tampering

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda one: one.name)
async def test_every_tampering_is_found_and_names_its_row(superuser: AsyncConnection, tampering: Tampering) -> None:
    key = await tampering.inject(superuser, 7)

    found = await found_wrong(superuser)

    assert [one for one in found if one.table == tampering.table and key in one.key], (key, found[:5])
