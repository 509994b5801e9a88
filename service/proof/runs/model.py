"""The words of a verification."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from service.proof.model import Wrong


class PartKind(StrEnum):
    """What a part proves: the kept packs, settlements of some persons, one of the books, links, what no seal has."""

    LAW = "law"
    SETTLEMENTS = "settlements"
    BOOKS = "books"
    CHAIN = "chain"
    UNSEALED = "unsealed"


REFERENCES: Final = "every reference is to a row that is there"
CLOSED: Final = "a closed period is as it was closed"
"""The name of the one proof of the books that looks at keys, not at sums."""


class Part(NamedTuple):
    """A piece of a verification: a range of persons or links, or the name of a proof of the books."""

    part_no: int
    kind: PartKind
    first: str
    end: str | None


class Status(StrEnum):
    RUNNING = "running"
    CLEAN = "clean"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Verification:
    """A verification as it stands: how much is done, how much was looked at, and what is wrong, the first rows."""

    id: UUID
    county_code: str
    client_id: str
    operator: str | None
    at: datetime
    parts: int
    parts_done: int
    settlements: int
    sealed: int
    wrong_count: int
    finished_at: datetime | None
    wrongs: tuple[Wrong, ...] = ()

    @property
    def status(self) -> Status:
        if self.wrong_count:
            return Status.WRONG
        return Status.CLEAN if self.parts_done == self.parts else Status.RUNNING
