"""
How fast one client may call one server process: a bucket of requests that fills again steadily.

In memory, so that it costs the discharges no row; with several processes a client may call so much faster.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from math import ceil
from typing import Final

from service.access.refusals import TooManyRequests

_REMEMBERED: Final = 4096


class Pace:
    """Lets each client make `per_second` requests on average, and as many again at once. 0: as many as it likes."""

    def __init__(self, per_second: int, seconds: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._seconds = seconds
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def step(self, client_id: str) -> None:
        """One request of this client. Raises `access.too_many_requests`."""
        if self._per_second == 0:
            return
        now = self._seconds()
        spent, at = self._spent.pop(client_id, (0.0, now))
        spent = max(0.0, spent - (now - at) * self._per_second)
        allowed = spent + 1 <= self._per_second
        self._spent[client_id] = (spent + 1 if allowed else spent, now)
        if len(self._spent) > _REMEMBERED:
            self._spent.popitem(last=False)
        if not allowed:
            raise TooManyRequests.slow_down(max(1, ceil((spent + 1 - self._per_second) / self._per_second)))
