"""The words of a roster import."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from service.access.model import Role


class RosterKind(StrEnum):
    """`full`: who is absent has ended; `changes`: only what the rows say."""

    FULL = "full"
    CHANGES = "changes"


class RosterState(StrEnum):
    """`reading` until every row is staged, `previewed` until it is applied."""

    READING = "reading"
    PREVIEWED = "previewed"
    APPLIED = "applied"


class RowState(StrEnum):
    LISTED = "listed"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"


class Action(StrEnum):
    ADD = "add"
    CHANGE = "change"
    END = "end"


class ChangeKind(StrEnum):
    """
    What a roster does to one identity of one person.

    `conflict`: another source holds it and would be contradicted. `unfounded`: there is nothing to end. Neither is
    applied. `interrupted`: the row's first day lies before days on which the identity had ended; those stay ended, and
    it begins anew on the day of the list where nothing holds then.
    """

    ADDED = "added"
    CHANGED = "changed"
    ENDED = "ended"
    CONFLICT = "conflict"
    UNFOUNDED = "unfounded"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Statement:
    """What the office says of the whole file: what kind it is, of which class and place, from when on."""

    kind: RosterKind
    source: str
    as_of: date
    identity_class: str | None = None
    township_code: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in one cell; `at` is its column from 0, None where a column is missing."""

    at: int | None
    column: str
    code: str


@dataclass(frozen=True, slots=True)
class Line:
    """One identity of one person as a row of the file says it. `number` names the person, by `key_kind`."""

    row_no: int
    part: int
    cells: list[str]
    key_kind: str | None = None
    number: str | None = None
    person_no: str | None = None
    name: str | None = None
    identity_class: str | None = None
    action: Action = Action.ADD
    valid_from: date | None = None
    valid_to: date | None = None
    township_code: str | None = None
    household_no: str | None = None
    phone: str | None = None
    social_card_no: str | None = None
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """
    How many rows and changes there are of each kind. `unidentified`: rejected rows whose person is not sure;
    `uninsured`: people listed who are not insured on the day of the list.
    """

    rows: int = 0
    unchanged: int = 0
    added: int = 0
    changed: int = 0
    ended: int = 0
    conflicts: int = 0
    unfounded: int = 0
    rejected: int = 0
    unidentified: int = 0
    duplicates: int = 0
    new_persons: int = 0
    touched: int = 0
    interrupted: int = 0
    moved: int = 0
    uninsured: int = 0


@dataclass(frozen=True, slots=True)
class Roster:
    """
    An uploaded list and how far it has come. `allowed`: the classes its office may list, None for all; `round`: how
    often the same list had been applied before; `purged_at`: when its rows were deleted.
    """

    id: UUID
    county_code: str
    statement: Statement
    filename: str
    state: RosterState
    rows_read: int
    columns: dict[str, int]
    header: list[str]
    counts: Counts
    digest: str | None
    uploaded_at: datetime
    uploaded_by: str
    uploaded_role: Role
    allowed: frozenset[str] | None = None
    applied_at: datetime | None = None
    applied_by: str | None = None
    round: int = 0
    purged_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RowSeen:
    """A row that needs somebody's eye: rejected or twice in the file."""

    row_no: int
    part: int
    cells: list[str]
    faults: list[Fault]
    duplicate_of: int | None = None


@dataclass(frozen=True, slots=True)
class ChangeSeen:
    """What the roster does to one identity. `facts` are the periods it holds afterwards as far as they change."""

    position: int
    kind: ChangeKind
    person_no: str
    identity_class: str
    row_no: int | None
    days: list[tuple[date | None, date | None]]
    other_source: str | None = None
    new_person: bool = False
