"""
The names of the shapes in the API document: unique, short and plain, because generated clients make classes of them.

Two rooms may each call a shape `RunOut`; pydantic then names them by their modules, and both keep the same title, of
which most generators make one class and drop the other.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

_SHAPES: Final = "#/components/schemas/"
_PAGE: Final = "Page["


def rename(document: dict[str, Any]) -> None:
    """Give every shape a name of its own, which is its title too, and let every reference follow. In place."""
    shapes: dict[str, Any] = document["components"]["schemas"]
    names = _names(shapes)
    assert len(set(names.values())) == len(names), sorted(names.values())
    document["components"]["schemas"] = {names[old]: shape | {"title": names[old]} for old, shape in shapes.items()}
    _follow(document, names)


def _names(shapes: Mapping[str, Any]) -> dict[str, str]:
    plain = {old: _plain(old) for old in shapes if not shapes[old].get("title", "").startswith(_PAGE)}
    taken = Counter(plain.values())
    names = {old: name if taken[name] == 1 else _plain(old, whole=True) for old, name in plain.items()}
    return names | {old: f"PageOf{names[_item(shape)]}" for old, shape in shapes.items() if old not in names}


def _plain(name: str, *, whole: bool = False) -> str:
    """`service__payouts__cycles__schemas__RunOut` is PayoutsCyclesRunOut; `whole` keeps the module's name too."""
    name = name.replace("-", "")
    if "__" not in name:
        return name
    _, *rooms, module, shape = name.split("__")
    words = "_".join([*rooms, module] if whole else rooms).split("_")
    return "".join(word.capitalize() for word in words) + shape


def _item(page: Mapping[str, Any]) -> str:
    reference: str = page["properties"]["items"]["items"]["$ref"]
    return reference.removeprefix(_SHAPES)


def _follow(value: Any, names: Mapping[str, str]) -> None:
    if isinstance(value, list):
        for item in value:
            _follow(item, names)
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, str) and item.startswith(_SHAPES):
                value[key] = _SHAPES + names[item.removeprefix(_SHAPES)]
            else:
                _follow(item, names)
