"""Near misses on the wire."""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import Field

from service.payouts.encounters.model import Encounter, Likeness, NearMiss, Pair
from service.wire.types import Id, Line, WireModel


def _example(**own: Any) -> dict[str, Any]:
    return {
        "id": "0198c7a4-5c00-7000-8000-000000000001",
        "key": "0198c7a4-5c00-7000-8000-000000000001",
        "route": "hospital",
        "state": "settled",
        "person_no": "P459901000001",
        "hospital_code": "H45990100101",
        "visit_no": "ZY201806010001",
        "visit_type": "inpatient",
        "admitted_on": "2018-06-01",
        "last_day": "2018-06-09",
        "invoice_no": None,
    } | own


PAIR: Final[dict[str, Any]] = {
    "likeness": "overlap",
    "dismissal": None,
    "encounters": [
        _example(),
        _example(
            id="0198c7a4-5c00-7000-8000-00000000000c",
            key="0198c7a4-5c00-7000-8000-00000000000c",
            route="manual",
            state="open",
            hospital_code="H45990100102",
            visit_no="20180605",
            admitted_on="2018-06-05",
            invoice_no="4501180001",
        ),
    ],
}
DISMISSAL: Final = {
    "likeness": "overlap",
    "encounters": [each["key"] for each in PAIR["encounters"]],
    "reason": "两次住院日期录入有误，经核实病历为先后两次住院。",
}
DISMISSED: Final = PAIR | {
    "dismissal": {"reason": DISMISSAL["reason"], "operator": "clerk-07", "at": "2018-07-02T09:30:00+08:00"}
}


class EncounterOut(WireModel):
    """A settled visit, or an open manual claim; `id` is the settlement's or the claim's."""

    id: UUID
    key: UUID = Field(description="Stays the same through versions and approval: to be named in a dismissal.")
    route: Literal["hospital", "manual", "backpay"]
    state: Literal["settled", "open"]
    person_no: str
    hospital_code: str
    visit_no: str
    visit_type: Literal["inpatient", "chronic_outpatient"]
    admitted_on: date
    last_day: date
    invoice_no: str | None

    @classmethod
    def of(cls, encounter: Encounter) -> Self:
        return cls(**encounter._asdict())


class DismissalOut(WireModel):
    reason: str
    operator: str | None
    at: datetime


class NearMissOut(WireModel):
    likeness: Likeness
    encounters: list[EncounterOut]
    dismissal: DismissalOut | None = Field(description="What a clerk found, where one has looked at it.")

    @classmethod
    def of(cls, found: NearMiss) -> Self:
        done = found.dismissal
        return cls(
            likeness=found.likeness,
            encounters=[EncounterOut.of(side) for side in (found.one, found.other)],
            dismissal=DismissalOut(reason=done.reason, operator=done.operator, at=done.at) if done else None,
        )


class DismissalIn(WireModel):
    """Two claims that were found to be two encounters."""

    likeness: Likeness
    encounters: Annotated[list[Id], Field(min_length=2, max_length=2)] = Field(description="The two keys.")
    reason: Line = Field(description="On what that rests.")

    def pair(self) -> Pair:
        """The keys in their order."""
        one, other = sorted(self.encounters)
        return Pair(one, other, self.likeness)
