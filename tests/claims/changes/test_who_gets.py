"""Who gets a difference, whatever the numbers are: pure."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from service.claims.changes.model import Borne, Part
from service.claims.changes.who_gets import Shared, owed_to_hospital, share_out
from service.policy.conditions import Situation, VisitType
from service.settlement.model import Amounts, Award, Claim, Settlement, Share
from service.settlement.waterfall import split_of
from service.words import HospitalLevel, Location

LAYERS = {"basic": "basic_fund", "serious": "serious_insurer", "aid": "civil_affairs", "top_up": "top_up_insurer"}
SITUATION = Situation(
    VisitType.INPATIENT, frozenset(), Location.COUNTY, HospitalLevel.LEVEL2, specialist=False, referred=False
)
fen = st.integers(0, 1_000_00)
parts = st.fixed_dictionaries(dict.fromkeys(LAYERS, fen))


def decided(claim: Claim, paid: dict[str, int], total: int) -> Settlement:
    """What the kernel decides: each layer pays one amount, all of it advanced."""
    awards = tuple(
        Award(layer, "ratio", 0, 0, amount, False, False, (Share(LAYERS[layer], amount, "hospital"),), ())
        for layer, amount in paid.items()
    )
    amounts = Amounts(total, 0, 0, 0, total)
    return Settlement(amounts, (amounts,), awards, split_of(claim, amounts, awards), (), ())


def shared(before: dict[str, int], after: dict[str, int], total: int, *, refused: int, advances: bool = True) -> Shared:
    claim = Claim(SITUATION, date(2018, 6, 9), (), {}, advances=advances)
    own = tuple(Part(layer, LAYERS[layer], amount) for layer, amount in before.items())
    counter = total - sum(before.values())
    borne = Borne(counter, own, (Part("top_up", LAYERS["top_up"], refused),))
    return share_out(decided(claim, after, total), claim, borne)


@given(before=parts, after=parts, refused=fen)
def test_the_hospital_gets_what_it_laid_out_and_the_patient_the_rest(
    before: dict[str, int], after: dict[str, int], refused: int
) -> None:
    total = 4_000_00
    made = shared(before, after, total, refused=refused)

    split, bears = made.settlement.split, made.hospital_bears
    assert split.hospital_advances + bears + split.owed_to_patient == sum(after.values())
    assert split.hospital_advances + bears == min(sum(before.values()), sum(after.values()))
    assert total == split.paid_total + bears + split.patient_pays
    assert split.due_at_discharge == total - split.hospital_advances - bears
    assert made.to_collect == split.due_at_discharge - (total - sum(before.values()))
    assert bears <= refused
    assert sum(award.paid for award in made.settlement.awards) == split.paid_total


@given(before=parts, after=parts)
def test_no_payers_money_goes_to_the_hospital_while_that_payer_owes_it_less(
    before: dict[str, int], after: dict[str, int]
) -> None:
    made = shared(before, after, 4_000_00, refused=0)

    now = {part.layer: part.amount for part in owed_to_hospital(made.settlement.awards, ())}
    for layer, amount in after.items():
        assert now.get(layer, 0) >= min(amount, before[layer]), "what was the hospital's stays the hospital's"


@given(before=parts, refused=fen)
def test_what_does_not_change_moves_nothing(before: dict[str, int], refused: int) -> None:
    made = shared(before, before, 4_000_00, refused=refused)

    own = {part.layer: part.amount for part in owed_to_hospital(made.settlement.awards, made.bears)}
    assert own == {layer: amount for layer, amount in before.items() if amount}
    assert (made.settlement.split.owed_to_patient, made.to_collect) == (0, 0)


@given(before=parts, after=parts)
def test_a_hospital_that_lays_nothing_out_gets_nothing(before: dict[str, int], after: dict[str, int]) -> None:
    assert shared(before, after, 4_000_00, refused=0, advances=False).settlement.split.hospital_advances == 0
