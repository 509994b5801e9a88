"""What the bench can take out of the service to see whether it notices; only in the processes that it starts."""

from collections.abc import Callable
from typing import Final

TAKEN_OUT: Final[dict[str, Callable[[], None]]] = {}
