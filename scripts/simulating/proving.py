"""What must hold at the end of every day, and what `onestop verify` must find at the end of a year."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final

from sqlalchemy import text

from scripts.simulating.county import TOP_UP, Town
from service.db import transaction_on
from service.proof.law import Law
from service.proof.runs import actions, proving
from tests.claims.machine.comparing import Rows, on_paper, on_record

_UNBALANCED: Final = """
    SELECT s.id::text FROM settlements s
    LEFT JOIN (SELECT settlement_id, sum(amount) AS paid FROM settlement_layers
        WHERE county_code = :county GROUP BY 1) l ON l.settlement_id = s.id
    WHERE s.county_code = :county AND (s.paid_total <> coalesce(l.paid, 0)
        OR s.total <> s.paid_total + s.hospital_bears + s.patient_pays)
"""
_BILLED_TWICE: Final = """
    SELECT origin::text FROM statement_lines WHERE county_code = :county AND origin IS NOT NULL
    GROUP BY payer, origin HAVING count(*) > 1
"""
_OFF_THEIR_LINES: Final = """
    SELECT s.id::text FROM statements s JOIN LATERAL (SELECT coalesce(sum(l.amount), 0) AS amount FROM statement_lines l
        WHERE l.county_code = s.county_code AND l.statement_id = s.id) l ON true
    WHERE s.county_code = :county AND s.lines_total <> l.amount
"""
_TWO_LIVE: Final = """
    SELECT visit_no FROM settlements WHERE county_code = :county AND version = 1 AND kind = 'settlement'
    GROUP BY 1 HAVING count(*) > 1
"""
# A case is what its versions gave back and added, together; a reversed one has no live version and leaves nothing.
_OFF_THEIR_SUMS: Final = """
    SELECT coalesce(k.case_id, l.case_id)::text FROM (
        SELECT s.case_id, e.period, e.name, sum(e.delta) AS value FROM accumulator_entries e
        JOIN settlements s ON s.county_code = e.county_code AND s.id = e.settlement_id
        WHERE e.county_code = :county GROUP BY 1, 2, 3 HAVING sum(e.delta) <> 0) k
    FULL JOIN (
        SELECT s.case_id, t.entry->>0 AS period, t.entry->>1 AS name, sum((t.entry->>3)::bigint) AS value
        FROM live_visits v
        JOIN settlements s ON s.county_code = v.county_code AND s.id = v.settlement_id
        JOIN settlement_documents d ON d.county_code = v.county_code AND d.settlement_id = v.settlement_id
        CROSS JOIN LATERAL jsonb_array_elements(CAST(d.trace->'entries' AS jsonb)) t (entry)
        WHERE v.county_code = :county GROUP BY 1, 2, 3 HAVING sum((t.entry->>3)::bigint) <> 0) l
    ON (l.case_id, l.period, l.name) = (k.case_id, k.period, k.name)
    WHERE k.value IS DISTINCT FROM l.value
"""
_PAID: Final = """
    SELECT payer, payee, sum(CASE WHEN target = 'paid' THEN amount ELSE 0 END
        - CASE WHEN source = 'paid' THEN amount ELSE 0 END)::bigint AS fen
    FROM postings WHERE county_code = :county AND 'paid' IN (source, target) GROUP BY 1, 2
"""
_FIRST: Final = """
    SELECT visit_no, id::text AS id FROM settlements WHERE county_code = :county AND kind = 'settlement' AND version = 1
"""
_NONE: Final = {
    "a settlement's total is what its payers and the patient pay": _UNBALANCED,
    "a claim stands in one statement": _BILLED_TWICE,
    "a statement is the sum of its lines": _OFF_THEIR_LINES,
    "a visit was settled once": _TWO_LIVE,
    "running sums hold what live settlements decided": _OFF_THEIR_SUMS,
}
_BROKEN: Final = " UNION ALL ".join(
    f"SELECT {number} AS promise, b.* FROM ({query}) b" for number, query in enumerate(_NONE.values())
)


async def prove_day(town: Town) -> None:
    """Look at everything the county has. Raises AssertionError with what does not hold."""
    async with transaction_on(town.world.system) as tx:

        async def rows(statement: str, **values: Any) -> list[Any]:
            return list((await tx.execute(text(statement), values)).all())

        await _prove_day(town, rows)


async def _prove_day(town: Town, rows: Rows) -> None:
    record, paper = await on_record(town.service, rows), on_paper(town.paper, town.service)
    record["stands"] = _with_what_came_back(record["stands"])
    assert record == paper, {name: (record[name], paper[name]) for name in paper if record[name] != paper[name]}
    broken = await rows(_BROKEN, county=town.county_code)
    assert broken == [], [(list(_NONE)[row[0]], row[1]) for row in broken]
    first = {row.visit_no: row.id for row in await rows(_FIRST, county=town.county_code)}
    lost = {name: id_ for name, id_ in town.first_answers.items() if first.get(name) != id_}
    assert lost == {}, f"what was acknowledged is there: {lost}"
    _as_the_bank_has_it(town, await rows(_PAID, county=town.county_code))


def _with_what_came_back(stands: dict[tuple[str, str, str], Fraction]) -> dict[tuple[str, str, str], Fraction]:
    """What a transfer came back of is owed as what was billed is."""
    together: dict[tuple[str, str, str], Fraction] = {}
    for (payer, where, state), amount in stands.items():
        key = (payer, where, "billed" if state == "returned" else state)
        together[key] = together.get(key, Fraction(0)) + amount
    return {key: amount for key, amount in together.items() if amount}


def _as_the_bank_has_it(town: Town, paid: Sequence[Any]) -> None:
    hospitals = {f"hospital:{code}": name for name, code in town.service.codes.items()}
    transferred: dict[tuple[str, str], Fraction] = {}
    credited: dict[str, Fraction] = {}
    for row in paid:
        if row.payee in hospitals and row.fen:
            transferred[row.payer, hospitals[row.payee]] = Fraction(row.fen, 100)
        elif row.payer == TOP_UP and row.fen:
            credited[row.payee.removeprefix("person:")] = Fraction(row.fen, 100)
    for found, bank in ((transferred, town.transferred), (credited, town.credited)):
        assert found == {key: amount for key, amount in bank.items() if amount}, (
            f"paid as the bank paid: {found}, {bank}"
        )


async def prove_year(town: Town) -> int:
    """Everything that `onestop verify` proves, of this county; gives how much it checked."""
    law, checked, found = Law(), 0, list[Any]()
    engine, county_code = town.world.system, town.county_code
    moment = engine.execution_options(isolation_level="REPEATABLE READ")
    async with transaction_on(engine) as tx:
        parts = await actions.parts_of(tx, county_code)
    for part in parts:
        count, wrong = await proving.proved(moment, law, county_code, part)
        checked, found = checked + count, found + list(wrong)
    assert found == [], f"verify: {found[:5]}"
    return checked
