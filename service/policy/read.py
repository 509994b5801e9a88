"""Read a pack from a folder or a file: YAML put together, each key remembering the file it came from."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from service.policy.refusals import REMEDIES, Fault, PackRefused


class _Loader(yaml.SafeLoader):
    """Safe YAML in which a key that stands twice is an error, not a silent overwrite."""


class _DuplicateKey(yaml.YAMLError):
    def __init__(self, key: Hashable, line: int) -> None:
        super().__init__(f"'{key}' stands twice (line {line})")
        self.key = str(key)


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    seen: dict[Hashable, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, Hashable):
            raise yaml.YAMLError(f"a list or mapping cannot be a key (line {key_node.start_mark.line + 1})")
        if key in seen:
            raise _DuplicateKey(key, key_node.start_mark.line + 1)
        seen[key] = loader.construct_object(value_node, deep=True)
    return seen


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)

SUFFIX = ".yaml"
Document = dict[str, Any]

VALUES_AT_MOST = 100_000
"""How many values a file may hold, aliases written out: far above any pack, far below what takes long to check."""
DEPTH_AT_MOST = 50
"""How deep a file may be nested."""


class Origins:
    """Which file a key of the put-together pack came from."""

    def __init__(self, default: str) -> None:
        self._default = default
        self._files: dict[tuple[str, ...], str] = {}

    def add(self, path: tuple[str, ...], file: str) -> None:
        self._files[path] = file

    def file_of(self, path: tuple[str, ...]) -> str:
        for length in range(len(path), 0, -1):
            if path[:length] in self._files:
                return self._files[path[:length]]
        return self._default


def fault(code: str, file: str, key: str, says: str) -> Fault:
    return Fault(f"pack.{code}", file, key, says, REMEDIES[code])


def read(path: Path) -> tuple[Document, Origins]:
    """
    Put the files of a pack together. `path` is a pack's folder or a single file.

    Raises PackRefused when a file cannot be read or two files say the same thing.
    """
    files = sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path]
    if path.is_dir() and (misnamed := sorted(path.glob("*.yml"))):
        says = f"files of a pack end in {SUFFIX}; this one would be passed over"
        raise PackRefused([fault("unreadable", misnamed[0].name, "-", says)])
    if not files:
        raise PackRefused([fault("unreadable", str(path), "-", "there is no .yaml file in this folder")])
    document: Document = {}
    origins = Origins(files[0].name)
    faults: list[Fault] = []
    for file in files:
        try:
            part = _parse(file.read_text(encoding="utf-8"), file.name)
        except (OSError, UnicodeDecodeError) as error:
            faults.append(fault("unreadable", file.name, "-", str(error)))
        except PackRefused as refused:
            faults += refused.faults
        else:
            faults += _merge(document, part, file.name, origins)
    if faults:
        raise PackRefused(faults)
    return document, origins


def read_text(text: str, name: str) -> tuple[Document, Origins]:
    """Read a pack that arrived as text (`POST /v1/policies/check`)."""
    return _parse(text, name), Origins(name)


def _parse(text: str, name: str) -> Document:
    try:
        part = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader: it builds plain data only
    except _DuplicateKey as error:
        raise PackRefused([fault("duplicate_key", name, error.key, str(error))]) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise PackRefused([fault("unreadable", name, "-", str(error))]) from error
    if says := _too_much(part):
        raise PackRefused([fault("unreadable", name, "-", says)])
    if not isinstance(part, dict) or not all(isinstance(key, str) for key in part):
        raise PackRefused([fault("unreadable", name, "-", "the file is not a mapping of keys")])
    return part


def _too_much(part: Any) -> str | None:
    """Whether the file is too large or too deep once its aliases are written out; stops as soon as it is."""
    todo, count = [(part, 0)], 0
    while todo:
        value, depth = todo.pop()
        count += 1
        if count > VALUES_AT_MOST:
            return f"aliases written out, it holds more than {VALUES_AT_MOST} values"
        if depth > DEPTH_AT_MOST:
            return f"it is nested more than {DEPTH_AT_MOST} deep"
        if isinstance(value, dict | list):
            todo.extend((one, depth + 1) for one in (value.values() if isinstance(value, dict) else value))
    return None


def _merge(document: Document, part: Document, file: str, origins: Origins) -> list[Fault]:
    """Layers may be spread over files; any other key belongs to one file."""
    faults = []
    for key, value in part.items():
        if key == "layers" and isinstance(value, dict):
            layers = document.setdefault("layers", {})
            for layer, terms in value.items():
                if layer in layers:
                    faults.append(fault("duplicate_key", file, f"layers.{layer}", "another file has this layer too"))
                layers[layer] = terms
                origins.add(("layers", str(layer)), file)
        elif key in document:
            faults.append(fault("duplicate_key", file, key, "another file has this key too"))
        else:
            document[key] = value
            origins.add((key,), file)
    return faults
