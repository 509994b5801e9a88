"""
Templates: read and compiled once. A version is kept for ever, so that old sentences can be written again.

A version's file holds only what it says otherwise than the version before.
"""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any, Final, Literal

import yaml

from service.money import unscaled, yuan

CURRENT: Final = 2
_FOLDER: Final = Path(__file__).parent / "wording"
_PERCENT_PLACES: Final = 4

Language = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")


class Names:
    """What codes are called in one language: the wording's own names, and those a pack gives its layers."""

    def __init__(self, language: Language, names: Mapping[str, str]) -> None:
        self.language = language
        self._names = names

    def also(self, more: Mapping[str, str]) -> "Names":
        return Names(self.language, {**self._names, **more})

    def of(self, code: str) -> str:
        return self._names.get(code, code)


def _percent(value: Any, _names: Names) -> str:
    return f"{unscaled(value, _PERCENT_PLACES)}%"


def _points(value: Any, names: Names) -> str:
    if not value:
        return ""
    sign = "+" if value > 0 else "-"
    amount = unscaled(abs(value), _PERCENT_PLACES)
    return f"，{sign}{amount}个百分点" if names.language == "zh" else f", {sign}{amount} points"


def _names(values: Any, names: Names) -> str:
    mark = "、" if names.language == "zh" else ", "
    return mark.join(names.of(value) for value in values) or names.of("none")


def _less(values: Any, names: Names) -> str:
    if not values:
        return ""
    listed = _names(values, names)
    return f"减去{listed}已支付金额" if names.language == "zh" else f" less what {listed} paid"


def _cap(value: Any, names: Names) -> str:
    if value is None:
        return ""
    return f"，年度封顶 {yuan(value)} 元" if names.language == "zh" else f", at most {yuan(value)} yuan a year"


def _excluding(values: Any, names: Names) -> str:
    if not values:
        return ""
    listed = _names(values, names)
    return f"（不含{listed}）" if names.language == "zh" else f" (without {listed})"


def _platform(value: Any, names: Names) -> str:
    return str(value) or ("其他平台" if names.language == "zh" else "another platform")


def _number(value: Any, names: Names) -> str:
    if not value:
        return ""
    return f"（结算单号 {value}）" if names.language == "zh" else f" (number {value})"


_WAYS: Final[Mapping[str, Callable[[Any, Names], str]]] = {
    "": lambda value, _names: str(value),
    "yuan": lambda value, _names: yuan(value),
    "percent": _percent,
    "points": _points,
    "name": lambda value, names: names.of(value),
    "names": _names,
    "less": _less,
    "cap": _cap,
    "excluding": _excluding,
    "platform": _platform,
    "number": _number,
}


class Template:
    """A sentence with fields. Unknown ways of writing are refused when it is compiled, not when it is needed."""

    def __init__(self, text: str) -> None:
        pieces = list(Formatter().parse(text))
        # A settlement says some fifty sentences: what does not change about one is put together once.
        self._pattern = "".join(
            literal.replace("%", "%%") + ("" if field is None else "%s") for literal, field, _, _ in pieces
        )
        self._fields = [(field, _WAYS[spec or ""]) for _, field, spec, _ in pieces if field is not None]

    def write(self, values: Mapping[str, Any], names: Names) -> str:
        return self._pattern % tuple([way(values[field], names) for field, way in self._fields])


def sentences(version: int = CURRENT) -> dict[str, Any]:
    """All that a version says, as it is written in its file and, where it is silent, in those before."""
    said: dict[str, Any] = {}
    for each in range(1, version + 1):
        file = yaml.safe_load((_FOLDER / f"{each}.yaml").read_text(encoding="utf-8"))
        said = {group: {**said.get(group, {}), **file.get(group, {})} for group in said | file}
    return said


class Wording:
    """One version of all sentences."""

    def __init__(self, version: int) -> None:
        raw = sentences(version)
        self.version = version
        self.names = {lang: Names(lang, {k: v[lang] for k, v in raw["names"].items()}) for lang in LANGUAGES}
        self.steps = {
            (rule, applied): _both(variants["applied" if applied else "otherwise"])
            for rule, variants in raw["steps"].items()
            for applied in (True, False)
            if ("applied" if applied else "otherwise") in variants
        }
        self.findings = {code: _both(text) for code, text in raw["findings"].items()}
        self.summary = {key: _both(text) for key, text in raw["summary"].items()}
        self.causes: Mapping[str, Mapping[Language, str]] = raw["causes"]
        self.changes = {key: _both(text) for key, text in raw["changes"].items()}


def _both(text: Mapping[str, str]) -> dict[Language, Template]:
    return {lang: Template(text[lang]) for lang in LANGUAGES}


@cache
def wording(version: int = CURRENT) -> Wording:
    """A version of the wording, compiled."""
    return Wording(version)
