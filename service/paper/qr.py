"""A QR code on a sheet."""

from typing import Final

import segno

from service.paper.sheet import Sheet

SIDE: Final = 42
"""In millimetres, with the quiet margin."""


def draw(paper: Sheet, link: str, left: int | float, top: int | float) -> None:
    """Drawn as squares, so that it is as sharp as the printer, with the quiet margin that readers need."""
    rows = [list(row) for row in segno.make(link, error="m", micro=False).matrix_iter(border=4)]
    side = SIDE / len(rows)
    with paper.local_context(fill_color=(0, 0, 0)):
        for down, row in enumerate(rows):
            for across, dark in enumerate(row):
                if dark:
                    paper.rect(left + across * side, top + down * side, side, side, style="F")
