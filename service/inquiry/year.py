"""A patient's year: what it cost, who paid it, and how far it is to the next threshold of each layer, in words."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from service.admission.year import of_year
from service.claims.year import Totals, sums_of, totals_of_year
from service.inquiry.guard import Inquirer
from service.money import unscaled, yuan
from service.policy.conditions import Situation, VisitType
from service.policy.model import Pack
from service.registers.keys import person_key
from service.registers.model import KeyKind
from service.registers.recognition.actions import Recognised, recognise
from service.settlement.bands_ahead import BandAhead, bands_ahead
from service.settlement.remaining import Person, Remaining
from service.text import Text
from service.words import HospitalLevel, Location

_PERCENT_PLACES: Final = 4
_VISITS: Final = {
    VisitType.INPATIENT.value: Text("住院", "stays"),
    VisitType.CHRONIC_OUTPATIENT.value: Text("门诊慢性病", "chronic visits"),
}


class Distance(NamedTuple):
    """How far it is to a threshold (fen): the threshold, what is left to it, and what it means."""

    layer: str
    what: str
    visit_type: str
    threshold: int
    left: int
    text: Text


@dataclass(frozen=True, slots=True)
class Year:
    """A person's benefit year. `name` and `id_no` are masked; `distances` only of the running year."""

    year: int
    name: str
    id_no: str | None
    totals: Totals
    layer_names: dict[str, Text]
    distances: tuple[Distance, ...]


async def read(patient: Inquirer, year: int | None) -> Year:
    """The running year of the patient, or another one's totals."""
    key = person_key(patient.vault, KeyKind.PERSON_NO, patient.person_no)
    found = await recognise(patient.registers, KeyKind.PERSON_NO, patient.person_no)
    asked = year if year is not None else patient.today.year
    totals = await totals_of_year(patient.tx, patient.county_code, patient.person_no, asked)
    pack = patient.law.packs.on(patient.county_code, patient.today)
    left = await of_year(patient.tx, patient.caller, patient.law.packs, found, key[1]) or []
    ahead = await _ahead(patient, pack, found) if pack is not None else []

    names = {layer.id: layer.name for layer in pack.layers} if pack is not None else {}
    said_by_band = {(each.layer, each.left) for each in ahead}
    distances = [_left(each, names, pack) for each in left if (each.layer, each.left) not in said_by_band]
    distances += [_band(each, names) for each in ahead]
    await patient.note("patient.year")
    running = asked == patient.today.year
    person = found.person
    return Year(asked, person.name, person.id_no, totals, names, tuple(distances) if running else ())


async def _ahead(patient: Inquirer, pack: Pack, found: Recognised) -> list[BandAhead]:
    identities = frozenset(each.what.identity_class for each in found.identities)
    situation = Situation(
        VisitType.INPATIENT, identities, Location.COUNTY, HospitalLevel.LEVEL2, specialist=False, referred=False
    )
    sums = await sums_of(patient.tx, patient.county_code, patient.person_no, (str(patient.today.year),))
    return bands_ahead(pack, Person(situation, patient.today, sums))


def _left(each: Remaining, names: dict[str, Text], pack: Pack | None) -> Distance:
    layer, visits = names.get(each.layer, Text(each.layer, each.layer)), _VISITS[each.visit_type]
    limit, left = yuan(each.limit), yuan(each.left)
    head = Text(f"{layer.zh}（{visits.zh}）：", f"{layer.en} ({visits.en}): ")
    disease = pack.diseases[each.disease].name if pack is not None and each.disease is not None else ""
    match each.what, each.per, each.left > 0:
        case "deductible", "stay", True:
            says = Text(f"每次起付线 {limit} 元。", f"each visit has a deductible of {limit} yuan.")
        case "deductible", _, True:
            says = Text(
                f"本年起付线 {limit} 元，再自付 {left} 元后开始支付。",
                f"of this year's deductible of {limit} yuan, {left} yuan is left to bear before it pays.",
            )
        case "deductible", _, False:
            says = Text("起付线已满足，从第一元起支付。", "there is no deductible left: it pays from the first yuan.")
        case "cap", "disease_year", _:
            says = Text(
                f"{disease}本年限额 {limit} 元，还可支付 {left} 元。",
                f"of this year's limit of {limit} yuan for {disease}, {left} yuan is left.",
            )
        case "cap", _, True:
            says = Text(
                f"本年最高支付 {limit} 元，还可支付 {left} 元。",
                f"of at most {limit} yuan a year, {left} yuan is left.",
            )
        case "cap", _, _:
            says = Text(f"本年最高支付 {limit} 元，已用完。", f"the {limit} yuan of this year are used up.")
        case _:
            says = Text(
                f"本年自付超过 {limit} 元的部分由其支付，还差 {left} 元。",
                f"what you bear beyond {limit} yuan a year is paid; {left} yuan is left to that.",
            )
    text = Text(head.zh + says.zh, head.en + says.en)
    return Distance(each.layer, each.what, each.visit_type, each.limit, each.left, text)


def _band(each: BandAhead, names: dict[str, Text]) -> Distance:
    layer = names.get(each.layer, Text(each.layer, each.layer))
    left, share = yuan(each.left), unscaled(each.ratio, _PERCENT_PLACES)
    text = Text(
        f"{layer.zh}：本年再自付 {left} 元后，超出部分按 {share}% 支付。",
        f"{layer.en}: after {left} yuan more this year, {share}% of what is beyond is paid.",
    )
    return Distance(each.layer, "band", VisitType.INPATIENT.value, each.threshold, each.left, text)
