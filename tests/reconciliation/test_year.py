"""A year in small: the long form, with 20,000 settlements, is scripts/prove/year."""

import random

import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.reconciliation.simulate import simulate
from tests.reconciliation.year import Year

HAPPENED = (
    "reversals",
    "later versions",
    "hold_back",
    "accept_theirs",
    "keep_ours of a reversal",
    "hold_back of a reversal",
    "carried",
    "part",
    "returned",
    "too much",
    "offset",
    "returned with its surplus",
    "released",
    "recovered",
    "recovered later",
)
"""What a year has to have seen before its proofs say anything."""


def ignore(line: str) -> None:
    """Nobody reads along."""


@pytest.mark.long
async def test_the_books_close_every_month_of_a_year(app: FastAPI, engine: AsyncEngine) -> None:
    year = Year(engine, app.state.vault, [f"H4599010040{n}" for n in range(3)], 600, random.Random(2018))

    await simulate(year, ignore)

    assert year.counts["proofs"] == 36
    assert year.counts["closed"] == 40
    for happened in HAPPENED:
        assert year.counts[happened], happened
