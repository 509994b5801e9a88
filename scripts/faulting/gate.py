"""A gate that can be shut, and waited at until all who went in have come out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Gate:
    """Open at first."""

    def __init__(self) -> None:
        self._inside = 0
        self._lets_in, self._empty = asyncio.Event(), asyncio.Event()
        self._lets_in.set()
        self._empty.set()

    @asynccontextmanager
    async def passed(self) -> AsyncIterator[None]:
        """Be inside, as soon as it is open."""
        await self._lets_in.wait()
        self._inside += 1
        self._empty.clear()
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()

    async def shut(self) -> None:
        """Let nobody in any more, and wait until nobody is inside."""
        self._lets_in.clear()
        await self._empty.wait()

    def open(self) -> None:
        self._lets_in.set()
