"""A statement and its lines as they are answered and put on paper: one shape for all."""

from typing import Any

from service.claims.described import Described
from service.money import yuan

_AMOUNTS = ("total", "lines_total", "carried_forward", "paid", "deducted", "held", "outstanding")


def claim_no(period: str, hospital_code: str, line_no: int) -> str:
    """The payer's own claim number of a line: one statement per payer, hospital and period makes it unique."""
    return f"{period}-{hospital_code}-{line_no:06d}"


def statement_answer(row: dict[str, Any]) -> dict[str, Any]:
    """The answer of api.md, Advances and statements."""
    return {
        "id": str(row["id"]),
        "county_code": row["county_code"],
        "payer": row["payer"],
        "hospital_code": row["hospital_code"],
        "period": row["period"],
        "status": row["status"],
        **{name: yuan(row[name]) for name in _AMOUNTS},
        "line_count": row["line_count"],
        "due_on": row["due_on"],
        "overdue": row["overdue"],
        "deemed_confirmed_on": row["deemed_on"],
        "hospital_confirmed_at": row["hospital_confirmed_at"],
        "payer_confirmed_at": row["payer_confirmed_at"],
        "open_differences": row["open_differences"],
        "carried_into": str(row["carried_into"]) if row["carried_into"] is not None else None,
        "issued_at": row["at"],
    }


def line_answer(statement: dict[str, Any], line: dict[str, Any], case: Described) -> dict[str, Any]:
    """A line with its case: dates, total, what earlier layers paid, identity evidence, the payer's claim number."""
    stay = case.visit_type == "inpatient"
    first = next((n for n, layer in enumerate(case.layers) if layer[1] == statement["payer"]), len(case.layers))
    period, number = line["original_period"], line["original_line_no"]
    return {
        "line_no": line["line_no"],
        "kind": line["kind"],
        "settlement_id": str(line["settlement_id"]),
        "visit_no": case.visit_no,
        "interim_no": case.interim_no,
        "person_no": case.person_no,
        "admitted_on": case.admitted_on if stay else None,
        "discharged_on": case.last_day if stay else None,
        "service_on": None if stay else case.last_day,
        "settled_on": case.settled_on,
        "total": yuan(case.total),
        "earlier_layers": [
            {"layer": layer, "payer": payer, "paid": yuan(paid)} for layer, payer, paid in case.layers[:first]
        ],
        "identities": case.identities,
        "amount": yuan(line["amount"]),
        "original_line": claim_no(period, statement["hospital_code"], number) if number is not None else None,
        "payer_claim_no": claim_no(statement["period"], statement["hospital_code"], line["line_no"]),
    }
