"""What a letter to a patient says: what was decided, why, where the money goes, and how to object."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings: width (millimetres) and alignment of each column."""

    title: str
    columns: Sequence[tuple[str, int, str]]
    rows: Sequence[Sequence[str]]


class Access(NamedTuple):
    """The way to the patient's own view: the code in groups, the address, and the link of the QR code."""

    code: str
    address: str
    link: str


@dataclass(frozen=True, slots=True)
class Letter:
    """
    What a letter says; names and numbers are masked. `access` opens the patient's own view; None where nothing was
    settled that could be seen there. `notice` is said above everything: that the decision does not hold any more.
    """

    title: str
    number: str
    made_at: datetime
    heads: Sequence[tuple[str, str]]
    tables: Sequence[Table]
    reasons: Sequence[str]
    objection_days: int | None
    access: Access | None
    notice: str | None = None
