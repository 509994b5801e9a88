"""A patient with a year of visits, and everything that a change must put back."""

from dataclasses import dataclass
from typing import Any

from service.money import fen
from tests.cases.county import Call, done
from tests.claims.bills import Body, fee_line, stay
from tests.claims.world import World

POOR = [{"class": "registered_poor", "valid_from": "2015-01-01"}]


def month_stay(hospital: str, id_number: str, month: int, yuan: int = 10_000, **more: Any) -> Body:
    """A stay from the 1st to the 9th of a month of 2018, one line of that many yuan, all of it in scope."""
    line = fee_line(price=f"{yuan}.00", quantity="1", charged_on=f"2018-{month:02}-02")
    days = {"admitted_on": f"2018-{month:02}-01", "discharged_on": f"2018-{month:02}-09"}
    return stay(hospital, id_number, **{"fee_lines": [line], **days, **more})


@dataclass(frozen=True)
class Stand:
    """What a person's sums and accounts are at one moment."""

    sums: dict[tuple[str, str], int]
    accounts: dict[tuple[str, str, str], int]
    visits: list[Any]


async def stand(world: World, person_no: str) -> Stand:
    """The person's sums, what their cases make payers owe whom, and the live visits."""
    sums = await world.rows("SELECT period, name, value FROM accumulators WHERE person_no = :p", p=person_no)
    owed = await world.rows(
        """
        SELECT p.layer, p.payer, p.payee,
            sum(CASE WHEN p.target = 'unbilled' THEN p.amount ELSE -p.amount END)::bigint AS amount
        FROM postings p JOIN settlements s ON s.county_code = p.county_code AND s.id = p.origin
        WHERE s.person_no = :p AND 'fund' IN (p.source, p.target) GROUP BY 1, 2, 3
        """,
        p=person_no,
    )
    visits = await world.rows(
        "SELECT visit_no, interim_no FROM live_visits WHERE person_no = :p ORDER BY 1, 2", p=person_no
    )
    return Stand(
        {(period, name): value for period, name, value in sums if value},
        {(layer, payer, payee): amount for layer, payer, payee, amount in owed if amount},
        [tuple(row) for row in visits],
    )


async def identify(world: World, person_no: str, *classes: str) -> None:
    """Let the register know that a person has always had these identities."""
    held = [{"class": name, "valid_from": "2015-01-01"} for name in classes]
    await done(await world.agency("PUT", f"/v1/persons/{person_no}", {"identities": held}), 200)


async def settled(call: Call, body: Body) -> Body:
    answer: Body = await done(await call("POST", "/v1/settlements", body))
    return answer


async def reversed_(call: Call, settlement_id: str, **more: Any) -> Body:
    answer: Body = await done(
        await call("POST", f"/v1/settlements/{settlement_id}/reversal", {"reason": "录入有误", **more})
    )
    return answer


async def anew(call: Call, settlement_id: str, cause: str = "identity", **more: Any) -> Body:
    answer: Body = await done(
        await call("POST", f"/v1/settlements/{settlement_id}/readjudication", {"cause": cause, "note": "补录", **more})
    )
    return answer


async def refused(call: Any, settlement_id: str, cause: str = "identity", **more: Any) -> tuple[int, Any]:
    """Ask for a settlement to be decided anew, in vain: status and problem document."""
    body = {"cause": cause, "note": "补录", **more}
    answer = await call("POST", f"/v1/settlements/{settlement_id}/readjudication", body)
    return answer.status_code, answer.json()


def amounts(answer: Body) -> dict[str, int]:
    """The figures of an answer in fen: each layer's payment, and how the bill is shared out."""
    names = ("paid_total", "patient_pays", "hospital_advances", "owed_to_patient", "due_at_discharge", "to_collect")
    found: dict[str, int] = {name: fen(answer[name]) for name in names}
    for layer in answer["layers"]:
        found[layer["layer"]] = found.get(layer["layer"], 0) + fen(layer["paid"])
    return found


def moved(answer: Body) -> dict[tuple[str, str], int]:
    """The net difference of a change in fen, by layer and payee."""
    return {(one["layer"], one["payee"]): fen(one["amount"]) for one in answer["differences"]}
