"""Load packs: read, check the shape, compile, check the sense. A pack that has a fault is refused whole."""

import hashlib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from service.policy.compile import compile_pack
from service.policy.contradictions import contradictions_of
from service.policy.model import Pack, Packs
from service.policy.read import SUFFIX, Document, Origins, fault, read, read_text
from service.policy.refusals import Fault, PackRefused
from service.policy.sense import faults_between, faults_of
from service.policy.shape import PackShape

SHIPPED = Path(__file__).parent / "packs"

_CODES = {"extra_forbidden": "unknown_key", "missing": "missing_key"}
_RULES = frozenset({"ratio", "bands", "aid", "other", "floor", "out_of_pocket"})
_OWN_CODES = frozenset({"float", "ratio_above_one", "uncited", "incomplete"})


def load_pack(path: Path) -> Pack:
    """Load one pack from its folder or file. Raises PackRefused with every fault found."""
    return _build(*read(path))


def load_text(text: str, name: str = "pack.yaml") -> Pack:
    """Load one pack from text. Raises PackRefused with every fault found."""
    return _build(*read_text(text, name))


def load_packs(own: Path | None = None) -> Packs:
    """
    The shipped packs and those of a county's own folder (one folder per pack), seen to fit together in time.

    Raises PackRefused when one is refused, or when two packs of a county overlap or leave a gap.
    """
    if own is None:
        return shipped_packs()
    return _together([*shipped_packs().packs, *load_folder(own).packs])


@cache
def shipped_packs() -> Packs:
    """The reference packs that ship with the service."""
    return load_folder(SHIPPED)


def load_folder(folder: Path) -> Packs:
    """Every pack below a folder: each a folder or a file of its own. Raises PackRefused as `load_packs`."""
    if not folder.is_dir():
        raise PackRefused([fault("unreadable", str(folder), "-", "there is no such folder")])
    paths = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    if passed_over := [path for path in paths if not path.is_dir() and path.suffix != SUFFIX]:
        says = f"a pack is a folder or a {SUFFIX} file; this would be passed over"
        raise PackRefused([fault("unreadable", passed_over[0].name, "-", says)])
    return _together([load_pack(path) for path in paths])


def _together(packs: list[Pack]) -> Packs:
    if faults := faults_between(packs):
        raise PackRefused(faults)
    return Packs(tuple(packs))


def content_hash(document: Document) -> str:
    """The hash of a pack's content: comments, order of keys and spread over files do not matter."""
    canonical = orjson.dumps(_plain(document), option=orjson.OPT_SORT_KEYS)
    return f"sha256:{hashlib.sha256(canonical).hexdigest()}"


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {str(key): _plain(one) for key, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case date():
            return value.isoformat()
        case _:
            return value


def rebuilt(document: Document) -> Pack:
    """
    A pack again from its kept document.

    It was checked when it came into use: rules of the loader that are younger than it do not make it unreadable.
    """
    shape = PackShape.model_validate(document)
    pack, _ = compile_pack(shape, content_hash(document), document, Origins("kept"))
    return pack


def _build(document: Document, origins: Origins) -> Pack:
    try:
        shape = PackShape.model_validate(document)
    except ValidationError as error:
        raise PackRefused(_shape_faults(error, origins)) from error
    if faults := contradictions_of(shape, origins):
        raise PackRefused(faults)
    plain = _plain(document)
    pack, faults = compile_pack(shape, content_hash(document), plain, origins)
    if not faults:
        faults = faults_of(pack, origins)
    if faults:
        raise PackRefused(faults)
    return pack


def _shape_faults(error: ValidationError, origins: Origins) -> list[Fault]:
    errors = error.errors(include_url=False)
    # A list whose only member is refused is reported as empty too; that says nothing new.
    inner = {one["loc"][:length] for one in errors for length in range(len(one["loc"]))}
    return [_fault(one, origins) for one in errors if one["type"] != "too_short" or one["loc"] not in inner]


def _fault(error: Any, origins: Origins) -> Fault:
    path = _path_of(error["loc"])
    code = _CODES.get(error["type"], error["type"] if error["type"] in _OWN_CODES else "invalid")
    if isinstance(error.get("input"), float):
        code = "float"
    return fault(code, origins.file_of(path), key_of(path), str(error["msg"]))


def _path_of(location: tuple[Any, ...]) -> tuple[str, ...]:
    """Where an error stands in the file: pydantic adds the names of union members, which no reader knows."""
    layer, rest = location[:2], location[2:]
    if layer[:1] == ("layers",) and rest and rest[0] in _RULES:
        rest = rest[1:]
    return tuple(str(part) for part in layer + rest if not _names_a_shape(part))


def _names_a_shape(part: object) -> bool:
    return isinstance(part, str) and (part == "str" or "Shape" in part or part == "[key]")


def key_of(path: tuple[str, ...]) -> str:
    """A key as a reader writes it: layers.basic.terms[0].ratio[1].value."""
    text = ""
    for part in path:
        text += f"[{part}]" if part.isdigit() else f".{part}" if text else part
    return text or "-"
