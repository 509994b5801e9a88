"""Papers that people carry: approved referrals, and chronic cards with the applications behind them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from service.clock import COUNTY_ZONE
from service.demo.dice import Dice, fixed_id
from service.demo.hospitals import DEMO_HOSPITAL, OPENED, referral_targets
from service.demo.known import KNOWN, known_person_no
from service.registers.entries import ChronicCard, Referral
from service.registers.model import CardStatus
from service.registers.periods import Dated
from service.registers.persons.bulk import NewPerson

_CERTIFIERS: Final = (DEMO_HOSPITAL, "DM-H102", "DM-H104", "DM-C01", "DM-R01")
_OLD_ENOUGH: Final = 40
_LAST_YEAR: Final = 2024
_OFFICE_OPENS: Final = time(9, 30)


@dataclass(frozen=True, slots=True)
class Papers:
    referrals: dict[str, Dated[Referral]]
    cards: dict[UUID, Dated[ChronicCard]]


def papers(people: Sequence[NewPerson], diseases: Sequence[str]) -> Papers:
    """Referrals by number and cards by id; `diseases` are the codes of the county's pack."""
    strangers = [each for each in people if not each.person.person_no.startswith("DM-K")]
    referrals = [*_known_referrals(), *_referrals(strangers)]
    cards = [*_known_cards(), *_cards(strangers, diseases)]
    return Papers(
        {f"DM-ZZ{number:04}": each for number, each in enumerate(referrals, 1)},
        {fixed_id(f"card of {each.what.person_no} for {each.what.disease_code}"): each for each in cards},
    )


def _known_referrals() -> Iterator[Dated[Referral]]:
    for number, known in enumerate(KNOWN, 1):
        if known.referred_to is not None:
            yield Dated(Referral(known_person_no(number), known.referred_to), OPENED)


def _referrals(people: Iterable[NewPerson]) -> Iterator[Dated[Referral]]:
    targets = referral_targets()
    for each in people:
        dice, day = Dice("referral", each.person.person_no), each.person.born_on or OPENED
        if dice.in_a_thousand(80, "is referred"):
            approved = date(dice.between(OPENED.year, _LAST_YEAR, "year"), 1, 1) + timedelta(dice.below(365, "day"))
            if day <= approved <= (each.person.died_on or approved):
                to = dice.one_of(targets, "to")
                yield Dated(Referral(each.person.person_no, to), approved, approved + timedelta(days=90))


def _known_cards() -> Iterator[Dated[ChronicCard]]:
    for number, known in enumerate(KNOWN, 1):
        for disease in known.cards:
            applied = OPENED - timedelta(days=20)
            card = _card(known_person_no(number), disease, DEMO_HOSPITAL, applied, CardStatus.APPROVED)
            yield Dated(card, OPENED)


def _cards(people: Iterable[NewPerson], diseases: Sequence[str]) -> Iterator[Dated[ChronicCard]]:
    """Of those who were forty in 2018, one in four asked for a card: most got it, for good or for two years."""
    for each in people:
        number, born_on = each.person.person_no, each.person.born_on or OPENED
        dice = Dice("card", number)
        if OPENED.year - born_on.year < _OLD_ENOUGH or not dice.in_a_thousand(250, "asks"):
            continue
        first = OPENED
        if dice.in_a_thousand(500, "later"):
            first = date(dice.between(2018, 2023, "year"), dice.between(1, 12, "month"), 1)
        if first > (each.person.died_on or first):
            continue
        status = dice.one_of([CardStatus.APPROVED] * 18 + [CardStatus.APPLIED, CardStatus.REFUSED], "status")
        card = _card(
            number, dice.one_of(diseases, "disease"), dice.one_of(_CERTIFIERS, "by"), first - timedelta(20), status
        )
        yield Dated(card, first, first + timedelta(days=730) if dice.in_a_thousand(250, "ends") else None)


def _card(person_no: str, disease: str, hospital: str, applied: date, status: CardStatus) -> ChronicCard:
    decided = None
    if status is not CardStatus.APPLIED:
        decided = datetime.combine(applied + timedelta(days=12), _OFFICE_OPENS, COUNTY_ZONE)
    return ChronicCard(
        person_no=person_no,
        disease_code=disease,
        certificate_hospital_code=hospital,
        certificate_issued_on=applied - timedelta(days=8),
        applied_on=applied,
        status=status,
        decision_reason="诊断证明不足" if status is CardStatus.REFUSED else None,
        decided_at=decided,
        decided_by=None if decided is None else "demo-agency",
    )
