"""Chronic visits of many people, written straight into the database, and what an independent model makes of them."""

import random
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from service.clock import COUNTY_ZONE
from service.db import metadata
from tests.reconciliation.bulk import COUNTY, PACK_HASH, serial_id

DISEASES = ("CD01", "CD03", "CD27")
CLASSES: tuple[list[str], ...] = (
    [],
    ["registered_poor"],
    ["lifted_but_covered"],
    ["extreme_poverty"],
    ["low_income_allowance", "registered_poor"],
)
FIRST, LAST = date(2018, 1, 1), date(2020, 11, 30)


class Visit(NamedTuple):
    person_no: str
    day: date
    total: int
    paid: int
    identities: list[str]
    disease: str


def visits(seed: int, persons: int) -> list[Visit]:
    """Random visits over three cycles, some on their first and last days, some of nobody poor."""
    dice = random.Random(seed)
    edges = [date(2018, 11, 30), date(2018, 12, 1), date(2019, 11, 30), date(2019, 12, 1), FIRST, LAST]
    found = []
    for number in range(persons):
        for _ in range(dice.randint(1, 6)):
            any_day = FIRST + timedelta(days=dice.randrange((LAST - FIRST).days + 1))
            total = dice.randint(0, 300_000)
            found.append(
                Visit(
                    f"R{number:06}",
                    dice.choice(edges) if dice.random() < 0.2 else any_day,
                    total,
                    total * dice.randint(0, 100) // 100,
                    dice.choice(CLASSES),
                    dice.choice(DISEASES),
                )
            )
    return found


def naive(found: list[Visit]) -> dict[tuple[date, str], int]:
    """What each person is owed for each cycle, by exact fractions and nothing of the service's."""
    sums: dict[tuple[date, str], tuple[int, int]] = {}
    for visit in found:
        if not {"registered_poor", "lifted_but_covered"} & set(visit.identities):
            continue
        if visit.day < date(2018, 12, 1):
            start = date(2018, 1, 1)
        else:
            start = date(visit.day.year if visit.day.month == 12 else visit.day.year - 1, 12, 1)
        total, paid = sums.get((start, visit.person_no), (0, 0))
        sums[start, visit.person_no] = total + visit.total, paid + visit.paid
    return {key: max(0, int(Fraction(8, 10) * total + Fraction(1, 2)) - paid) for key, (total, paid) in sums.items()}


_TABLES = ("settlements", "settlement_layers", "settlement_documents", "live_visits")


async def write(tx: AsyncConnection, found: list[Visit]) -> None:
    """Write the visits as settled elsewhere, so that nobody's hospital has advanced anything."""
    for first in range(0, len(found), 1000):
        rows: dict[str, list[dict[str, Any]]] = {name: [] for name in _TABLES}
        for serial, visit in enumerate(found[first : first + 1000], first + 1):
            _add(rows, serial, visit)
        for name in _TABLES:
            await tx.execute(insert(metadata.tables[name]), rows[name])


def _add(rows: dict[str, list[dict[str, Any]]], serial: int, visit: Visit) -> None:
    own = serial_id(10_000_000 + serial, visit.day)
    where = {"hospital_code": "H45990100999", "visit_no": f"R{serial}", "interim_no": 0, "person_no": visit.person_no}
    when = {"visit_type": "chronic_outpatient", "admitted_on": visit.day, "last_day": visit.day}
    rest = visit.total - visit.paid
    zero = ("self_funded", "over_ceiling", "first_pay", "hospital_bears", "hospital_advances", "owed_to_patient")
    more = ("expected_aid", "held", "other_credited", "other_to_patient", "to_collect")
    rows["settlements"].append(
        {
            "county_code": COUNTY,
            "id": own,
            "kind": "settlement",
            "version": 1,
            "order_no": serial,
            **where,
            **when,
            "disease_code": visit.disease,
            "identities": visit.identities,
            "on_hold": False,
            "pack_id": "guangxi-county-2018",
            "pack_hash": PACK_HASH,
            "total": visit.total,
            "in_scope": visit.total,
            "paid_total": visit.paid,
            "patient_pays": rest,
            "elsewhere": visit.paid,
            "due_at_discharge": rest,
            **dict.fromkeys((*zero, *more), 0),
            "client_id": "test",
            "settled_at": datetime.combine(visit.day, time(9), COUNTY_ZONE),
            "settled_on": visit.day,
            "query_code_hash": b"\x00",
            "case_id": own,
        }
    )
    key = {"county_code": COUNTY, "settlement_id": own}
    layer = {"position": 0, "layer": "basic", "payer": "basic_fund", "amount": visit.paid, "way": "elsewhere"}
    rows["settlement_layers"].append(key | layer)
    rows["live_visits"].append(key | where | when)
    line = [1, "X", "测试", "c", "A", 1, 1, visit.total, 0, None, str(visit.day), True, 0, 0, 0, visit.total]
    rows["settlement_documents"].append(key | {"bill": [line], "trace": {"findings": [], "awards": [], "entries": []}})
