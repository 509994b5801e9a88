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
_OPEN: Final = """
    WITH open AS (
        SELECT p.county_code, p.origin, p.payer, p.payee,
            sum(CASE WHEN p.target IN ('unbilled', 'billed', 'returned') THEN p.amount ELSE 0 END
                - CASE WHEN p.source IN ('unbilled', 'billed', 'returned') THEN p.amount ELSE 0 END)::bigint AS amount
        FROM postings p WHERE {scope} AND p.on_day <= :as_of
        GROUP BY p.county_code, p.origin, p.payer, p.payee
    )
    SELECT o.payer, substr(o.payee, length('hospital:') + 1) AS hospital_code, s.period,
        coalesce(i.due_on, s.due_on) AS due_on,
        CASE WHEN s.id IS NULL THEN date_trunc('month', e.on_day)::date END AS month,
        sum(o.amount)::bigint AS amount
    FROM open o
    JOIN ledger_entries e ON e.county_code = o.county_code AND e.id = o.origin
    LEFT JOIN statement_lines l ON l.county_code = o.county_code AND l.payer = o.payer AND l.origin = o.origin
    LEFT JOIN statements s ON s.county_code = l.county_code AND s.id = l.statement_id
    LEFT JOIN statement_carries c ON c.county_code = s.county_code AND c.statement_id = s.id
    LEFT JOIN statements i ON i.county_code = c.county_code AND i.id = c.into_id
    WHERE o.amount <> 0
    GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 4, 5
"""


class Open(NamedTuple):
    """What stands open between a payer and a hospital of one period (fen). `due_on` None: it has no calendar."""

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
    return _by_period(desk, [(r.payer, r.hospital_code, r.period, r.due_on, r.month, r.amount) for r in found])


def _by_period(desk: Desk, rows: Iterable[tuple[Any, ...]]) -> list[Open]:
    sums: dict[tuple[str, str, str, bool, date | None], int] = defaultdict(int)
    for payer, code, period, due, month, amount in rows:
        if period is not None:
            sums[payer, code, period, True, due] += amount
            continue
        named = desk.packs.payer(desk.county_code, payer, month)
        clearing = named.clearing if named is not None else None
        found = period_of(month, clearing.every if clearing is not None else "month")
        due_day = due_on(found, clearing) if clearing is not None else None
        sums[payer, code, found.name, False, due_day] += amount
    return [Open(*key, amount) for key, amount in sorted(sums.items(), key=lambda one: one[0][:3])]


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
    found = await ledger.balances(
        desk.tx,
        desk.county_codes,
        as_of=as_of,
        payers=payers,
        payee=hospital(own) if own is not None else None,
        hospitals=True,
    )
    states: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: dict.fromkeys(STATES, 0))
    for one in found:
        if one.state in STATES:
            states[one.payer, one.payee.removeprefix(hospital(""))][one.state] += one.amount
    ages: dict[tuple[str, str], dict[str, int]] = defaultdict(
        lambda: dict.fromkeys([name for _, name in AGES] + [OLDEST], 0)
    )
    for part in await open_amounts(desk, as_of=as_of, payer=payer, hospital_code=hospital_code):
        if part.due_on is not None and part.due_on < as_of:
            ages[part.payer, part.hospital_code][age(part.due_on, as_of)] += part.amount
    items = [_item(pair, amounts, ages[pair]) for pair, amounts in sorted(states.items())]
    return {"as_of": as_of, "items": items}


async def owed_to_person(desk: Desk, person_no: str, *, as_of: date, payer: str | None = None) -> dict[str, Any]:
    """What each payer owes a patient's account at the end of a day, by state: it enters no statement."""
    payers = [payer] if payer is not None else desk.payers
    found = await ledger.balances(desk.tx, desk.county_codes, as_of=as_of, payers=payers, payee=person(person_no))
    states: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(STATES, 0))
    for one in found:
        if one.state in STATES:
            states[one.payer][one.state] += one.amount
    await desk.note("advances.read", person_no=person_no)
    none = dict.fromkeys([name for _, name in AGES] + [OLDEST], 0)
    items = [_item((name, None), amounts, none, person_no) for name, amounts in sorted(states.items())]
    return {"as_of": as_of, "items": items}


def _item(
    pair: tuple[str, str | None], amounts: dict[str, int], overdue: dict[str, int], person_no: str | None = None
) -> dict[str, Any]:
    return {
        "payer": pair[0],
        "hospital_code": pair[1],
        "person_no": person_no,
        **{state.value: yuan(amounts[state]) for state in STATES},
        "overdue": yuan(sum(overdue.values())),
        "overdue_by_age": {name: yuan(amount) for name, amount in overdue.items()},
    }
