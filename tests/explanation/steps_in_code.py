"""Every step that the kernel can write, read from its source: rule, applied or not, and the values it surely has."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import service.settlement
from service.settlement.model import Step
from service.words import FindingCode

KERNEL = Path(service.settlement.__file__).parent
CLAIMS = KERNEL.parent / "claims"
LIMIT = "_limit"
"""caps.py writes its steps through this function: rule first, values before last, applied or not."""


class Written(NamedTuple):
    """A step that some line of the kernel writes. `applied` None: either."""

    where: str
    rule: str
    applied: bool | None
    values: frozenset[str]


def steps_written() -> list[Written]:
    """Every `Step(...)` and `_limit(...)` of the kernel, and of what claims add to its working."""
    found = []
    for file in (path for folder in (KERNEL, CLAIMS / "changes") for path in sorted(folder.rglob("*.py"))):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            found += list(_of_function(file.name, function))
    return found


def findings_written() -> dict[str, frozenset[str]]:
    """Every finding that the kernel or claims can make, with the values of those whose values are written there."""
    found = {}
    for folder in (KERNEL, CLAIMS):
        for file in sorted(folder.rglob("*.py")):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
                for call in _calls(function, "Finding"):
                    if call.args and isinstance(call.args[0], ast.Attribute):
                        values = call.args[1] if len(call.args) > 1 else None
                        found[FindingCode[call.args[0].attr].value] = _keys(values, call, function)
    return found


def _of_function(file: str, function: ast.FunctionDef) -> Iterator[Written]:
    for call in _calls(function, "Step", LIMIT):
        limit = _name(call) == LIMIT
        arguments = dict(
            zip(("rule", "amount", "room", "source", "values") if limit else Step._fields, call.args, strict=False)
        )
        arguments |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg is not None}
        rule, applied = arguments["rule"], arguments.get("applied")
        if isinstance(rule, ast.Constant):
            fixed = bool(applied.value) if isinstance(applied, ast.Constant) else None
            yield Written(
                f"{file}:{call.lineno}", str(rule.value), fixed, _keys(arguments.get("values"), call, function)
            )
        else:
            assert function.name == LIMIT, f"{file}:{call.lineno} writes a step whose rule cannot be read here"


def _calls(function: ast.FunctionDef, *names: str) -> Iterator[ast.Call]:
    return (node for node in ast.walk(function) if isinstance(node, ast.Call) and _name(node) in names)


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _keys(values: ast.expr | None, call: ast.Call, function: ast.FunctionDef) -> frozenset[str]:
    """The keys of a dict that stands in the call, or of the one that its name was last given before the call."""
    if values is None:
        return frozenset()
    if isinstance(values, ast.Dict):
        keys = {str(key.value) for key in values.keys if isinstance(key, ast.Constant)}
        for key, inner in zip(values.keys, values.values, strict=True):
            keys |= _keys(inner, call, function) if key is None else set()
        return frozenset(keys)
    assert isinstance(values, ast.Name), ast.dump(values)
    given: list[tuple[int, ast.expr]] = []
    for node in ast.walk(function):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id == values.id for target in targets):
                given.append((node.lineno, node.value))
    before = [value for line, value in sorted(given, key=lambda one: one[0]) if line <= call.lineno]
    return _keys(before[-1], call, function)
