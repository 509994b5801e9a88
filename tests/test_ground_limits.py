"""A server process on its socket, met by callers who are slow, silent, too many, or late."""

import re
import select
import socket
from collections.abc import Callable, Iterator

import httpx
import pytest

from service.config import Settings
from service.processes import Worker, listen, start_worker, stop_workers

Serve = Callable[..., httpx.URL]
DENIED_HEAD = 70_000


@pytest.fixture
def serve(settings: Settings) -> Iterator[Serve]:
    """Starts a server process with settings of its own; gives where it is."""
    started: list[Worker] = []

    def start(**own: str) -> httpx.URL:
        environment = {
            "ONESTOP_DATABASE_URL": settings.database_url or "",
            "ONESTOP_KEYS": settings.keys.get_secret_value() if settings.keys else "",
            "ONESTOP_SEAL_SECONDS": "0",
            **{f"ONESTOP_{name.upper()}": value for name, value in own.items()},
        }
        with listen("127.0.0.1", 0) as listener:
            worker = start_worker(listener, environment)
            started.append(worker)
            worker.wait_until_ready()
            return httpx.URL(f"http://127.0.0.1:{listener.getsockname()[1]}")

    yield start
    stop_workers(started)


def connected(url: httpx.URL) -> socket.socket:
    assert url.port is not None
    return socket.create_connection((url.host, url.port), timeout=30)


def said(caller: socket.socket) -> str:
    """Everything that comes until the other side hangs up."""
    text = b""
    while piece := caller.recv(65_536):
        text += piece
    return text.decode()


def test_a_head_that_comes_letter_by_letter_or_not_at_all_is_given_up(serve: Serve) -> None:
    url = serve(head_seconds="0.2")
    with connected(url) as silent, connected(url) as slow:
        slow.sendall(b"GET /healthz HTTP/1.1\r\nHost: o")

        answers = [said(silent), said(slow)]

    for answer in answers:
        assert answer.startswith("HTTP/1.1 408 Request Timeout\r\n")
        assert "application/problem+json" in answer
        assert '"code":"request.too_slow"' in answer


def test_a_second_request_on_a_connection_has_to_come_in_time_as_the_first_had(serve: Serve) -> None:
    with connected(serve(head_seconds="0.2")) as caller:
        caller.sendall(b"GET /healthz HTTP/1.1\r\nHost: onestop\r\n\r\nGET /healthz HT")

        answers = said(caller)

    assert re.findall(r"HTTP/1\.1 \d+ [ \w]+", answers) == ["HTTP/1.1 200 OK", "HTTP/1.1 408 Request Timeout"]


def test_a_head_without_end_is_refused(serve: Serve) -> None:
    with connected(serve()) as caller:
        caller.sendall(b"GET /healthz HTTP/1.1\r\nHost: onestop\r\nX-Long: ")
        for _ in range(7):
            caller.sendall(b"x" * (DENIED_HEAD // 7))

        answer = caller.recv(65_536).decode()

    assert answer.startswith("HTTP/1.1 413 ")


def test_what_is_no_http_gets_a_problem_document(serve: Serve) -> None:
    with connected(serve()) as caller:
        caller.sendall(b"\x16\x03\x01 hello\r\n\r\n")

        answer = said(caller)

    assert answer.startswith("HTTP/1.1 400 Bad Request\r\n")
    assert '"code":"request.malformed"' in answer


def test_one_connection_too_many_is_told_to_come_again_and_those_that_are_there_are_served(serve: Serve) -> None:
    url = serve(connections_open="2")
    with connected(url) as first, connected(url) as second, connected(url) as third:
        refused = said(third)
        for caller in first, second:
            caller.sendall(b"GET /healthz HTTP/1.1\r\nHost: onestop\r\nConnection: close\r\n\r\n")
        served = [said(first), said(second)]

    assert refused.startswith("HTTP/1.1 503 Service Unavailable\r\n")
    assert "retry-after: 1" in refused.lower()
    assert all(answer.startswith("HTTP/1.1 200 OK") for answer in served)


def test_an_answer_that_nobody_reads_does_not_keep_its_connection(serve: Serve) -> None:
    with connected(serve(read_seconds="0.2")) as caller:
        # Asked for many times and never read: more than the buffers between us hold.
        caller.sendall(b"GET /docs/assets/swagger-ui-bundle.js HTTP/1.1\r\nHost: onestop\r\n\r\n" * 40)

        assert hung_up(caller)


def hung_up(caller: socket.socket) -> bool:
    """Whether the other side ends the connection, without a look at what it sent."""
    watched = select.poll()
    watched.register(caller, 0)
    return any(seen & (select.POLLERR | select.POLLHUP) for _, seen in watched.poll(60_000))
