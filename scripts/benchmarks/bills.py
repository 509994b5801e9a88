"""Bills as the benchmarks post them: the same for the service, for the floor and for the kernel."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from typing import Any

import orjson

from service.money import PRICE_PLACES, QUANTITY_PLACES, price_times_quantity, scaled, yuan

LINES = 20
JUNE = ("2018-06-01", "2018-06-09")
_GRADES = ("A", "B", "C")
_RATIOS = {"A": None, "B": "0.10", "C": None}
_NUMBERS = count(1)


def line(number: int, day: str) -> dict[str, Any]:
    """A fee line; in ten of them there are six of grade A, three of B, one of C, and two above their ceiling."""
    grade = _GRADES[(number % 10 >= 6) + (number % 10 == 9)]
    price, quantity = f"{10 + number % 37}.50", f"{1 + number % 9}"
    amount = price_times_quantity(scaled(price, PRICE_PLACES), scaled(quantity, QUANTITY_PLACES))
    return {
        "line_no": number,
        "item_code": f"BENCH-{number % 500:03d}",
        "item_name": "基准测试项目",
        "category": "western_medicine",
        "grade": grade,
        "unit_price": price,
        "quantity": quantity,
        "amount": yuan(amount),
        "self_pay_ratio": _RATIOS[grade],
        "price_ceiling": "12.00" if number % 5 == 0 and grade == "A" else None,
        "charged_on": day,
    }


def stay(hospital: str, id_no: str, lines: int = LINES, days: tuple[str, str] = JUNE) -> dict[str, Any]:
    """A stay, in June 2018 unless other days are given, under a visit number that was never used."""
    return {
        "hospital_code": hospital,
        "visit_no": f"BN{next(_NUMBERS):09d}",
        "visit_type": "inpatient",
        "person": {"id_no": id_no},
        "admitted_on": days[0],
        "discharged_on": days[1],
        "diagnoses": [{"code": "I10.x00", "name": "高血压"}],
        "fee_lines": [line(number, days[0]) for number in range(1, lines + 1)],
    }


def days_of_a_year(hospital: str, id_no: str, count: int) -> list[bytes]:
    """Stays of one person, each of a day of its own."""
    days = [(date(2018, 1, 1) + timedelta(days=number)).isoformat() for number in range(count)]
    return [orjson.dumps(stay(hospital, id_no, days=(day, day))) for day in days]


def bodies(people: Iterator[tuple[str, str]], lines: int = LINES) -> Iterator[bytes]:
    """Requests, ready to be sent, for hospitals and persons as they come."""
    for hospital, id_no in people:
        yield orjson.dumps(stay(hospital, id_no, lines))
