"""The house laws that no ordinary linter knows (architecture.md), each with a piece of code that breaks it."""

import ast
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SERVICE = ROOT / "service"

LONGEST_FILE = 250
LONGEST_FUNCTION = 50
DECIDES_MONEY = ("money.py", "settlement", "ledger", "claims", "reconciliation", "payouts")
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "base", "manager", "service", "common", "misc"}
CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
TRANSACTION_ENDS = {"commit", "rollback", "begin", "begin_nested"}
STRUCTURAL_NUMBERS = {0, 1}

Rule = Callable[[ast.Module], Iterator[ast.AST]]


def no_float(tree: ast.Module) -> Iterator[ast.AST]:
    """Money is whole fen and ratios are whole ppm: no float, no Decimal."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
            yield node
        if isinstance(node, ast.Call) and name_of(node.func) in {"float", "Decimal", "decimal.Decimal", "Fraction"}:
            yield node


def no_true_division(tree: ast.Module) -> Iterator[ast.AST]:
    """`/` makes a float; `//` and money.round_half_up do not."""
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            yield node


def no_round(tree: ast.Module) -> Iterator[ast.AST]:
    """There is one way to round, money.round_half_up."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call) and name_of(node.func) == "round")


def no_clock(tree: ast.Module) -> Iterator[ast.AST]:
    """The day is an argument; only clock.py asks what time it is."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ".".join(name_of(node).split(".")[-2:]) in CLOCKS:
            yield node


def no_transaction(tree: ast.Module) -> Iterator[ast.AST]:
    """Only db.py begins or ends a transaction."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in TRANSACTION_ENDS:
            yield node


def no_number_of_the_law(tree: ast.Module) -> Iterator[ast.AST]:
    """The numbers of the law live in policy packs."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) in {int, float} and node.value not in STRUCTURAL_NUMBERS:
            yield node


def no_silence(tree: ast.Module) -> Iterator[ast.AST]:
    """An error is answered, passed on, or named in `suppress(...)`; never swallowed, never caught unnamed."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            does_nothing = all(
                isinstance(line, ast.Pass) or (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))
                for line in node.body
            )
            if node.type is None or does_nothing:
                yield node


def short_functions(tree: ast.Module) -> Iterator[ast.AST]:
    """A long function is two functions in one room."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            if (node.end_lineno or first) - first >= LONGEST_FUNCTION:
                yield node


def name_of(node: ast.AST) -> str:
    """The dotted name of an expression, as far as it is one."""
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def sources(*places: str, without: tuple[str, ...] = ()) -> list[Path]:
    found = [path for place in places for path in ([SERVICE / place] if place.endswith(".py") else tree_of(place))]
    return [path for path in found if path.exists() and str(path.relative_to(SERVICE)) not in without]


def tree_of(place: str) -> list[Path]:
    return sorted((SERVICE / place).rglob("*.py"))


LAWS: list[tuple[Rule, list[Path], str]] = [
    (no_float, sources(*DECIDES_MONEY, "policy"), "tax = 0.85"),
    (no_float, sources(*DECIDES_MONEY, "policy"), "share = float(text)"),
    (no_float, sources(*DECIDES_MONEY, "policy"), "share = decimal.Decimal(text)"),
    (no_true_division, sources(*DECIDES_MONEY), "half = amount / two"),
    (no_round, sources(*DECIDES_MONEY, "policy", "registers"), "fen = round(amount)"),
    (no_clock, sources("", without=("clock.py",)), "def f():\n    return datetime.datetime.now(UTC)"),
    (no_clock, sources("", without=("clock.py",)), "default_factory = date.today"),
    (no_transaction, sources("", without=("db.py",)), "async def f(tx):\n    await tx.commit()"),
    (no_transaction, sources("", without=("db.py",)), "async with engine.begin() as tx:\n    save(tx)"),
    (no_number_of_the_law, sources("settlement/rules"), "deductible = 8_000"),
    (no_silence, sources(""), "try:\n    f()\nexcept KeyError:\n    pass"),
    (no_silence, sources(""), "try:\n    f()\nexcept:\n    g()"),
    (short_functions, sources(""), "def f():\n" + "    g()\n" * LONGEST_FUNCTION),
]


@pytest.mark.parametrize(
    ("rule", "files", "broken"), LAWS, ids=[f"{law[0].__name__}-{n}" for n, law in enumerate(LAWS)]
)
def test_the_house_keeps_its_law_and_the_law_is_awake(rule: Rule, files: list[Path], broken: str) -> None:
    assert list(rule(ast.parse(broken))), "this law would not notice when it is broken"

    found = [
        f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}: {rule.__doc__}"
        for path in files
        for node in rule(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not found, "\n".join(found)


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    lengths = {path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines()) for path in sources("")}

    too_long = [f"{path}: {length} lines" for path, length in lengths.items() if length > LONGEST_FILE]
    assert not too_long, "\n".join(too_long)


def test_every_module_is_named_after_what_it_holds() -> None:
    assert [str(path) for path in SERVICE.rglob("*.py") if path.stem in FORBIDDEN_NAMES] == []


def test_a_packages_tables_are_its_own() -> None:
    """Others ask its store."""
    imports = re.compile(
        r"^\s*from service\.(\w+)\.tables import|^\s*(?:from|import) service\.(\w+) import .*\btables\b", re.M
    )
    foreign = [
        f"{path.relative_to(ROOT)}: {match[0].strip()}"
        for path in sources("")
        for match in imports.finditer(path.read_text(encoding="utf-8"))
        if path.relative_to(SERVICE).parts[0] != (match[1] or match[2])
    ]

    assert imports.search("from service.access.tables import clients")
    assert imports.search("from service.access import store, tables")
    assert foreign == []


def test_statements_do_not_ask_the_databases_clock() -> None:
    """A sandbox's calendar and a replay would differ from it."""
    clock = re.compile(r"\bnow\(\)|\b(?:CURRENT_DATE|CURRENT_TIMESTAMP|clock_timestamp|statement_timestamp)\b", re.I)
    texts = (
        (path, node)
        for path in sources("", without=("clock.py",))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )

    assert clock.search("SELECT now()")
    assert [f"{path.relative_to(ROOT)}:{node.lineno}" for path, node in texts if clock.search(str(node.value))] == []


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def lines_that_match(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked_files()
        if path != Path(__file__) and path.suffix not in {".png", ".woff2", ".ico"}
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]


@pytest.mark.parametrize(
    ("why", "pattern", "broken"),
    [
        ("no loose ends", r"\b(?:TODO|FIXME|XXX|HACK)\b", "# TODO later"),
        (
            "a registry is the machine's setting",
            r"(?:^|\s)--?(?:extra-)?(?:index-url|find-links|trusted-host)\b(?!\s*\\|\s*--)",
            "--index-url x",
        ),
        (
            "a registry is the machine's setting",
            r"pythonhosted|pypi\.org|registry\.npmjs|deb\.debian\.org",
            ".".join(("on pypi", "org")),
        ),
        (
            "a silenced linter says why",
            r"#\s*(?:noqa|type:\s*ignore)(?!:? ?[\w\[\], :-]*\W+[a-z].{8,})",
            "x = 1  # noqa: S101",
        ),
    ],
    ids=["loose end", "registry option", "registry host", "silenced linter"],
)
def test_no_tracked_file_has_a_line_of_this_kind(why: str, pattern: str, broken: str) -> None:
    assert re.search(pattern, broken), "this law would not notice when it is broken"

    found = lines_that_match(re.compile(pattern))
    assert not found, "\n".join([why, *found])
