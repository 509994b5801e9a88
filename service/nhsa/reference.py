"""
The field reference as data (`fields/<infno>.yaml`), and what is generated from it: the check of an input, the shape of
an answer, and the validator that holds both against the reference.

A field reads `str 30 dict required CN | label`: kind and length, whether a code list applies, whether it is required,
and which editions beside Hunan's have it (H: none; -: not known).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson
import yaml

_FOLDER: Final = Path(__file__).parent / "fields"
_SHARED: Final = frozenset("CN")
NO_NODE: Final = "~"


@dataclass(frozen=True, slots=True)
class Field:
    """One field: `kind` is str, digits, num, date or datetime; `length` counts characters, of a number all digits."""

    name: str
    kind: str
    length: int | None
    places: int
    coded: bool
    required: bool
    editions: str
    label: str

    def is_required(self, how: str) -> bool:
        """Whether a profile asks for it: the edition's own requirement, or only what all editions share."""
        return self.required and (how == "edition" or frozenset(self.editions) >= _SHARED)


@dataclass(frozen=True, slots=True)
class Node:
    """A node of an input or an answer: one mapping, or rows of them."""

    name: str
    rows: bool
    fields: dict[str, Field]


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction as the reference has it; `files` are the columns of its text files, in order."""

    infno: str
    name: str
    request: dict[str, Node]
    answer: dict[str, Node]
    files: dict[str, dict[str, Field]]


@cache
def reference() -> dict[str, Transaction]:
    """Every transaction by its number."""
    return {path.stem: _transaction(path) for path in sorted(_FOLDER.glob("*.yaml"))}


def _transaction(path: Path) -> Transaction:
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Transaction(
        path.stem,
        raw["name"],
        _nodes(raw["request"]),
        _nodes(raw["answer"]),
        {name: _fields(columns) for name, columns in raw.get("files", {}).items()},
    )


def _nodes(raw: dict[str, dict[str, str]]) -> dict[str, Node]:
    nodes = [Node(name.removesuffix("[]"), name.endswith("[]"), _fields(fields)) for name, fields in raw.items()]
    return {node.name: node for node in nodes}


def _fields(raw: dict[str, str]) -> dict[str, Field]:
    return {name: _field(name, text) for name, text in raw.items()}


def _field(name: str, text: str) -> Field:
    facts, _, label = text.partition(" | ")
    words = facts.split()
    kind, editions = words[0], words[-1]
    size = next((word for word in words[1:-1] if word[0].isdigit()), None)
    length, _, places = (size or "").partition(",")
    return Field(
        name,
        kind,
        int(length) if length else None,
        int(places) if places else 0,
        "dict" in words,
        "required" in words,
        editions,
        label,
    )


Write = Callable[[Field, str], Any]


def _written(field: Field, text: str | None, amounts: str) -> Any:
    """A value as it is answered: a number is raw decimal text, never a float; what is empty is 0 or ""."""
    if field.kind != "num":
        return "" if text is None else text
    number = "0" if text is None else text
    return number if amounts == "string" else orjson.Fragment(number)


def shaped(transaction: Transaction, output: dict[str, Any], amounts: str) -> dict[str, Any] | None:
    """
    An answer with every field of the reference, in its order. None where the transaction answers nothing.

    A name that the reference does not have is a bug and raises.
    """
    if not transaction.answer:
        assert not output
        return None
    answer: dict[str, Any] = {}
    for node in transaction.answer.values():
        found = output.get(node.name, [] if node.rows else {})
        rows = [_row(node, row, amounts) for row in (found if node.rows else [found])]
        if node.name == NO_NODE:
            answer |= rows[0]
        else:
            answer[node.name] = rows if node.rows else rows[0]
    assert output.keys() <= transaction.answer.keys(), output.keys()
    return answer


def _row(node: Node, row: dict[str, Any], amounts: str) -> dict[str, Any]:
    unknown = row.keys() - node.fields.keys()
    assert not unknown, f"{node.name} has no {sorted(unknown)}"
    return {name: _written(field, row.get(name), amounts) for name, field in node.fields.items()}


_NUMBER: Final = re.compile(r"-?(\d+)(?:\.(\d+))?", re.ASCII)
_SHAPES: Final = {
    "digits": re.compile(r"\d+", re.ASCII),
    "date": re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII),
    "datetime": re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}", re.ASCII),
}


def faults(node: Node, row: dict[str, Any]) -> Iterator[str]:
    """
    The generated validator: what in a row is not as the reference says (name, type, length, required).

    Amounts may be text or raw numbers; the row is as parsed with numbers left as text.
    """
    yield from (f"{node.name}.{name}: not in the reference" for name in row.keys() - node.fields.keys())
    for name, field in node.fields.items():
        text = row.get(name)
        if text in (None, ""):
            if field.required:
                yield f"{node.name}.{name}: required"
        elif not isinstance(text, str):
            yield f"{node.name}.{name}: not a scalar"
        elif not fits(field, text):
            yield f"{node.name}.{name}: {text!r} is not {field.kind} {field.length},{field.places}"


def fits(field: Field, text: str) -> bool:
    """Whether a text is of the field's kind and length."""
    if field.kind == "num":
        number = _NUMBER.fullmatch(text)
        if number is None or field.length is None:
            return number is not None
        return len(number[2] or "") <= field.places and len(number[1].lstrip("0")) <= field.length - field.places
    shape = _SHAPES.get(field.kind)
    return (shape is None or shape.fullmatch(text) is not None) and (field.length is None or len(text) <= field.length)
