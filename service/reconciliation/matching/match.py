"""
What two sides do not agree on: pure, exact, line by line.

Lines and rows of one case (a settlement, its reversal, its later versions) are compared by sign, so that a refund is
its own line: equal amounts first, then what is left one to one (rows that something else accounts for last), then
what one side has alone. Nothing is netted: errors that compensate each other are two differences. Zero says nothing,
on either side.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple


class Line(NamedTuple):
    """A line of ours; the amount in fen."""

    line_no: int
    case: str
    amount: int


class Row(NamedTuple):
    """A row of theirs. `case` is what `reference` means to us, or the reference itself where it means nothing."""

    row_no: int
    reference: str
    case: str
    amount: int


class Claim(NamedTuple):
    """A claim of a case as the ledger knows it: its payer, its amount, and the period that it was billed in, if any."""

    payer: str
    amount: int
    period: str | None


class Found(NamedTuple):
    """A difference. `elsewhere` is the period or the payer under which we know the row."""

    kind: str
    line_no: int | None
    row_no: int | None
    case: str
    ours: int | None
    theirs: int | None
    elsewhere: str | None = None


def compare(
    ours: Iterable[Line], theirs: Iterable[Row], known: Mapping[str, Sequence[Claim]], payer: str, period: str
) -> list[Found]:
    """Every difference between our lines and their rows of the same cases, in the order of cases and rows."""
    lines: dict[str, list[Line]] = defaultdict(list)
    rows: dict[str, list[Row]] = defaultdict(list)
    for line in ours:
        if line.amount:
            lines[line.case].append(line)
    for row in theirs:
        if row.amount:
            rows[row.case].append(row)
    found: list[Found] = []
    for case in sorted({*lines, *rows}):
        found += _case(case, lines[case], rows[case], _Judge(known.get(case, ()), payer, period))
    return found


class _Judge(NamedTuple):
    """What we know of a case beside the statement."""

    claims: Sequence[Claim]
    payer: str
    period: str

    def billed_elsewhere(self, row: Row, *, exact: bool) -> tuple[str, str] | None:
        """The other period or payer that the row belongs to: by its amount, or by its sign alone."""
        like = [
            one
            for one in self.claims
            if (one.amount == row.amount if exact else (one.amount < 0) == (row.amount < 0))
            and (one.payer, one.period) != (self.payer, self.period)
        ]
        own = [one for one in like if one.payer == self.payer]
        if own:
            return "wrong_period", next((one.period for one in own if one.period), "unbilled")
        return ("wrong_payer", like[0].payer) if like else None

    def row_alone(self, row: Row, *, line_here: bool, like_here: bool) -> tuple[str, str | None]:
        """Why they have a row that the statement has not; `like_here`: it has a line of that sign."""
        exact = self.billed_elsewhere(row, exact=True)
        if exact is not None:
            return exact
        like = self.billed_elsewhere(row, exact=False) if not like_here else None
        if like is not None and like[0] == "wrong_period":
            return like
        if row.amount < 0 and (line_here or any(one.payer == self.payer for one in self.claims)):
            return "reversed_one_side", None
        return like or ("missing_here", None)


def _case(case: str, lines: list[Line], rows: list[Row], judge: _Judge) -> list[Found]:
    equal, left_lines, left_rows = _pair(lines, rows, lambda line, row: line.amount == row.amount)
    paired = {line.amount for line, _ in equal}
    accounted = {row.row_no for row in left_rows if row.amount in paired or judge.billed_elsewhere(row, exact=True)}
    differing: list[tuple[Line, Row]] = []
    for alike in (
        lambda line, row: (line.amount < 0) == (row.amount < 0) and row.row_no not in accounted,
        # An amount whose sign was turned is one difference, not a line that is lost and another that is found.
        lambda line, row: line.amount == -row.amount,
        lambda line, row: (line.amount < 0) == (row.amount < 0),
    ):
        pairs, left_lines, left_rows = _pair(left_lines, left_rows, alike)
        differing += pairs
    found = [Found("amount", line.line_no, row.row_no, case, line.amount, row.amount) for line, row in differing]

    lost = {line.amount < 0 for line in left_lines}
    for line in left_lines:
        kind = "reversed_one_side" if line.amount < 0 and False not in lost else "missing_there"
        found.append(Found(kind, line.line_no, None, case, line.amount, None))
    signs = {line.amount < 0 for line in lines}
    seen = paired | {row.amount for _, row in differing}
    for row in left_rows:
        kind, elsewhere = judge.row_alone(row, line_here=bool(lines), like_here=(row.amount < 0) in signs)
        if row.amount in seen:
            kind, elsewhere = "duplicate", None
        seen.add(row.amount)
        found.append(Found(kind, None, row.row_no, case, None, row.amount, elsewhere))
    return found


def _pair(
    lines: list[Line], rows: list[Row], alike: Callable[[Line, Row], bool]
) -> tuple[list[tuple[Line, Row]], list[Line], list[Row]]:
    """Each line with the first row like it; then lines without a row, rows without a line."""
    pairs: list[tuple[Line, Row]] = []
    left_lines: list[Line] = []
    left_rows = list(rows)
    for line in lines:
        row = next((row for row in left_rows if alike(line, row)), None)
        if row is None:
            left_lines.append(line)
        else:
            left_rows.remove(row)
            pairs.append((line, row))
    return pairs, left_lines, left_rows
