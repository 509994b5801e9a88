"""What holds whatever the bill, the person and the year are (domain §2-§5)."""

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from service.money import share_of, yuan
from service.settlement.waterfall import settle
from service.words import HospitalLevel, Location
from tests.cases.claims import Person
from tests.settlement.settling import moderate, pack_on, paid, settled
from tests.settlement.strategies import POOR, Bill, Step, bills, identities, years

NINETY_PERCENT = 900_000

flags = st.booleans()


@moderate
@given(years())
def test_the_parts_of_a_bill_add_up_line_by_line_and_together(year: list[Step]) -> None:
    for one in settled(year):
        for amounts in (*one.settlement.line_amounts, one.settlement.amounts):
            assert amounts.total == sum(amounts[1:])
        for index, name in enumerate(one.settlement.amounts._fields):
            assert sum(line[index] for line in one.settlement.line_amounts) == getattr(one.settlement.amounts, name)


@moderate
@given(years(), flags, flags, flags, flags)
def test_what_is_paid_adds_up_by_layer_by_payer_and_by_where_it_goes(
    year: list[Step], advances: bool, agreement: bool, on_application: bool, on_hold: bool
) -> None:
    for one in settled(year):
        claim = replace(
            one.claim, advances=advances, agreement=agreement, on_application=on_application, on_hold=on_hold
        )
        settlement = settle(claim, one.pack)
        split = settlement.split

        assert split.paid_total == sum(award.paid for award in settlement.awards)
        assert split.paid_total + split.patient_pays == settlement.amounts.total
        assert all(award.paid == sum(share.amount for share in award.shares) for award in settlement.awards)
        by_way = (
            split.hospital_advances,
            split.owed_to_patient,
            split.expected_aid,
            split.held,
            split.elsewhere,
            split.other_credited,
            split.other_to_patient,
        )
        assert sum(by_way) == split.paid_total
        assert split.due_at_discharge == split.patient_pays + (
            split.owed_to_patient + split.expected_aid + split.held + split.other_to_patient
        )
        assert paid(settlement) == paid(one.settlement), "who lays money out never changes how much is paid"
        if on_hold:
            assert split.hospital_advances == split.owed_to_patient == 0


@moderate
@given(years())
def test_no_part_is_negative_and_nobody_is_paid_more_than_the_bill(year: list[Step]) -> None:
    for one in settled(year):
        settlement = one.settlement
        assert min(settlement.amounts) >= 0
        assert min(settlement.split) >= 0
        assert all(share.amount >= 0 for award in settlement.awards for share in award.shares)
        assert all(award.base >= 0 and award.deductible >= 0 for award in settlement.awards)
        assert settlement.split.paid_total <= settlement.amounts.total


@moderate
@given(years())
def test_a_visit_adds_nothing_above_a_cap(year: list[Step]) -> None:
    for one in settled(year):
        for entry in one.settlement.entries:
            assert entry.delta > 0
            assert entry.cap is None or entry.before + entry.delta <= max(entry.cap, entry.before)
        keys = [(entry.period, entry.name) for entry in one.settlement.entries]
        assert len(keys) == len(set(keys)), "a sum is fed once by a visit"


@settings(max_examples=120, deadline=None)
@given(years())
def test_the_guarantee_holds_for_the_poor_over_the_stay_so_far(year: list[Step]) -> None:
    totals, payments = defaultdict[str, int](int), defaultdict[str, int](int)
    for one in settled(year):
        visit, settlement = one.visit, one.settlement
        totals[visit["visit_no"]] += settlement.amounts.total
        payments[visit["visit_no"]] += settlement.split.paid_total
        reached = visit["hospital_location"] == "county" or (
            visit.get("referral", False)
            and (visit["hospital_level"].startswith("level3") or visit["specialist_hospital"])
        )
        if (
            one.pack.id == "guangxi-county-2018"
            and visit["visit_type"] == "inpatient"
            and set(POOR) & set(visit["identities"])
            and reached
        ):
            target = share_of(totals[visit["visit_no"]], NINETY_PERCENT)
            # An earlier part may have left more than this part's whole bill can make good.
            assert payments[visit["visit_no"]] >= target or settlement.split.patient_pays == 0


@st.composite
def stays_of_one_year(draw: st.DrawFn) -> tuple[list[Step], list[Step]]:
    """Stays of one person under one pack, too small for any cap, and the same in another order."""
    who, first = draw(identities), draw(st.sampled_from((date(2018, 1, 1), date(2022, 3, 1))))
    steps: list[Step] = []
    for number in range(draw(st.integers(2, 4))):
        price = draw(st.one_of(st.integers(1, 100_000), st.integers(100_000, 5_000_000)))
        visit = {
            "visit_no": f"V{number}",
            "visit_type": "inpatient",
            "identities": who,
            "hospital_level": draw(st.sampled_from(list(HospitalLevel))).value,
            "hospital_location": draw(st.sampled_from(list(Location))).value,
            "referral": draw(st.booleans()),
            "discharged_on": (first + timedelta(days=draw(st.integers(0, 250)))).isoformat(),
        }
        steps.append((visit, [{"grade": "A", "unit_price": yuan(price), "quantity": "1"}]))
    return steps, draw(st.permutations(steps))


@settings(max_examples=100, deadline=None)
@given(stays_of_one_year())
def test_the_years_serious_illness_total_does_not_depend_on_the_order_of_stays(
    orders: tuple[list[Step], list[Step]],
) -> None:
    totals = {sum(paid(one.settlement)["serious"] for one in settled(order)) for order in orders}

    assert len(totals) == 1


@settings(max_examples=100, deadline=None)
@given(years())
def test_every_working_ends_in_its_amount_and_says_where_it_stands(year: list[Step]) -> None:
    for one in settled(year):
        for award in one.settlement.awards:
            assert award.steps, "even a layer that pays nothing says why"
            if award.rule == "other" and not award.decided:
                assert sum(step.amount for step in award.steps) == award.paid
                continue
            assert award.steps[-1].amount == award.paid
            if award.paid and not award.decided:
                fired = [step for step in award.steps if step.applied]
                assert any(step.clauses or step.demonstration for step in fired)
            if award.decided:
                assert award.steps[-1].values["settlement_no"] == "N1"


@moderate
@given(years())
def test_the_same_claim_and_pack_give_the_same_settlement(year: list[Step]) -> None:
    for one in settled(year):
        shuffled = replace(one.claim, sums=dict(reversed(list(one.claim.sums.items()))))

        assert settle(one.claim, one.pack) == settle(shuffled, one.pack) == one.settlement


@moderate
@given(bills(), st.integers(0, 10**7), st.integers(0, 10**7))
def test_other_compensation_is_credited_in_order_and_never_above_what_is_left(
    bill: Bill, first: int, second: int
) -> None:
    visit = {
        "visit_no": "V1",
        "visit_type": "inpatient",
        "discharged_on": "2018-06-01",
        "hospital_level": "level2",
        "hospital_location": "county",
        "other": [yuan(first), yuan(second)],
    }
    person = Person()
    settlement = person.settle(person.claim(visit, bill), pack_on(date(2018, 6, 1)))

    left = settlement.amounts.total - sum(paid(settlement)[layer] for layer in ("basic", "serious", "aid"))
    (award,) = [award for award in settlement.awards if award.rule == "other"]
    assert award.paid == min(left, first + second)
    assert award.steps[0].amount == min(left, first)
    cut = sum(finding.values["cut"] for finding in settlement.findings if finding.code == "other.cut")
    assert cut == first + second - award.paid
