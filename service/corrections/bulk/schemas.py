"""Bulk re-adjudications on the wire."""

from datetime import date, datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from service.claims.model import Cause
from service.corrections.bulk.model import Outcome, Paying, Readjudication, Row, Selection, State, Summary
from service.errors import Text
from service.registers.persons.schemas import PersonNo
from service.registers.schemas import in_order
from service.wire.types import Code, Day, Id, Line, WireModel, YuanOut, invalid

BulkCause = Literal[Cause.IDENTITY, Cause.POLICY_AMENDMENT, Cause.CATALOGUE, Cause.APPEAL]
_NOTHING = Text("请至少给出一个选择条件。", "Say at least one thing of the settlements that are meant.")


class SelectionIn(WireModel):
    """Which live settlements are meant: those for which everything that is said here holds."""

    person_no: PersonNo | None = None
    hospital_code: Code | None = None
    from_: Day | None = Field(default=None, alias="from", description="The visit's last day is this one or later.")
    to: Day | None = Field(default=None, description="The visit's last day is this one or earlier.")
    policy: str | None = Field(
        default=None, pattern=r"^sha256:[0-9a-f]{64}$", description="Hash of the pack that decided them."
    )
    roster_id: Id | None = Field(default=None, description="An applied list: those whose identities it changed.")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        in_order(self.from_, self.to)
        if not self.model_fields_set - {name for name, value in self if value is None}:
            raise invalid("request.missing", _NOTHING)
        return self

    def selection(self) -> Selection:
        """What is meant."""
        return Selection(self.person_no, self.hospital_code, self.from_, self.to, self.policy, self.roster_id)


class BulkIn(WireModel):
    """Which settlements are decided anew, and why."""

    selection: SelectionIn
    cause: BulkCause
    note: Line


class SelectionOut(WireModel):
    person_no: str | None
    hospital_code: str | None
    from_: date | None = Field(serialization_alias="from")
    to: date | None
    policy: str | None
    roster_id: UUID | None


class ProgressOut(WireModel):
    """How many persons are gone through."""

    persons: int
    previewed: int
    done: int


class RefusalOut(WireModel):
    code: str
    zh: str
    en: str


class MovedOut(WireModel):
    layer: str
    payer: str
    payee: Literal["hospital", "patient"]
    amount: YuanOut


class RowOut(WireModel):
    """What came, or would come, of one settlement."""

    settlement_id: UUID
    person_no: str
    hospital_code: str
    outcome: Outcome
    version_id: UUID | None
    refusal: RefusalOut | None = Field(description="Why today's registers refuse it: it stays as it was decided.")
    patient_pays_more: YuanOut
    differences: list[MovedOut]

    @classmethod
    def of(cls, row: Row) -> Self:
        names = ("settlement_id", "person_no", "hospital_code", "outcome", "version_id")
        return cls(
            **{name: getattr(row, name) for name in names},
            refusal=RefusalOut(**row.refusal) if row.refusal is not None else None,
            patient_pays_more=row.patient,
            differences=[
                MovedOut(layer=layer, payer=payer, payee=payee, amount=amount)
                for layer, payer, payee, amount in row.differences
            ],
        )


class PayerOut(WireModel):
    payer: str
    layer: str
    amount: YuanOut = Field(description="What the payer owes more; negative: less.")


class PayingOut(WireModel):
    persons: int
    amount: YuanOut

    @classmethod
    def of(cls, paying: Paying) -> Self:
        return cls(persons=paying.persons, amount=paying.amount)


class SummaryOut(WireModel):
    """What a phase has come to so far."""

    changed: int
    chained: int = Field(description="Decided anew because they rest on one that changed.")
    unchanged: int
    refused: int
    payers: list[PayerOut]
    patients_pay_more: PayingOut
    patients_pay_less: PayingOut
    largest: list[RowOut] = Field(description="The twenty settlements at which most money moves.")

    @classmethod
    def of(cls, summary: Summary) -> Self:
        return cls(
            **{outcome.value: summary.outcomes.get(outcome, 0) for outcome in Outcome},
            payers=[PayerOut(payer=payer, layer=layer, amount=amount) for payer, layer, amount in summary.payers],
            patients_pay_more=PayingOut.of(summary.pay_more),
            patients_pay_less=PayingOut.of(summary.pay_less),
            largest=[RowOut.of(row) for row in summary.largest],
        )


class BulkOut(WireModel):
    """A bulk re-adjudication and how far it is."""

    id: UUID
    state: State
    selection: SelectionOut
    cause: Cause
    note: str
    amendment_id: UUID | None = Field(description="The amendment of the law whose cost it shows.")
    operator: str
    at: datetime
    approved_by: str | None
    approved_at: datetime | None
    withdrawn_by: str | None
    withdrawn_at: datetime | None
    progress: ProgressOut

    @classmethod
    def of(cls, made: Readjudication) -> Self:
        return cls(**_head(made))


class BulkReadOut(BulkOut):
    """The same, with what the preview says and what was done."""

    preview: SummaryOut
    run: SummaryOut | None

    @classmethod
    def read(cls, made: Readjudication, preview: Summary, run: Summary | None) -> Self:
        done = SummaryOut.of(run) if run is not None else None
        return cls(**_head(made), preview=SummaryOut.of(preview), run=done)


def _head(made: Readjudication) -> dict[str, Any]:
    names = ["id", "state", "cause", "note", "amendment_id", "operator", "at"]
    names += ["approved_by", "approved_at", "withdrawn_by", "withdrawn_at"]
    chosen = made.selection
    return {
        **{name: getattr(made, name) for name in names},
        "selection": SelectionOut(
            person_no=chosen.person_no,
            hospital_code=chosen.hospital_code,
            from_=chosen.first,
            to=chosen.last,
            policy=chosen.pack_hash,
            roster_id=chosen.roster_id,
        ),
        "progress": ProgressOut(persons=made.persons, previewed=made.previewed, done=made.done),
    }
