"""Envelopes that no system should send, made from ones that are right: the same ones for the same seed."""

import copy
import json
import random
from typing import Any

_TEXTS = (
    "",
    "null",
    "x" * 5000,
    "\u0000",
    "𠮷" * 40,
    "' OR 1=1 --",
    "\ud800",
    "1e400",
    "-0",
    "NaN",
    "\u202e刘",
    "０１２",
)
_VALUES: tuple[Any, ...] = (
    None,
    True,
    [],
    {},
    [[]],
    [{}],
    {"a": {"b": []}},
    10**30,
    -1,
    1.5e300,
    [None],
    "99999999999999999",
)


def _paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [at] if at else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found += _paths(item, (*at, key))
    return found


def _set(tree: Any, path: tuple[Any, ...], value: Any, *, drop: bool = False) -> None:
    for key in path[:-1]:
        tree = tree[key]
    if drop:
        del tree[path[-1]]
    else:
        tree[path[-1]] = value


def _nested(depth: int) -> str:
    return '{"input":' * depth + "1" + "}" * depth


def mutated(rng: random.Random, envelope: dict[str, Any]) -> tuple[bytes, str]:
    """The body and the Content-Type of a damaged message."""
    tree = copy.deepcopy(envelope)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        path = rng.choice(_paths(tree))
        how = rng.randrange(5)
        if how == 0:
            _set(tree, path, None, drop=True)
        elif how == 4:
            _set(tree, (*path[:-1], rng.choice(_TEXTS) if isinstance(path[-1], str) else path[-1]), "1")
        else:
            # A copy: a value that stands twice in one tree could come to hold itself.
            other = copy.deepcopy(rng.choice(_VALUES))
            _set(tree, path, (rng.choice(_TEXTS), other, rng.randbytes(8).hex())[how - 1])
    if rng.random() < 0.2:
        tree["input"] = json.dumps(tree.get("input"), ensure_ascii=False)
    text = json.dumps(tree, ensure_ascii=rng.random() < 0.5)
    body = text.encode("utf-8", "surrogatepass")
    damage = rng.randrange(9)
    if damage == 0:
        body = body[: rng.randrange(len(body))]
    elif damage == 1:
        body = text.encode("gb18030", "replace")
    elif damage == 2:
        body = rng.randbytes(rng.randrange(1, 300))
    elif damage == 3:
        body = text.encode("utf-16", "surrogatepass")
    elif damage == 4:
        body = _nested(rng.choice((3, 50, 5000))).encode()
    elif damage == 5:
        at = rng.randrange(len(body))
        body = body[:at] + rng.randbytes(3) + body[at:]
    kind = rng.choice(
        (
            "text/plain",
            "application/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "",
            "a/b;charset=x",
        )
    )
    return body, kind
