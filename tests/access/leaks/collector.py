"""An OpenTelemetry collector that keeps whatever it is sent, as a real server on a socket."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class Collector:
    """Where traces are to be sent, and every body that came."""

    url: str = ""
    bodies: list[bytes] = field(default_factory=list)

    @property
    def received(self) -> bytes:
        return b"\n".join(self.bodies)


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector for as long as the block."""
    kept = Collector()

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the library's own name)
            """Nothing: the test's output is not its log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    thread = Thread(target=server.serve_forever)
    thread.start()
    kept.url = f"http://127.0.0.1:{server.server_port}/v1/traces"
    try:
        yield kept
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
