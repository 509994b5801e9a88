"""What the paper says and what the service has on record, in the same form."""

from collections.abc import Awaitable, Callable
from fractions import Fraction
from typing import Any

from tests.claims.machine.driving import Service
from tests.claims.machine.naive import LAYERS, PAYERS, County

Rows = Callable[..., Awaitable[list[Any]]]


def _paid(layer: str) -> str:
    return f"coalesce(sum(l.amount) FILTER (WHERE l.layer = '{layer}'), 0)::bigint AS {layer}"


_PAID = ", ".join(_paid(layer) for layer in LAYERS)
VISITS = f"""
    SELECT s.visit_no, {_PAID}, s.patient_pays, s.expected_aid, s.to_collect,
        f.due_at_discharge
    FROM live_visits v
    JOIN settlements s ON s.county_code = v.county_code AND s.id = v.settlement_id
    JOIN settlements f ON f.county_code = s.county_code AND f.id = s.case_id
    LEFT JOIN settlement_layers l ON l.county_code = s.county_code AND l.settlement_id = s.id
    WHERE v.county_code = :county GROUP BY s.county_code, s.id, f.county_code, f.id
"""
CLAIMS = """
    SELECT s.visit_no, p.layer, p.payer, p.payee,
        sum(CASE WHEN p.source = 'fund' THEN p.amount ELSE -p.amount END)::bigint AS fen
    FROM postings p
    JOIN ledger_entries e ON e.county_code = p.county_code AND e.id = p.entry_id
    JOIN settlements s ON s.county_code = e.county_code AND s.id = e.settlement_id
    WHERE p.county_code = :county AND 'fund' IN (p.source, p.target)
    GROUP BY 1, 2, 3, 4 HAVING sum(CASE WHEN p.source = 'fund' THEN p.amount ELSE -p.amount END) <> 0
"""
STANDS = """
    SELECT payer, payee, state, sum(fen)::bigint AS fen FROM (
        SELECT payer, payee, target AS state, amount AS fen FROM postings WHERE county_code = :county
        UNION ALL SELECT payer, payee, source, -amount FROM postings WHERE county_code = :county) t
    WHERE state <> 'fund' AND payee LIKE 'hospital:%' GROUP BY 1, 2, 3 HAVING sum(fen) <> 0
"""
AID = (
    "SELECT person_no, period, value FROM accumulators WHERE county_code = :county AND name = 'aid.paid' AND value <> 0"
)
DRIFTED = """
    SELECT person_no, period, name, a.value, e.value FROM (SELECT * FROM accumulators WHERE county_code = :county) a
    FULL JOIN (SELECT person_no, period, name, sum(delta) AS value FROM accumulator_entries
        WHERE county_code = :county GROUP BY 1, 2, 3) e USING (person_no, period, name)
    WHERE a.value IS DISTINCT FROM e.value
"""


def on_paper(paper: County, service: Service) -> dict[str, Any]:
    """What the paper says: live visits with every figure, what each payer owes whom, how far it is paid, the aid."""
    live = [visit for visit in paper.visits if visit.live]
    visits = {
        visit.visit_no: (
            *(visit.pays[layer] for layer in LAYERS),
            visit.patient_pays,
            visit.expected_aid,
            visit.to_collect,
            visit.counter,
        )
        for visit in live
    }
    claims: dict[tuple[str, str, str], Fraction] = {}
    for visit in paper.visits:
        for payee, parts in (("hospital", visit.hospital), ("patient", visit.patient)):
            claims |= {(visit.visit_no, layer, payee): amount for layer, amount in parts.items() if amount}
    stands: dict[tuple[str, str, str], Fraction] = {}

    def stand(payer: str, where: str, state: str, amount: Fraction) -> None:
        stands[payer, where, state] = stands.get((payer, where, state), Fraction(0)) + amount

    for payer, where, amount in paper.unbilled:
        stand(payer, where, "unbilled", amount)
    for one in paper.statements:
        stand(one.payer, one.where, "billed", one.lines - one.paid)
        stand(one.payer, one.where, "paid", one.paid)
    aid = {
        (service.people[person][0], str(year)): paper.aid_of(person, year)
        for person in range(len(paper.people))
        for year in (2018, 2019)
    }
    return {
        "visits": visits,
        "claims": claims,
        "stands": {key: amount for key, amount in stands.items() if amount},
        "aid": {key: amount for key, amount in aid.items() if amount},
        "drifted": [],
        "payers": {layer: PAYERS[layer] for _, layer, _ in claims},
    }


async def on_record(service: Service, rows: Rows | None = None) -> dict[str, Any]:
    """What the database says, in yuan; `rows` asks it, where not as `World.rows` does."""
    county, rows = service.county_code, rows or service.world.rows
    names = {f"hospital:{code}": name for name, code in service.codes.items()}
    visits = await rows(VISITS, county=county)
    claims = await rows(CLAIMS, county=county)
    return {
        "visits": {row[0]: tuple(Fraction(fen, 100) for fen in row[1:]) for row in visits},
        "claims": {
            (row.visit_no, row.layer, "hospital" if row.payee in names else "patient"): Fraction(row.fen, 100)
            for row in claims
        },
        "stands": {
            (row.payer, names[row.payee], row.state): Fraction(row.fen, 100)
            for row in await rows(STANDS, county=county)
        },
        "aid": {(row[0], row[1]): Fraction(row[2], 100) for row in await rows(AID, county=county)},
        "drifted": await rows(DRIFTED, county=county),
        "payers": {row.layer: row.payer for row in claims},
    }
