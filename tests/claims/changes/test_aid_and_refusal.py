"""Changes that other rooms make: aid granted late, an injury cleared up, a part that a payer refuses (domain §6)."""

from typing import Any
from uuid import UUID

import orjson
import pytest

from service.access.model import Caller, Role
from service.claims.actions import Desk
from service.claims.changes import actions
from service.claims.changes.actions import Asking
from service.claims.changes.model import Change, Part
from service.claims.model import Cause, ThirdParty
from service.db import transaction_on
from service.ids import new_id
from service.ledger import store as ledger
from service.ledger.model import Cause as LedgerCause
from service.ledger.model import Entry, Posting, State
from tests.cases.county import COUNTY
from tests.claims.bills import Body
from tests.claims.changes.people import POOR, amounts, identify, month_stay, moved, reversed_, settled, stand
from tests.claims.world import World, drifted

pytestmark = pytest.mark.asyncio(loop_scope="module")

AGENCY = Caller(
    client_id="agency",
    role=Role.AGENCY,
    county_code=COUNTY,
    hospital_code=None,
    payers=frozenset(),
    township_code=None,
    operator=None,
    request_id="test",
)
ALLOWANCE = [*POOR, {"class": "low_income_allowance", "valid_from": "2015-01-01"}]


async def changed(world: World, settlement_id: str, *, chain: bool = False, **change: Any) -> Body:
    """A change as another room makes it: by calling the action."""
    state = world.app.state
    desk = Desk(state.law, state.clock, state.vault)
    async with transaction_on(state.engine) as tx:
        done = await actions.readjudicate(
            tx, AGENCY, UUID(settlement_id), desk, Asking(), change=Change(**change), chain=chain
        )
    assert isinstance(done, bytes)
    answer: Body = orjson.loads(done)
    return answer


async def expected_aid(world: World) -> tuple[str, Body]:
    """A stay with aid on application: basic 8 000, expected aid 1 700 of 2 000, no top-up; 2 000 at the counter."""
    hospital = await world.county.hospital("level2", "county", aid="on_application", name="申请救助医院")
    await world.county.agreement(hospital)
    person_no, patient = await world.county.person(ALLOWANCE)
    first = await settled(world.agency, month_stay(hospital, patient, 6))
    assert (first["expected_aid"], first["due_at_discharge"], first["patient_pays"]) == ("1700.00", "2000.00", "300.00")
    return person_no, first


async def test_aid_granted_in_full_is_owed_to_the_patient_and_needs_no_chain(world: World) -> None:
    person_no, first = await expected_aid(world)
    before = await stand(world, person_no)

    second = await changed(world, first["id"], cause=Cause.LATE_AID, approved_aid=1_700_00)

    assert moved(second) == {("aid", "patient"): 1_700_00}
    assert (second["expected_aid"], second["owed_to_patient"], second["due_at_discharge"]) == (
        "0.00",
        "1700.00",
        "2000.00",
    )
    assert (await stand(world, person_no)).sums == before.sums
    entries = await world.rows("SELECT 1 FROM accumulator_entries WHERE settlement_id = :id", id=second["id"])
    assert entries == []


async def test_aid_that_is_cut_raises_the_guarantee_for_the_patient(world: World) -> None:
    # 500 of 1 700 is granted: 8 500 of the target of 9 000 is paid, so the top-up pays 500, which the patient laid out.
    person_no, first = await expected_aid(world)

    second = await changed(world, first["id"], cause=Cause.LATE_AID, approved_aid=500_00)

    assert moved(second) == {("aid", "patient"): 500_00, ("top_up", "patient"): 500_00}
    assert second["patient_pays"] == "1000.00"
    assert (await stand(world, person_no)).sums["2018", "aid.paid"] == 500_00
    assert await drifted(world) == []


async def test_aid_that_is_refused_gives_the_years_aid_back(world: World) -> None:
    person_no, first = await expected_aid(world)

    second = await changed(world, first["id"], cause=Cause.AID_REFUSED, approved_aid=0)

    assert moved(second) == {("top_up", "patient"): 1_000_00}
    assert "aid.paid" not in {name for _, name in (await stand(world, person_no)).sums}
    assert "未批准" in str(second["layers"])


