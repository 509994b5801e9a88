"""Finding any of thousands of texts in whatever bytes there are: rows, files of a database, logs, spans."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

_CHINESE: Final = re.compile(rb"(?:[\xe4-\xe9][\x80-\xbf]{2}){2,}")
_LATIN: Final = re.compile(rb"[0-9A-Za-z_-]{6,}")
_HEX: Final = re.compile(rb"\\x((?:[0-9a-f]{2}){6,})")
_PURE_CHINESE: Final = re.compile(r"[\u4e00-\u9fff]{2,}")
_PURE_LATIN: Final = re.compile(r"[0-9A-Za-z_-]{6,}")


class Needles:
    """
    Texts that must be found nowhere.

    Names of Chinese letters and numbers of Latin ones are looked for in runs of their own kind, any other text as it
    stands; and all of them in what is written as hexadecimal, as a dump writes bytes.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._chinese: dict[int, set[str]] = defaultdict(set)
        self._latin: dict[int, set[str]] = defaultdict(set)
        self._other: set[str] = set()
        for each in texts:
            if _PURE_CHINESE.fullmatch(each):
                self._chinese[len(each)].add(each)
            elif _PURE_LATIN.fullmatch(each):
                self._latin[len(each)].add(each)
            else:
                self._other.add(each)

    def __len__(self) -> int:
        return len(self._other) + sum(map(len, [*self._chinese.values(), *self._latin.values()]))

    def within(self, content: bytes | str) -> set[str]:
        """Which of them are there."""
        raw = content.encode() if isinstance(content, str) else content
        written = b"\n".join(bytes.fromhex(each.decode()) for each in _HEX.findall(raw))
        return {found for where in (_HEX.sub(b"", raw), written) for found in self._among(where)}

    def _among(self, raw: bytes) -> Iterator[str]:
        for run in _CHINESE.findall(raw):
            yield from _windows(run.decode(errors="replace"), self._chinese)
        for run in _LATIN.findall(raw):
            yield from _windows(run.decode(), self._latin)
        yield from (each for each in self._other if each.encode() in raw)


def _windows(run: str, needles: dict[int, set[str]]) -> Iterator[str]:
    for length, known in needles.items():
        yield from known.intersection(run[start : start + length] for start in range(len(run) - length + 1))
