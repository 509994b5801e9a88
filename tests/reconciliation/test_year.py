"""A year in small: the long form, with 20,000 settlements, is scripts/prove/year."""

import random

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.reconciliation.year import Year, simulate


def ignore(line: str) -> None:
    """Nobody reads along."""


async def test_the_books_close_every_month_of_a_year(app: FastAPI, engine: AsyncEngine) -> None:
    year = Year(engine, app.state.vault, [f"H4599010040{n}" for n in range(3)], 600, random.Random(2018))

    await simulate(year, ignore)

    assert year.counts["proofs"] == 36
    for happened in ("reversals", "later versions", "hold_back", "accept_theirs", "part", "returned", "too much"):
        assert year.counts[happened], happened
