"""Verifications on the wire."""

from datetime import datetime

from pydantic import Field

from service.proof.runs.model import Status
from service.wire.types import Id, WireModel


class WrongOut(WireModel):
    """A row that is not what it must be."""

    table: str
    key: str = Field(description="The row's key, without the county.")
    column: str | None = Field(description="null: the row as a whole is missing, too many, or not the one sealed.")
    kept: str | None
    computed: str | None


class VerificationOut(WireModel):
    """A verification as it stands; `wrongs` begins with the first wrong row."""

    id: Id
    county_code: str
    status: Status = Field(description="running, or how it ended; wrong as soon as something is.")
    parts: int
    parts_done: int
    settlements: int = Field(description="Settlements decided again so far.")
    sealed: int = Field(description="Sealed keys compared so far.")
    wrong_count: int
    wrongs: list[WrongOut]
    client_id: str
    operator: str | None
    started_at: datetime
    finished_at: datetime | None
