"""Callers that do what a good hospital system does: send a request again, with its key, until there is an answer."""

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import httpx

from service.config import Settings
from service.main import create_app

_PAUSE: Final = 0.15
_PATIENCE: Final = httpx.Timeout(60.0)
_AGAIN: Final = {httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_MANY_REQUESTS, *range(502, 505)}
_RUN: Final = "/v1/statements/run"
_IN_PROGRESS: Final = "idempotency.in_progress"


@dataclass(frozen=True)
class Acknowledged:
    """A success that a caller was told of, under which key, and how to ask for it once more."""

    client_id: str
    key: str
    path: str
    status: int
    content: bytes
    again: Callable[[], Awaitable[httpx.Response]]


@dataclass
class Watch:
    """
    What all callers sent and heard, and what they should never have heard.

    `on_the_wire`: the visits that the national interface said are settled; they have no request to repeat here.
    `forgotten`: how much was heard after a moment to which the county was brought back. `all_again`: at the next look
    every request is repeated, not only the newer ones.
    """

    acknowledged: list[Acknowledged] = field(default_factory=list)
    on_the_wire: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    heard: Counter[str] = field(default_factory=Counter)
    waiting: dict[int, str] = field(default_factory=dict)
    forgotten: int = 0
    all_again: bool = False
    open: asyncio.Event = field(default_factory=asyncio.Event)
    at_rest: asyncio.Event = field(default_factory=asyncio.Event)
    _numbers: int = 0

    def __post_init__(self) -> None:
        self.at_rest.set()

    @contextmanager
    def request(self, what: str) -> Iterator[None]:
        """While a request has no answer yet; it is at rest when none has."""
        self._numbers += 1
        number = self._numbers
        self.waiting[number] = what
        self.at_rest.clear()
        try:
            yield
        finally:
            del self.waiting[number]
            if not self.waiting:
                self.at_rest.set()

    async def pause(self) -> None:
        """Let no new request begin, and wait for those that have."""
        self.open.clear()
        await self.at_rest.wait()


def with_key() -> re.Pattern[str]:
    """The operations that give their first answer again, as the service's own document says."""
    paths = create_app(Settings()).openapi()["paths"]
    keyed = [
        re.sub(r"\{[^}]+\}", "[^/]+", path)
        for path, operations in paths.items()
        if any(one.get("name") == "Idempotency-Key" for one in operations.get("post", {}).get("parameters", ()))
    ]
    return re.compile("|".join(keyed))


@dataclass
class Client:
    """One client of the service: its secret, its token, and the service that it calls."""

    watch: Watch
    http: httpx.AsyncClient
    url: str
    client_id: str
    secret: str
    keyed: re.Pattern[str]
    token: str = ""

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        operator: str | None = None,
        url: str | None = None,
        **more: Any,
    ) -> httpx.Response:
        """Ask until there is an answer that means something. Whoever asks waits while the bench looks."""
        await self.watch.open.wait()
        headers = {"Idempotency-Key": key or str(uuid4())} | ({"X-Operator": operator} if operator else {})
        headers |= more.pop("headers", {})
        if body is not None:
            more["json"] = body

        async def again() -> httpx.Response:
            return await self._until_answered(method, path, headers, url or self.url, more)

        with self.watch.request(f"{method} {path}"):
            answer = await again()
        self._keep(method, path, headers["Idempotency-Key"], answer, again)
        return answer

    async def once(self, method: str, path: str, body: Any, *, key: str) -> httpx.Response | None:
        """Ask a single time; None where no answer came. A success counts as acknowledged."""
        headers, more = {"Idempotency-Key": key}, {"json": body}

        async def again() -> httpx.Response:
            return await self._until_answered(method, path, headers, self.url, more)

        with self.watch.request(f"{method} {path}, once"):
            answer = await self._try(method, f"{self.url}{path}", headers, more)
        if answer is not None:
            self._note(answer)
            self._keep(method, path, key, answer, again)
        return answer

    def _keep(
        self, method: str, path: str, key: str, answer: httpx.Response, again: Callable[[], Awaitable[httpx.Response]]
    ) -> None:
        # A run in which a hospital failed is not kept: the same key tries again (api.md, Statements).
        unfinished = path == _RUN and answer.is_success and answer.json()["failed"]
        if answer.is_success and method == "POST" and self.keyed.fullmatch(path) and not unfinished:
            told = Acknowledged(self.client_id, key, path, answer.status_code, answer.content, again)
            self.watch.acknowledged.append(told)

    def _note(self, answer: httpx.Response) -> None:
        said = answer.headers.get("content-type", "")
        code = f" {answer.json().get('code')}" if answer.is_error and "problem+json" in said else ""
        self.watch.heard[f"{answer.status_code}{code}"] += 1

    async def _until_answered(
        self, method: str, path: str, headers: dict[str, str], url: str, more: dict[str, Any]
    ) -> httpx.Response:
        while True:
            answer = await self._try(method, f"{url}{path}", headers, more)
            if answer is not None and not self._means_nothing(answer, f"{method} {path}"):
                return answer
            await asyncio.sleep(_PAUSE)

    async def _try(self, method: str, url: str, headers: dict[str, str], more: dict[str, Any]) -> httpx.Response | None:
        try:
            if not self.token and not await self._get_token(url):
                return None
            headers = headers | {"Authorization": f"Bearer {self.token}"}
            return await self.http.request(method, url, headers=headers, **more)
        except httpx.TransportError as error:
            self.watch.heard[type(error).__name__] += 1
            return None

    async def _get_token(self, url: str) -> bool:
        form = {"grant_type": "client_credentials", "client_id": self.client_id, "client_secret": self.secret}
        answer = await self.http.post(str(httpx.URL(url).join("/oauth/token")), data=form)
        if answer.is_success:
            self.token = answer.json()["access_token"]
        elif answer.status_code not in _AGAIN:
            self.watch.wrong.append(f"no token for {self.client_id}: {answer.status_code} {answer.text}")
        return answer.is_success

    def _means_nothing(self, answer: httpx.Response, what: str) -> bool:
        """Whether the request is to be sent again: nothing was said about it."""
        self._note(answer)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            # The county's clock was stepped past the token's end.
            self.token = ""
            return True
        if answer.status_code == httpx.codes.INTERNAL_SERVER_ERROR:
            self.watch.wrong.append(f"{what}: 500 {answer.text}")
            return True
        return answer.status_code in _AGAIN or (
            answer.status_code == httpx.codes.CONFLICT and _IN_PROGRESS in answer.text
        )


def unlimited() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=_PATIENCE, limits=httpx.Limits(max_connections=None))
