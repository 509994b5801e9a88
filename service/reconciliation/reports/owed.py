"""What is owed, by state and by age, as of any day: billed or not."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy import text

from service.ledger import store as ledger
from service.ledger.model import State, hospital, person
from service.money import yuan
from service.reconciliation.calendar import due_on, period_of
from service.reconciliation.desk import Desk

STATES: Final = (State.UNBILLED, State.BILLED, State.RETURNED, State.PAID, State.DEDUCTED, State.PREPAID)
AGES: Final = ((15, "0-15"), (30, "16-30"), (60, "31-60"))
OLDEST: Final = "over_60"
Pair = tuple[str, str, str]
"""County, payer, hospital."""
_OPEN: Final = """
    WITH RECURSIVE carried AS (
        SELECT c.county_code, c.statement_id, c.into_id FROM statement_carries c
        WHERE c.county_code = ANY (:county_codes) AND NOT EXISTS (SELECT FROM statement_carries n
            WHERE n.county_code = c.county_code AND n.statement_id = c.into_id)
        UNION ALL
        SELECT c.county_code, c.statement_id, n.into_id FROM statement_carries c
        JOIN carried n ON n.county_code = c.county_code AND n.statement_id = c.into_id
    ), open AS (
        SELECT p.county_code, p.origin, p.payer, p.payee,
            sum(CASE WHEN p.target IN ('unbilled', 'billed', 'returned') THEN p.amount ELSE 0 END
                - CASE WHEN p.source IN ('unbilled', 'billed', 'returned') THEN p.amount ELSE 0 END)::bigint AS amount
        FROM postings p WHERE {scope} AND p.on_day <= :as_of
        GROUP BY p.county_code, p.origin, p.payer, p.payee
    )
    SELECT o.county_code, o.payer, substr(o.payee, length('hospital:') + 1) AS hospital_code, s.period,
        coalesce(i.due_on, s.due_on) AS due_on,
        CASE WHEN s.id IS NULL THEN date_trunc('month', e.on_day)::date END AS month,
        sum(o.amount)::bigint AS amount
    FROM open o
    JOIN ledger_entries e ON e.county_code = o.county_code AND e.id = o.origin
    LEFT JOIN statement_lines l ON l.county_code = o.county_code AND l.payer = o.payer AND l.origin = o.origin
    LEFT JOIN statements s ON s.county_code = l.county_code AND s.id = l.statement_id
    LEFT JOIN carried c ON c.county_code = s.county_code AND c.statement_id = s.id
    LEFT JOIN statements i ON i.county_code = c.county_code AND i.id = c.into_id
    WHERE o.amount <> 0
    GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 5, 6
