"""
A county on paper: lists of visits and fractions of yuan, everything added up anew whenever it is needed.

Written from domain §3-§7 alone; `tests.settlement.naive` says what each visit of a list comes to.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from tests.settlement import naive
from tests.settlement.naive import NOTHING, F, add

LAYERS = ("basic", "serious", "aid", "top_up")
PAYERS = {
    "basic": "basic_fund",
    "serious": "serious_insurer",
    "aid": "civil_affairs",
    "top_up": "top_up_insurer",
}
QUARTERLY = "civil_affairs"
MONTHS_OF_A_QUARTER = 3


@dataclass(frozen=True)
class Hospital:
    """How a hospital stands: its level, whether it advances the top-up, and whether aid is applied for afterwards."""

    name: str
    level: str
    agreement: bool = True
    aid_on_application: bool = False


@dataclass
class Visit:
    """
    A visit as it was last decided. `hospital` and `patient`: what each layer's payer owes them; `received`: what has
    left for the patient's account already, and stays the patient's whatever is decided later (domain §6).
    """

    visit_no: str
    person: int
    where: Hospital
    day: date
    chronic: bool
    price: Fraction
    identities: frozenset[str]
    level2_percent: int
    live: bool = True
    granted: Fraction | None = None
    counter: Fraction | None = None
    pays: dict[str, Fraction] = field(default_factory=dict)
    hospital: dict[str, Fraction] = field(default_factory=dict)
    patient: dict[str, Fraction] = field(default_factory=dict)
    received: dict[str, Fraction] = field(default_factory=dict)
    too_much: Fraction = NOTHING
    version: int = 1

    @property
    def aid_expected(self) -> bool:
        return self.where.aid_on_application and self.granted is None

    @property
    def expected_aid(self) -> Fraction:
        return self.pays["aid"] if self.aid_expected else NOTHING

    @property
    def patient_pays(self) -> Fraction:
        return self.price - add(self.pays.values())

    @property
    def to_collect(self) -> Fraction:
        """What the patient still owes: more is due than was paid at the counter, or was received than is now theirs."""
        assert self.counter is not None
        return max(NOTHING, self.price - add(self.hospital.values()) - self.counter) + self.too_much

    def receive(self, payer: str) -> None:
        """Everything that this payer owes the patient has reached the patient's account."""
        self.received |= {layer: amount for layer, amount in self.patient.items() if PAYERS[layer] == payer}


@dataclass
class Statement:
    """What a payer owes a hospital for a period; `total` with what earlier negative ones left."""

    payer: str
    where: str
    lines: Fraction
    carried: Fraction
    paid: Fraction = NOTHING
    passed_on: bool = False

    @property
    def total(self) -> Fraction:
        return self.lines + self.carried