async def test_an_injury_that_is_cleared_up_is_released_to_the_patient(world: World) -> None:
    _, patient = await world.county.person(POOR)
    body = month_stay(world.hospital_code, patient, 6, injury={"third_party": "unknown", "note": "待查"})
    first = await settled(world.hospital, body)
    assert (first["status"], first["due_at_discharge"]) == ("on_hold", "10000.00")

    second = await changed(world, first["id"], cause=Cause.INJURY, third_party=ThirdParty.LIABLE_UNPAID)

    assert second["status"] == "settled"
    assert moved(second) == {("basic", "patient"): 8_000_00, ("top_up", "patient"): 1_000_00}
    assert (second["held"], second["due_at_discharge"]) == ("0.00", "10000.00")
    assert "injury.recourse" in [finding["code"] for finding in second["findings"]]


async def test_what_a_payer_refuses_is_the_hospitals_and_moves_nothing_else(world: World) -> None:
    person_no, patient = await world.county.person(POOR)
    first = await settled(world.hospital, month_stay(world.hospital_code, patient, 6))
    before = await stand(world, person_no)

    second = await changed(world, first["id"], cause=Cause.REFUSAL, refused=(Part("top_up", "top_up_insurer", 400_00),))

    assert second["differences"] == []
    assert (second["hospital_bears"], second["hospital_advances"]) == ("400.00", "8600.00")
    assert (second["patient_pays"], second["due_at_discharge"]) == ("1000.00", "1000.00")
    assert amounts(second)["top_up"] == 600_00
    assert await stand(world, person_no) == before
    more = await changed(world, second["id"], cause=Cause.REFUSAL, refused=(Part("top_up", "top_up_insurer", 100_00),))
    assert more["hospital_bears"] == "500.00"
    await reversed_(world.agency, more["id"])
    assert (await stand(world, person_no)).accounts == {}


async def test_what_was_refused_stays_refused_when_the_visit_is_decided_anew(world: World) -> None:
    # With the allowance no top-up is due at all: of 1 000, 400 was deducted, so 600 goes back and 400 stays as it is.
    person_no, patient = await world.county.person(POOR)
    first = await settled(world.hospital, month_stay(world.hospital_code, patient, 6))
    second = await changed(world, first["id"], cause=Cause.REFUSAL, refused=(Part("top_up", "top_up_insurer", 400_00),))
    await identify(world, person_no, "registered_poor", "low_income_allowance")

    third = await changed(world, second["id"], cause=Cause.IDENTITY)

    assert moved(third)[("top_up", "hospital")] == -600_00
    assert third["hospital_bears"] == "0.00"
    assert await drifted(world) == []


async def paid_out(world: World, case_id: str, person_no: str) -> None:
    """Let what is owed to the patient of a case leave for the bank, as a payout does."""
    owed = await world.rows(
        "SELECT origin, layer, payer, amount FROM postings WHERE payee = :who AND target = 'unbilled'",
        who=f"person:{person_no}",
    )
    now = world.app.state.clock.now()
    async with transaction_on(world.app.state.engine) as tx:
        for origin, layer, payer, amount in owed:
            entry = Entry(COUNTY, new_id(now), LedgerCause.PAYMENT, None, UUID(case_id), now, now.date())
            moved_on = [Posting(layer, payer, f"person:{person_no}", State.UNBILLED, State.PAID, amount)]
            await ledger.post(tx, entry, moved_on, origin=UUID(bytes=origin.bytes))


async def test_what_has_reached_the_patient_is_recorded_and_never_posted_back(world: World) -> None:
    person_no, patient = await world.county.person()
    first = await settled(world.hospital, month_stay(world.hospital_code, patient, 6))
    await identify(world, person_no, "registered_poor")
    second = await changed(world, first["id"], cause=Cause.IDENTITY)
    assert second["owed_to_patient"] == "1725.00"
    await paid_out(world, first["id"], person_no)

    await identify(world, person_no)
    third = await changed(world, second["id"], cause=Cause.IDENTITY)
    await identify(world, person_no, "registered_poor")
    fourth = await changed(world, third["id"], cause=Cause.IDENTITY)
    reversal = await reversed_(world.agency, fourth["id"])

    assert (third["differences"], third["to_collect"]) == ([], "1725.00")
    assert (fourth["differences"], fourth["to_collect"]) == ([], "0.00")
    assert moved(reversal) == {("basic", "hospital"): -7_275_00}
    assert reversal["to_collect"] == "1725.00"