"""


class Open(NamedTuple):
    """What stands open between a payer and a hospital of one period (fen). `due_on` None: it has no calendar."""

    county_code: str
    payer: str
    hospital_code: str
    period: str
    billed: bool
    due_on: date | None
    amount: int


async def open_amounts(
    desk: Desk, *, as_of: date, payer: str | None = None, hospital_code: str | None = None
) -> list[Open]:
    """Everything open at the end of a day that the caller may see, with the day by which it is due, billed or not."""
    values: dict[str, Any] = {"as_of": as_of}
    scope = ["p.payee LIKE 'hospital:%'", "p.county_code = ANY (:county_codes)"]
    own = desk.hospital_code
    values["county_codes"] = desk.county_codes
    if own is not None or hospital_code is not None:
        scope.append("p.payee = :payee")
        values["payee"] = hospital(own or hospital_code or "")
    payers = [payer] if payer is not None else desk.payers
    if payers is not None:
        scope.append("p.payer = ANY (:payers)")
        values["payers"] = payers
    found = await desk.tx.execute(text(_OPEN.format(scope=" AND ".join(scope))), values)
    return _by_period(desk, found)


def _by_period(desk: Desk, rows: Iterable[Any]) -> list[Open]:
    sums: dict[tuple[str, str, str, str, bool, date | None], int] = defaultdict(int)
    for row in rows:
        pair = (row.county_code, row.payer, row.hospital_code)
        if row.period is not None:
            sums[*pair, row.period, True, row.due_on] += row.amount
            continue
        named = desk.packs.payer(row.county_code, row.payer, row.month)
        clearing = named.clearing if named is not None else None
        found = period_of(row.month, clearing.every if clearing is not None else "month")
        due_day = due_on(found, clearing) if clearing is not None else None
        sums[*pair, found.name, False, due_day] += row.amount
    return [Open(*key, amount) for key, amount in sorted(sums.items(), key=lambda one: one[0][:4])]


def age(due: date, as_of: date) -> str:
    """Which class of age something overdue is in."""
    days = (as_of - due).days
    return next((name for most, name in AGES if days <= most), OLDEST)


async def advances(
    desk: Desk, *, as_of: date, payer: str | None = None, hospital_code: str | None = None
) -> dict[str, Any]:
    """What each payer owes each hospital at the end of a day: by state, and what of it is overdue, by age."""
    own = desk.hospital_code or hospital_code
    payers = [payer] if payer is not None else desk.payers
    states: dict[Pair, dict[str, int]] = defaultdict(lambda: dict.fromkeys(STATES, 0))
    for county_code in desk.county_codes:
        found = await ledger.balances(
            desk.tx,
            [county_code],
            as_of=as_of,
            payers=payers,
            payee=hospital(own) if own is not None else None,
            hospitals=True,
        )
        for one in found:
            if one.state in STATES:
                states[county_code, one.payer, one.payee.removeprefix(hospital(""))][one.state] += one.amount
    ages = _ages(await open_amounts(desk, as_of=as_of, payer=payer, hospital_code=hospital_code), as_of)
    items = [_item(pair, amounts, ages[pair]) for pair, amounts in sorted(states.items())]
    return {"as_of": as_of, "items": items}


def _ages(parts: Iterable[Open], as_of: date) -> dict[Pair, dict[str, int]]:
    """What is overdue, by age. A claim on the hospital makes less overdue only where it was carried to be netted."""
    due: dict[tuple[Pair, date, bool], int] = defaultdict(int)
    for part in parts:
        if part.due_on is not None and part.due_on < as_of:
            due[(part.county_code, part.payer, part.hospital_code), part.due_on, part.billed] += part.amount
    none = [name for _, name in AGES] + [OLDEST]
    ages: dict[Pair, dict[str, int]] = defaultdict(lambda: dict.fromkeys(none, 0))
    for (pair, day, _), amount in due.items():
        ages[pair][age(day, as_of)] += max(0, amount)
    return ages


async def owed_to_person(desk: Desk, person_no: str, *, as_of: date, payer: str | None = None) -> dict[str, Any]:
    """What each payer owes a patient's account at the end of a day, by state: it enters no statement."""
    payers = [payer] if payer is not None else desk.payers
    states: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: dict.fromkeys(STATES, 0))
    for county_code in desk.county_codes:
        for one in await ledger.balances(desk.tx, [county_code], as_of=as_of, payers=payers, payee=person(person_no)):
            if one.state in STATES:
                states[county_code, one.payer][one.state] += one.amount
    await desk.note("advances.read", person_no=person_no)
    none = dict.fromkeys([name for _, name in AGES] + [OLDEST], 0)
    items = [_item((*pair, None), amounts, none, person_no) for pair, amounts in sorted(states.items())]
    return {"as_of": as_of, "items": items}


def _item(
    pair: tuple[str, str, str | None], amounts: dict[str, int], overdue: dict[str, int], person_no: str | None = None
) -> dict[str, Any]:
    return {
        "county_code": pair[0],
        "payer": pair[1],
        "hospital_code": pair[2],
        "person_no": person_no,
        **{state.value: yuan(amounts[state]) for state in STATES},
        "overdue": yuan(sum(overdue.values())),
        "overdue_by_age": {name: yuan(amount) for name, amount in overdue.items()},
    }
