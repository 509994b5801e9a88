"""
Requests at a server, from this process: as fast as answers come (closed), or at a fixed rate (open).

In an open loop a request's time begins when it was due, not when a connection came free for it, so that a server
which stalls cannot hide the requests that it kept waiting (coordinated omission).
"""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from uuid import uuid4

import httptools

_PATIENCE = 60.0


@dataclass(slots=True)
class Answers:
    """
    What came of a run: latencies in seconds (`refusals`: of those that were refused), refusals by status,
    which requests were acknowledged (by their place, in an open loop), and how long all of it took.
    """

    latencies: list[float] = field(default_factory=list)
    others: dict[int, int] = field(default_factory=dict)
    refusals: list[float] = field(default_factory=list)
    acknowledged: list[int] = field(default_factory=list)
    dropped: int = 0
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    def quantile(self, share: float) -> float:
        """Milliseconds."""
        found = sorted(self.latencies)
        return 1000 * found[min(len(found) - 1, int(share * len(found)))]


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go."""

    url: str
    path: str
    headers: Mapping[str, str]
    method: str = "POST"

    def request(self, body: bytes) -> bytes:
        where = urlsplit(self.url)
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {where.netloc}", *map(": ".join, self.headers.items())]
        if self.method == "POST":
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}", f"Idempotency-Key: {uuid4()}"]
        return "\r\n".join([*lines, "", ""]).encode() + body


class _Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.waiting: asyncio.Future[int] | None = None
        self.parser = httptools.HttpResponseParser(self)
        self.is_lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_complete(self) -> None:
        status = self.parser.get_status_code()
        self.parser = httptools.HttpResponseParser(self)
        if self.waiting is not None:
            self.waiting.set_result(status)

    def connection_lost(self, error: Exception | None) -> None:
        self.is_lost = True
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_exception(error or ConnectionResetError("the server closed the connection"))

    async def ask(self, request: bytes) -> int:
        assert self.transport is not None
        self.waiting = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await asyncio.wait_for(self.waiting, _PATIENCE)


async def _connected(target: Target, count: int) -> list[_Connection]:
    where = urlsplit(target.url)
    assert where.hostname is not None
    assert where.port is not None
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(_Connection, where.hostname, where.port) for _ in range(count)]
    return [protocol for _, protocol in made]


async def closed(target: Target, bodies: Sequence[bytes], *, connections: int) -> Answers:
    """Send all bodies, each connection its next one as soon as it has its answer."""
    answers, left = Answers(), iter([target.request(body) for body in bodies])
    lines = await _connected(target, connections)
    began = time.perf_counter()
    await asyncio.gather(*(_one_after_another(line, left, answers) for line in lines))
    answers.seconds = time.perf_counter() - began
    _hang_up(lines)
    return answers


async def _one_after_another(line: _Connection, left: Iterator[bytes], answers: Answers) -> None:
    for request in left:
        began = time.perf_counter()
        _count(answers, await line.ask(request), time.perf_counter() - began)


async def opened(target: Target, bodies: Sequence[bytes], *, rate: float, connections: int) -> Answers:
    """Send the bodies at a fixed rate, over as many connections as it takes up to a bound; beyond it they drop."""
    answers, requests = Answers(), [target.request(body) for body in bodies]
    free = await _connected(target, connections)
    lines, running = list(free), set()
    began = time.perf_counter()
    for number, request in enumerate(requests):
        due = began + number / rate
        while (early := due - time.perf_counter()) > 0:
            await asyncio.sleep(early)
        if not free:
            answers.dropped += 1
            continue
        line = free.pop()
        if line.is_lost:
            # A server does not keep a connection that nothing comes over.
            [line] = await _connected(target, 1)
            lines.append(line)
        task = asyncio.create_task(_when_due(line, number, request, due, answers, free))
        running.add(task)
        task.add_done_callback(running.discard)
        await asyncio.sleep(0)
    await asyncio.gather(*running)
    answers.seconds = time.perf_counter() - began
    _hang_up(lines)
    return answers


async def _when_due(
    line: _Connection, number: int, request: bytes, due: float, answers: Answers, free: list[_Connection]
) -> None:
    try:
        status = await line.ask(request)
    except ConnectionError:
        # It hung up in the moment in which we asked: what is not answered is not acknowledged.
        answers.dropped += 1
        return
    free.append(line)
    if status < 300:
        answers.acknowledged.append(number)
    _count(answers, status, time.perf_counter() - due)


def _count(answers: Answers, status: int, seconds: float) -> None:
    if status < 300:
        answers.latencies.append(seconds)
    else:
        answers.others[status] = answers.others.get(status, 0) + 1
        answers.refusals.append(seconds)


def _hang_up(lines: Sequence[_Connection]) -> None:
    for line in lines:
        assert line.transport is not None
        line.transport.close()
