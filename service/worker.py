"""One server process: the application on a socket that its parent opened (`service.processes` starts it)."""

import argparse
import asyncio
import gc
import os
import signal
import socket
from datetime import timedelta

import uvicorn
from fastapi import FastAPI

from service.background import keep_forgetting, keep_readjudicating, keep_sealing, keep_to_the_law, keep_verifying
from service.claims.actions import Desk
from service.clock import Clock
from service.config import Settings
from service.connections import bounded
from service.embedded.launch import end_with_parent
from service.lines import keep_lines
from service.main import create_app

_DRAIN_SECONDS = 30
_OBJECTS_BEFORE_A_LOOK = 10_000


class _Server(uvicorn.Server):
    """Tells the parent when it takes requests, and works in the background from then on."""

    def __init__(self, config: uvicorn.Config, ready: int, app: FastAPI) -> None:
        super().__init__(config)
        self._ready = ready
        self._app = app
        self._background: list[asyncio.Task[None]] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            _leave_alone_what_stays()
            os.write(self._ready, b"1")
            self._begin()
        os.close(self._ready)

    def _begin(self) -> None:
        state = self._app.state
        url = state.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._background = [
            asyncio.create_task(keep_to_the_law(state)),
            asyncio.create_task(keep_lines(url, state.settings.silence_seconds)),
        ]
        if every := state.settings.seal_seconds:
            counties = sorted({county for pack in state.packs.packs for county in pack.county_codes})
            work = (
                keep_sealing(state.engine, counties, state.clock, every),
                keep_verifying(state.engine),
                keep_readjudicating(state.engine, counties, Desk(state.law, state.clock, state.vault)),
                keep_forgetting(state.engine, state.clock),
            )
            self._background += [asyncio.create_task(one) for one in work]

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await super().shutdown(sockets)


def _leave_alone_what_stays() -> None:
    # Routes, schemas and packs live as long as the process: looking through them for garbage again and again costs
    # every request, and now and then one of them a tenth of a second.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BEFORE_A_LOOK)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--listener", type=int, required=True, help="descriptor of a listening socket")
    parser.add_argument("--ready", type=int, required=True, help="descriptor to write to when ready")
    parser.add_argument("--clock-days", type=int, default=0, help="days that a sandbox's clock is off")
    asked = parser.parse_args()

    end_with_parent(asked.parent, signal.SIGTERM)
    # From the descriptor's own family, or asyncio would not switch off Nagle's algorithm on its connections.
    listener = socket.socket(fileno=asked.listener)
    settings = Settings()
    app = create_app(settings, Clock(shift=timedelta(days=asked.clock_days)))
    config = uvicorn.Config(
        app,
        http=bounded(settings),
        access_log=False,
        server_header=False,
        # Who a proxy speaks for is ours to judge (`wire.address`): uvicorn believes any on this machine.
        proxy_headers=False,
        log_level="warning",
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )
    _Server(config, asked.ready, app).run(sockets=[listener])


if __name__ == "__main__":
    main()
