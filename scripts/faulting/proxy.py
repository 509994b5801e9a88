"""
A TCP proxy before PostgreSQL that reads along: it knows each round trip, and cuts or holds the one it is asked to.

A round trip is what a connection sends until it waits for an answer: a query, or parse, bind, execute and sync.
"""

import asyncio
import re
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from scripts.faulting.trips import Order, Side, Trip

_HEAD: Final = 5
_STARTUP: Final = 3
_WAITS: Final = b"SQH"
_AT_ONCE: Final = b"Xpdcf"
_DONE: Final = {b"S": b"Z", b"Q": b"Z", b"H": b"TnE"}
"""With which messages the server says that it has done what it was sent: all of it, or what preparing asks for."""
_SSL_OR_GSS: Final = (80877103, 80877104)
_COUNTY: Final = re.compile(r"onestop\.county = '([^']*)'")


class Proxy:
    """Listens on a port of its own; each connection is passed on to the database's."""

    def __init__(self, host: str, port: int) -> None:
        self._target = host, port
        self._lines: set[_Line] = set()
        self._server: asyncio.Server | None = None
        self._orders: list[Order] = []
        self.port = 0
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.seen: Callable[[Trip], None] | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self.cut_all()
        await self._server.wait_closed()

    def cut_next(self, side: Side, matches: Callable[[Trip], bool]) -> Order:
        """Cut the connection of the next round trip that matches."""
        return self._ordered(Order(matches, side))

    def hold_next(self, matches: Callable[[Trip], bool]) -> Order:
        """Keep the next round trip that matches until the order's `release` is set."""
        return self._ordered(Order(matches))

    def forget(self, order: Order) -> None:
        """Take back what has not happened yet."""
        if order in self._orders:
            self._orders.remove(order)

    def cut_all(self) -> int:
        """Cut every connection there is; how many."""
        lines = list(self._lines)
        for line in lines:
            line.cut()
        return len(lines)

    def silence_all(self) -> list["_Line"]:
        """From now on let nothing more through on the connections there are, and end none; give them, to be cut."""
        lines = list(self._lines)
        for line in lines:
            line.is_silent = True
        return lines

    def due(self, trip: Trip) -> Order | None:
        """What is to happen to this round trip."""
        if self.seen is not None:
            self.seen(trip)
        found = next((order for order in self._orders if order.matches(trip)), None)
        if found is not None:
            self._orders.remove(found)
            found.trip = trip
            found.met.set()
        return found

    def _ordered(self, order: Order) -> Order:
        self._orders.append(order)
        return order

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            behind = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        line = _Line(self, (reader, writer), behind)
        self._lines.add(line)
        try:
            await line.run()
        finally:
            self._lines.discard(line)


_Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Line:
    """One connection of the service and its counterpart to the database."""

    def __init__(self, proxy: Proxy, client: _Stream, server: _Stream) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._inbox, self._outbox = bytearray(), bytearray()
        self._started, self._asks_encryption = False, False
        self._gathered, self._statement, self._cut_when = b"", "", b""
        self._known: dict[bytes, str] = {}
        self._number, self._county = 0, ""
        self.is_silent, self._is_cut = False, asyncio.Event()

    def cut(self) -> None:
        """Reset both sides, so that neither hears more of the other."""
        self._is_cut.set()
        for _, writer in (self._client, self._server):
            writer.transport.abort()

    async def run(self) -> None:
        both = [asyncio.create_task(self._from_client()), asyncio.create_task(self._from_server())]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if self.is_silent:
                # That one side has gone is not told to the other.
                await self._is_cut.wait()
        finally:
            for task in both:
                task.cancel()
            self.cut()
            await asyncio.gather(*both, return_exceptions=True)

    async def _from_client(self) -> None:
        with suppress(ConnectionError):
            while data := await self._client[0].read(1 << 16):
                await self._proxy.flowing.wait()
                if self.is_silent:
                    continue
                self._inbox += data
                if not await self._take_messages():
                    return

    async def _take_messages(self) -> bool:
        while (message := self._next_message()) is not None:
            kind = message[:1] if self._started else b""
            if not self._started:
                await self._pass_on(message)
                self._begin(message)
            elif kind in _AT_ONCE:
                await self._pass_on(self._gathered + message)
                self._gathered = b""
            else:
                self._gathered += message
                self._note(kind, message)
                if kind in _WAITS and not await self._go(_DONE[kind]):
                    return False
        return True

    def _next_message(self) -> bytes | None:
        head = _HEAD if self._started else _HEAD - 1
        if len(self._inbox) < head:
            return None
        length = struct.unpack("!I", self._inbox[head - 4 : head])[0] + head - 4
        if len(self._inbox) < length:
            return None
        message = bytes(self._inbox[:length])
        del self._inbox[:length]
        return message

    def _begin(self, message: bytes) -> None:
        code = struct.unpack("!I", message[4:8])[0]
        self._asks_encryption = code in _SSL_OR_GSS
        self._started = code >> 16 == _STARTUP

    def _note(self, kind: bytes, message: bytes) -> None:
        """Remember which statement a name stands for, and which one this round trip is about."""
        if kind == b"P":
            name, sql = message[_HEAD:].split(b"\0", 2)[:2]
            self._known[name] = sql.decode(errors="replace")
            self._statement = f"prepare: {self._known[name]}"
        elif kind == b"B":
            self._statement = self._known.get(message[_HEAD:].split(b"\0", 2)[1], "")
        elif kind == b"Q":
            self._statement = message[_HEAD:-1].decode(errors="replace")

    async def _go(self, done: bytes) -> bool:
        """Let a round trip through, or do with it what was ordered; False: the connection is cut."""
        content, self._gathered = self._gathered, b""
        if self._statement.startswith("BEGIN"):
            found = _COUNTY.search(self._statement)
            self._number, self._county = 0, found[1] if found else ""
        in_transaction = self._statement.startswith("BEGIN") or self._number > 0
        self._number += in_transaction
        order = self._proxy.due(Trip(self._number, self._county if in_transaction else "", self._statement, content))
        if order is not None and order.side is None:
            await order.release.wait()
        elif order is not None and order.side is Side.BEFORE:
            self.cut()
            return False
        self._cut_when = done if order is not None and order.side is Side.AFTER else b""
        if self._statement.startswith(("COMMIT", "ROLLBACK")):
            self._number = 0
        if not self.is_silent:
            await self._pass_on(content)
        return True

    async def _pass_on(self, content: bytes) -> None:
        self._server[1].write(content)
        await self._server[1].drain()

    async def _from_server(self) -> None:
        with suppress(ConnectionError):
            while data := await self._server[0].read(1 << 16):
                await self._proxy.flowing.wait()
                if self.is_silent:
                    continue
                if self._says(data, self._cut_when):
                    self.cut()
                    return
                self._client[1].write(data)
                await self._client[1].drain()

    def _says(self, data: bytes, words: bytes) -> bool:
        """Whether one of these messages is in what the server sends."""
        if not self._started:
            # One letter that answers whether it encrypts: no message.
            return False
        self._outbox += data
        said, at = False, 0
        while len(self._outbox) - at >= _HEAD:
            length = struct.unpack("!I", self._outbox[at + 1 : at + _HEAD])[0] + 1
            if len(self._outbox) - at < length:
                break
            said = said or self._outbox[at] in words
            at += length
        del self._outbox[:at]
        return said
