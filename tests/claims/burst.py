"""Many requests at once on real server processes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

PATIENCE = httpx.Timeout(60.0)


@dataclass
class Burst:
    """A caller of several server processes, who asks each in turn."""

    urls: Sequence[str]
    client: httpx.AsyncClient

    async def settle(self, body: Any, *, key: str | None = None, server: int = 0) -> httpx.Response:
        url = self.urls[server % len(self.urls)]
        headers = {"Idempotency-Key": key or str(uuid4())}
        return await self.client.post(f"{url}/v1/settlements", json=body, headers=headers)

    async def settle_all(self, bodies: Sequence[Any], *, keys: Sequence[str] | None = None) -> list[httpx.Response]:
        """All at once, over the processes in turn."""
        named = keys or [str(uuid4()) for _ in bodies]
        asked = zip(bodies, named, strict=True)
        return await asyncio.gather(*(self.settle(b, key=k, server=n) for n, (b, k) in enumerate(asked)))


@asynccontextmanager
async def bursting(urls: Sequence[str], headers: dict[str, str]) -> AsyncIterator[Burst]:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(headers=headers, timeout=PATIENCE, limits=limits) as client:
        # Each process verifies the token once, so that the burst is about settling.
        for url in urls:
            assert (await client.get(f"{url}/v1/settlements?limit=1")).status_code == 200
        yield Burst(urls, client)
