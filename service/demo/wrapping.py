"""Break lines of Chinese and English as each is broken, by the width of their characters in a terminal."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from rich.cells import cell_len

_OPENING: Final = "（〔“《"
_CLOSING: Final = "，。、；：？！）〕”》"
# An amount with its unit, a word, or one Chinese character.
_WORD: Final = r"[0-9.]+ 元|[!-~]+|\S"


def wrapped(text: str, width: int, whole: Iterable[str] = ()) -> Iterator[str]:
    """
    The lines of a text, each at most `width` cells unless a single word is longer.

    No line begins with a mark that closes something. `whole` are words that stay in one piece.
    """
    words = "|".join([*map(re.escape, whole), _WORD])
    line = ""
    for piece in re.findall(rf"[{_OPENING}]*(?:{words})[{_CLOSING}]*\s*", text):
        if line and cell_len((line + piece).rstrip()) > width:
            yield line.rstrip()
            line = ""
        line += piece
    if line:
        yield line.rstrip()
