"""The words of a settlement. Amounts are fen, ratios parts per million, all whole numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from service.policy.conditions import Situation
from service.policy.terms import Part

SumKey = tuple[str, str]
"""A running sum of a person: its period ("2018", "2018-03", "stay:<hospital>:<visit>") and its name."""


class FeeLine(NamedTuple):
    """
    A line of the bill, its terms already found: price in millionths of a yuan, quantity in ten-thousandths.

    `first_pay` is the grade-B share in parts per million, `ceiling` the price ceiling (millionths of a yuan).
    """

    line_no: int
    item_code: str
    grade: str
    unit_price: int
    quantity: int
    amount: int
    first_pay: int
    ceiling: int | None
    charged_on: date


class Amounts(NamedTuple):
    """The fee-line identity (domain §2): total = self-funded + over ceiling + first-pay + in scope."""

    total: int
    self_funded: int
    over_ceiling: int
    first_pay: int
    in_scope: int

    def part(self, part: Part) -> int:
        return getattr(self, part.value)  # type: ignore[no-any-return]  # the enum's values are these very fields


class OtherCompensation(NamedTuple):
    """An amount that somebody else gives (domain §4.4), and whether it is credited on the bill."""

    source: str
    amount: int
    paid_to: str


class DecidedLayer(NamedTuple):
    """A layer that another platform has settled already; taken as given (domain §4)."""

    layer: str
    paid: int
    settlement_no: str
    platform: str


class Step(NamedTuple):
    """
    One step of a layer's working: which rule, whether it fired, the amount it led to, and where it stands.

    `values` are what its sentence is written from; the sentence itself is not stored (see `explain`).
    """

    rule: str
    applied: bool
    amount: int
    clauses: tuple[str, ...] = ()
    demonstration: bool = False
    values: Mapping[str, Any] = {}


class Entry(NamedTuple):
    """What a visit adds to a running sum. `cap` is the most that this visit may lift it to, where there is one."""

    period: str
    name: str
    before: int
    delta: int
    cap: int | None = None


class Outcome(NamedTuple):
    """
    What a rule says before common caps: its base, the deductible used, the amount, the working, the sums it feeds.

    `cap` is the annual cap that the rule itself has kept to (a class of aid has one of its own).
    """

    base: int
    deductible: int
    amount: int
    steps: list[Step]
    entries: list[Entry]
    cap: int | None = None


class Share(NamedTuple):
    """One payer's part of a layer and where it goes: `hospital`, `patient` or `elsewhere`."""

    payer: str
    amount: int
    pay_to: str


class Award(NamedTuple):
    """A layer's decision. `expected` marks aid that is not owed until the township approves it (domain §6)."""

    layer: str
    rule: str
    base: int
    deductible: int
    paid: int
    decided: bool
    expected: bool
    shares: tuple[Share, ...]
    steps: tuple[Step, ...]


class Finding(NamedTuple):
    """Something a clerk should look at; it stops nothing by itself."""

    code: str
    values: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Claim:
    """
    A visit with every fact that its settlement rests on.

    `stay` is the period key of a stay settled in parts (None for a stay settled at once), `opens_stay` whether this
    is its first or only part. `advances` is false where the hospital lays nothing out (manual claims), `agreement`
    whether one with the insurer is in force, `on_application` whether aid is applied for after discharge, `on_hold`
    whether an injury's cause is not established yet. `approved_aid` is what the township has granted of the aid that
    was expected, None while it has not decided. `sums` holds the person's running sums before this visit.
    """

    situation: Situation
    day: date
    lines: tuple[FeeLine, ...]
    sums: Mapping[SumKey, int]
    disease: str | None = None
    stay: str | None = None
    opens_stay: bool = True
    decided: Mapping[str, DecidedLayer] = field(default_factory=dict)
    other: tuple[OtherCompensation, ...] = ()
    advances: bool = True
    agreement: bool = True
    on_application: bool = False
    on_hold: bool = False
    approved_aid: int | None = None

    @property
    def year(self) -> str:
        """The benefit year: the calendar year of the visit's last day (domain §5)."""
        return str(self.day.year)

    @property
    def month(self) -> str:
        return f"{self.day:%Y-%m}"


class Split(NamedTuple):
    """How the total is shared out. `total = paid_total + patient_pays`, and paid_total is the sum of the rest."""

    paid_total: int
    patient_pays: int
    hospital_advances: int
    owed_to_patient: int
    expected_aid: int
    held: int
    elsewhere: int
    other_credited: int
    other_to_patient: int
    due_at_discharge: int


class Settlement(NamedTuple):
    """A decided visit: its amounts, line by line and together, the awards in order, and what it adds to the sums."""

    amounts: Amounts
    line_amounts: tuple[Amounts, ...]
    awards: tuple[Award, ...]
    split: Split
    entries: tuple[Entry, ...]
    findings: tuple[Finding, ...]
