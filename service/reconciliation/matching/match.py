"""
What two sides do not agree on: pure, exact, line by line.

Lines and rows of one case (a settlement, its reversal, its later versions) are compared by sign, so that a refund is
its own line: equal amounts first, then what is left one to one, then what one side has alone. Nothing is netted:
errors that compensate each other are two differences.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
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
        lines[line.case].append(line)
    for row in theirs:
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

    def row_alone(self, row: Row, *, line_here: bool) -> tuple[str, str | None]:
        """Why they have a row that the statement has not."""
        own = [one for one in self.claims if one.payer == self.payer]
        elsewhere = [one for one in own if (one.amount < 0) == (row.amount < 0) and one.period != self.period]
        if elsewhere:
            return "wrong_period", next((one.period for one in elsewhere if one.period), "unbilled")
        if row.amount < 0 and (line_here or own):
            return "reversed_one_side", None
        others = [one for one in self.claims if one.payer != self.payer and (one.amount < 0) == (row.amount < 0)]
        if others:
            same = [one.payer for one in others if one.amount == row.amount]
            return "wrong_payer", (same or [one.payer for one in others])[0]
        return "missing_here", None


def _case(case: str, lines: list[Line], rows: list[Row], judge: _Judge) -> list[Found]:
    found: list[Found] = []
    left_lines: list[Line] = []
    left_rows: list[Row] = []
    repeated: list[Row] = []
    for negative in (False, True):
        here = [line for line in lines if (line.amount < 0) == negative]
        there = [row for row in rows if (row.amount < 0) == negative]
        differing, lacking, extra = _pair(here, there)
        found += [Found("amount", line.line_no, row.row_no, case, line.amount, row.amount) for line, row in differing]
        left_lines += lacking
        (repeated if here else left_rows).extend(extra)

    # An amount whose sign was turned is one difference, not a line that is lost and another that is found.
    while left_lines and left_rows:
        line, row = left_lines.pop(0), left_rows.pop(0)
        found.append(Found("amount", line.line_no, row.row_no, case, line.amount, row.amount))

    lost = {line.amount < 0 for line in left_lines}
    for line in left_lines:
        kind = "reversed_one_side" if line.amount < 0 and False not in lost else "missing_there"
        found.append(Found(kind, line.line_no, None, case, line.amount, None))
    seen: set[bool] = set()
    for row in left_rows:
        kind, elsewhere = judge.row_alone(row, line_here=bool(lines))
        kind, elsewhere = ("duplicate", None) if (row.amount < 0) in seen else (kind, elsewhere)
        seen.add(row.amount < 0)
        if row.amount:
            found.append(Found(kind, None, row.row_no, case, None, row.amount, elsewhere))
    found += [Found("duplicate", None, row.row_no, case, None, row.amount) for row in repeated]
    return found


def _pair(here: list[Line], there: list[Row]) -> tuple[list[tuple[Line, Row]], list[Line], list[Row]]:
    """Pairs whose amounts differ, lines without a row, rows without a line. Equal amounts are paired first."""
    rows = list(there)
    lines = []
    for line in here:
        equal = next((row for row in rows if row.amount == line.amount), None)
        if equal is None:
            lines.append(line)
        else:
            rows.remove(equal)
    pairs = list(zip(lines, rows, strict=False))
    return pairs, lines[len(pairs) :], rows[len(pairs) :]
