"""The picture of how a bill was shared: from the total, payer by payer, down to what is left. Pure geometry."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from service.money import round_half_up
from service.text import Text

WIDTH: Final = 320
ROW: Final = 44
_BAR_TOP, _BAR_HEIGHT = 20, 16
_THINNEST: Final = 2


class Share(NamedTuple):
    """Somebody's part of the bill, in fen. `kind` colours it: total, payer, expected, hospital or patient."""

    label: Text
    amount: int
    kind: str


class Bar(NamedTuple):
    """A share as it is drawn: where its words stand and where its bar lies, in units of the picture."""

    share: Share
    text_y: int
    x: int
    y: int
    width: int
    height: int


def bars(total: int, shares: Sequence[Share]) -> list[Bar]:
    """
    One bar a share; each ends where the one before began, so that together they cover the total.

    `shares` are whoever paid something and, last, the patient, who is shown also where nothing is left.
    """
    return [_bar(row, share, start, total) for row, (share, start) in enumerate(_starts(total, shares))]


def _starts(total: int, shares: Sequence[Share]) -> Iterable[tuple[Share, int]]:
    left = total
    for share in shares:
        if share.kind != "total":
            left -= share.amount
        yield share, left if share.kind != "total" else 0


def _bar(row: int, share: Share, start: int, total: int) -> Bar:
    top = row * ROW
    x = round_half_up(start * WIDTH, total) if total else 0
    end = round_half_up((start + share.amount) * WIDTH, total) if total else 0
    width = max(end - x, _THINNEST if share.amount else 0)
    return Bar(share, top + _BAR_TOP - 6, min(x, WIDTH - width), top + _BAR_TOP, width, _BAR_HEIGHT)


def height(found: Sequence[Bar]) -> int:
    """How high the picture is."""
    return len(found) * ROW
