"""Settlements of an invented county, decided by the service's own code: every row provable, many, and fast."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any, Final
from uuid import UUID

from service.access import audit
from service.access.model import Caller, Role
from service.claims import store as claims
from service.claims.decide import Facts, Making, decide
from service.claims.model import History, Order, OrderedLine, Record
from service.claims.posting import posted
from service.clock import COUNTY_ZONE
from service.policy.conditions import VisitType
from service.policy.load import shipped_packs
from service.registers.model import AgreementFacts, HospitalFacts, PersonFacts, VisitFacts
from service.settlement.model import OtherCompensation

Row = dict[str, Any]
COUNTY: Final = "459901"
NEW_YEAR: Final = date(2018, 1, 2)
HOSPITALS: Final = tuple(
    HospitalFacts(
        f"H45990108{number:02d}",
        COUNTY,
        level,
        location,
        specialist=False,
        connected=True,
        suspended=None,
        aid="on_application" if number % 4 == 0 else "on_the_spot",
    )
    for number, (level, location) in enumerate(
        [("township", "county"), ("level2", "county"), ("level3_city", "city"), ("level3_region", "region")] * 4
    )
)
_IDENTITIES: Final = ((), ("registered_poor",), ("low_income_allowance", "registered_poor"), ("extreme_poverty",))
_PRICES: Final = (7_310_000, 20_000_000, 145_500_000, 388_880_000)


@dataclass
class Person:
    """One person as the service would know it: the running sums and the place in the order."""

    number: int
    dice: random.Random
    serial: "count[int]"
    visits_a_year: int
    lines: int
    span: int = 330
    sums: dict[tuple[str, str], int] = field(default_factory=dict)
    order_no: int = 0
    last_day: date = NEW_YEAR

    def settlements(self) -> Iterator[Record]:
        """A year of visits, one after another: stays and chronic visits, some with other compensation, some on hold."""
        identities = _IDENTITIES[self.number % len(_IDENTITIES)]
        facts = PersonFacts(COUNTY, f"P{self.number:08d}", True, None, identities, None, None)
        day = NEW_YEAR
        for _ in range(self.visits_a_year):
            day += timedelta(days=self.dice.randint(1, self.span // self.visits_a_year))
            yield self._settled(facts, day)

    def _settled(self, person: PersonFacts, day: date) -> Record:
        dice, serial = self.dice, next(self.serial)
        hospital = dice.choice(HOSPITALS)
        pack = shipped_packs().on(COUNTY, day)
        assert pack is not None
        order = self._order(hospital, day, serial)
        agreements = (AgreementFacts("top_up_insurer", "TU"),) if hospital.location == "county" else ()
        visit = VisitFacts(person, hospital, agreements, False, None, None, ())
        self.order_no += 1
        periods = (str(day.year), f"{day:%Y-%m}")
        sums = {key: value for key, value in self.sums.items() if key[0] in periods and value}
        now = datetime.combine(day, time(8 + serial % 9, serial % 60, serial // 7 % 60), COUNTY_ZONE)
        making = Making(now, id_of(now, serial), None)
        caller = caller_of(hospital, serial)
        record = decide(
            caller, order, Facts(person, hospital, pack, visit), History(self.order_no, sums, (), ()), making
        )
        for entry in record.settlement.entries:
            self.sums[entry.period, entry.name] = entry.before + entry.delta
        return record

    def _order(self, hospital: HospitalFacts, day: date, serial: int) -> Order:
        dice, stay = self.dice, self.dice.random() < 0.8
        # Nobody lies in two hospitals at once: the database would refuse it.
        first = max(day - timedelta(days=dice.randint(0, 9)), self.last_day) if stay else day
        self.last_day = day
        return Order(
            hospital_code=hospital.hospital_code,
            visit_no=f"{'ZY' if stay else 'MZ'}{serial:09d}",
            interim_no=0,
            visit_type=VisitType.INPATIENT if stay else VisitType.CHRONIC_OUTPATIENT,
            person_key=("person_no", b""),
            admitted_on=first,
            last_day=day,
            lines=tuple(self._line(number, first) for number in range(1, self.lines + 1)),
            diagnoses=(("I10.x00", "高血压"),),
            disease_code=None if stay else f"CD{dice.randint(1, 29):02d}",
            other=(OtherCompensation("charity", 30_00, "hospital"),) if dice.random() < 0.1 else (),
        )

    def _line(self, number: int, day: date) -> OrderedLine:
        price, quantity = self.dice.choice(_PRICES), self.dice.randint(1, 6)
        grade = "AAABBC"[self.dice.randrange(6)]
        return OrderedLine(
            number,
            f"XA{number:03d}",
            "氯化钠注射液",
            "western_medicine",
            grade,
            price,
            quantity * 10_000,
            price * quantity // 10_000,
            100_000 if grade == "B" else None,
            300_000_000 if number % 5 == 0 else None,
            day,
        )


def caller_of(hospital: HospitalFacts, serial: int) -> Caller:
    code = hospital.hospital_code
    return Caller(f"his-{code}", Role.HOSPITAL, COUNTY, code, frozenset(), None, f"收费员{serial % 3}", f"r{serial}")


def id_of(now: datetime, serial: int) -> UUID:
    """An id that sorts by time and serial as UUID version 7 does, the same in every run."""
    return UUID(int=int(now.timestamp() * 1000) << 80 | 7 << 76 | 2 << 62 | serial)


def rows_of(record: Record) -> dict[str, list[Row]]:
    """Everything that a settlement writes, by table, as the discharge path writes it."""
    assert record.settled_at is not None
    settled_on = record.settled_at.date()
    entry, postings = posted(record, settled_on)
    key = {"county_code": COUNTY, "settlement_id": record.id}
    live = ("hospital_code", "visit_no", "interim_no", "person_no", "visit_type", "admitted_on", "last_day")
    row = claims.row_of(record, settled_on, record.id.bytes if record.id else b"")
    caller = Caller(record.client_id, Role.HOSPITAL, COUNTY, None, frozenset(), None, record.operator, "bulk")
    trail = audit.entry(
        caller,
        "settlement.create",
        at=record.settled_at,
        person_no=record.person_no,
        county_code=COUNTY,
        subject=str(record.id),
    )
    return {
        "settlements": [row],
        "settlement_layers": claims.layers_of(record),
        "settlement_documents": [{**key, "bill": record.bill, "trace": record.trace}],
        "accumulator_entries": claims._entries(record),
        "live_visits": [{**key, **{name: row[name] for name in live}}],
        "ledger_entries": entry,
        "postings": postings,
        "audit_log": [trail],
    }


def standing_of(person: Person) -> dict[str, list[Row]]:
    """What stands on record of a person after the last visit."""
    key = {"county_code": COUNTY, "person_no": f"P{person.number:08d}"}
    sums = [{**key, "period": period, "name": name, "value": value} for (period, name), value in person.sums.items()]
    return {"accumulators": sums, "person_orders": [{**key, "last_order": person.order_no}]}
