"""What remains of the year at the admission desk agrees with what the next settlement would use."""

from collections.abc import Awaitable, Callable
from typing import Any

from service.access.model import Role
from tests.claims.bills import chronic, fee_line, stay
from tests.corrections.conftest import agency, as_role, clock, done, settled
from tests.registers.conftest import Call
from tests.registers.examples import HOSPITAL, a_card, a_hospital, a_person, id_no

__all__ = ["agency", "as_role", "clock", "settled"]

Settle = Callable[[dict[str, Any]], Awaitable[Any]]
AsRole = Callable[..., Awaitable[Call]]

KEY_AID = {"class": "key_aid", "valid_from": "2018-01-01", "source": "民政局"}


def left(found: Any, layer: str, what: str, visit_type: str = "inpatient", per: str = "year") -> Any:
    """The limit and what is left of it."""
    wanted = {"layer": layer, "what": what, "visit_type": visit_type, "per": per}
    return next(((each["limit"], each["left"]) for each in found["remaining"] if wanted.items() <= each.items()), None)


async def test_what_a_visit_used_is_not_left_any_more(agency: Call, settled: Settle, as_role: AsRole) -> None:
    await done(agency, "POST", "/v1/hospitals", a_hospital(), 201)
    await done(agency, "POST", "/v1/persons", a_person(1, identities=[KEY_AID]), 201)
    card = await done(agency, "POST", "/v1/chronic-cards", a_card(disease_code="CD03"), 201)
    await done(agency, "POST", f"/v1/chronic-cards/{card['id']}/decision", {"decision": "approve"})
    desk = await as_role(Role.HOSPITAL, hospital_code=HOSPITAL)

    before = await done(desk, "GET", f"/v1/recognition?id_no={id_no(1)}")
    assert left(before, "basic", "deductible", per="stay") == ("300.00", "300.00")
    assert left(before, "basic", "cap") == ("200000.00", "200000.00")
    assert left(before, "serious", "deductible") == ("8000.00", "8000.00")
    assert left(before, "aid", "cap") == ("20000.00", "20000.00")

    bill = stay(HOSPITAL, id_no(1), fee_lines=[fee_line(quantity="100")])
    first = {layer["layer"]: layer for layer in (await settled(bill))["layers"]}
    second = {layer["layer"]: layer for layer in (await settled(chronic(HOSPITAL, id_no(1))))["layers"]}
    after = await done(desk, "GET", f"/v1/recognition?id_no={id_no(1)}")

    def fen(text: str) -> int:
        return int(text.replace(".", ""))

    for layer, what, used in (
        ("basic", "cap", [first["basic"]["paid"], second["basic"]["paid"]]),
        ("serious", "deductible", [first["serious"]["base"], second["serious"]["base"]]),
        ("aid", "cap", [first["aid"]["paid"], second["aid"]["paid"]]),
    ):
        limit, rest = left(after, layer, what)
        assert fen(rest) == fen(limit) - sum(map(fen, used)), layer
    limit, rest = left(after, "basic", "cap", "chronic_outpatient", "disease_year")
    assert fen(rest) == fen(limit) - fen(second["basic"]["paid"])


async def test_without_a_policy_nothing_is_said_to_remain(agency: Call, as_role: AsRole) -> None:
    await done(agency, "POST", "/v1/hospitals", a_hospital(), 201)
    other = await as_role(Role.AGENCY, "other", county_code="459902")
    await done(other, "POST", "/v1/persons", a_person(1), 201)
    desk = await as_role(Role.HOSPITAL, hospital_code=HOSPITAL)

    assert (await done(desk, "GET", f"/v1/recognition?id_no={id_no(1)}"))["remaining"] is None