@dataclass
class County:
    """Who is who, every visit in the order in which it was settled, and what payers owe hospitals."""

    people: list[frozenset[str]]
    level2_percent: int = 75
    visits: list[Visit] = field(default_factory=list)
    # Payer, hospital, amount: what is not billed yet.
    unbilled: list[tuple[str, str, Fraction]] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)

    def of(self, person: int) -> list[Visit]:
        return [visit for visit in self.visits if visit.live and visit.person == person]

    def later(self, visit: Visit) -> list[Visit]:
        """What was settled after a visit, of the same person and benefit year."""
        mine = self.of(visit.person)
        return [other for other in mine[mine.index(visit) + 1 :] if other.day.year == visit.day.year]

    def settle(self, visit: Visit) -> None:
        self.visits.append(visit)
        self.add_up(visit.person)

    def reverse(self, visit: Visit) -> None:
        visit.live = False
        for layer, amount in visit.hospital.items():
            self.owe(visit, layer, -amount)
        visit.pays = {}
        visit.hospital, visit.patient = {}, dict(visit.received)
        self.add_up(visit.person)

    def outdated(self, visit: Visit) -> bool:
        """Whether who the patient is, or the law, is another one than when the visit was decided."""
        return (visit.identities, visit.level2_percent) != (self.people[visit.person], self.level2_percent)

    def redecide(self, visit: Visit) -> None:
        visit.identities, visit.level2_percent = self.people[visit.person], self.level2_percent
        self.add_up(visit.person)

    def grant(self, visit: Visit, amount: Fraction) -> None:
        visit.granted = amount
        self.add_up(visit.person)

    def add_up(self, person: int) -> None:
        """Go through all the visits of a person from the first one on, and let the ledger follow."""
        past: list[naive.Past] = []
        for visit in self.of(person):
            told = naive.settle(past, set(visit.identities), as_case(visit), [line_of(visit)])
            visit.pays = {layer: F(told[layer]) for layer in LAYERS}
            before = visit.hospital
            self.share_out(visit)
            for layer in LAYERS:
                self.owe(visit, layer, visit.hospital[layer] - before.get(layer, NOTHING))

    def share_out(self, visit: Visit) -> None:
        """Whoever bore the money gets it: what the hospital laid out is the bill less what was paid at the counter."""
        due = {layer: visit.pays[layer] for layer in LAYERS if layer != "aid" or not visit.aid_expected}
        if visit.counter is None:
            advanced = [layer for layer in due if layer != "top_up" or visit.where.agreement]
            visit.counter = visit.price - add(due[layer] for layer in advanced)
            visit.hospital = {layer: due[layer] if layer in advanced else NOTHING for layer in LAYERS}
        else:
            room, kept = visit.price - visit.counter, dict.fromkeys(LAYERS, NOTHING)
            for layer, amount in due.items():
                kept[layer] = min(amount, visit.hospital[layer], room)
                room -= kept[layer]
            for layer, amount in due.items():
                more = min(amount - kept[layer], room)
                kept[layer] += more
                room -= more
            visit.hospital = kept
        theirs = {layer: due.get(layer, NOTHING) - visit.hospital[layer] for layer in LAYERS}
        visit.patient = {layer: max(theirs[layer], visit.received.get(layer, NOTHING)) for layer in LAYERS}
        visit.too_much = add(visit.patient[layer] - theirs[layer] for layer in LAYERS)

    def owe(self, visit: Visit, layer: str, amount: Fraction) -> None:
        if amount:
            self.unbilled.append((PAYERS[layer], visit.where.name, amount))

    def bill(self, payers: Iterable[str]) -> list[Statement]:
        """Close a period: what these payers owe goes onto statements, one for each hospital."""
        wanted, made = set(payers), []
        for payer, where in sorted({owed[:2] for owed in self.unbilled if owed[0] in wanted}):
            lines = add(amount for p, h, amount in self.unbilled if (p, h) == (payer, where))
            left = [s for s in self.statements if (s.payer, s.where) == (payer, where) and not s.passed_on]
            negative = [s for s in left if s.total < 0]
            made.append(Statement(payer, where, lines, add(s.total for s in negative)))
            for statement in negative:
                statement.passed_on = True
        self.unbilled = [owed for owed in self.unbilled if owed[0] not in wanted]
        self.statements += made
        return made

    def aid_of(self, person: int, year: int) -> Fraction:
        return add(visit.pays["aid"] for visit in self.of(person) if visit.day.year == year)


def as_case(visit: Visit) -> dict[str, object]:
    day = visit.day.isoformat()
    kind = {"visit_type": "chronic_outpatient", "service_on": day, "disease": "CD03"}
    return {
        **(kind if visit.chronic else {"visit_type": "inpatient", "discharged_on": day}),
        "visit_no": visit.visit_no,
        "hospital_level": visit.where.level,
        "hospital_location": "county",
        "granted": visit.granted,
        "level2_percent": visit.level2_percent,
    }


def line_of(visit: Visit) -> dict[str, str]:
    return {"unit_price": f"{visit.price.numerator}", "quantity": "1", "grade": "A"}
