"""1101 who is it, 2001 what is the person entitled to, 5206 what was used this year, 5301 which chronic cards."""

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from service.claims.year import sums_of
from service.money import yuan
from service.nhsa.desk import Desk, Done
from service.nhsa.people import CIVIL_SERVANT, by_number, by_psn_no, told
from service.nhsa.refusals import invalid
from service.nhsa.translation import fund_of
from service.policy.conditions import Situation, VisitType
from service.policy.model import Layer, Pack
from service.policy.terms import AidTerms
from service.registers.facts import visit_facts
from service.registers.model import FactsAsked, KeyKind, VisitFacts
from service.registers.recognition.actions import Recognised, recognise
from service.words import HospitalLevel, Location

_SOCIAL_CARD: Final = "03"
_INSURED, _NOT_INSURED = "1", "0"
_FUND_CHECK: Final = "01"
_CUMULATIVE: Final = {
    "stays": "C0000_BIZ{stay}",
    "basic.paid": "D390101_BIZ{stay}",
    "serious.paid": "D390201_BIZ{stay}",
    "serious.base": "TS390201",
    "aid.paid": "D610101_BIZ{stay}",
    "top_up.paid": "D999109_BIZ{stay}",
}
_COUNTED: Final = frozenset({"stays"})


async def identify(desk: Desk) -> Done:
    """1101: the person behind a document, with insurance and the identities that aid rests on."""
    asked = desk.input["data"]
    by_card = asked.get("mdtrt_cert_type") == _SOCIAL_CARD
    number = asked.get("mdtrt_cert_no") if by_card else asked.get("certno") or asked.get("mdtrt_cert_no")
    if number is None:
        raise invalid("请给出证件号码 certno，或社会保障卡号 mdtrt_cert_no。", "Give certno, or the card's number.")
    kind = KeyKind.SOCIAL_CARD_NO if by_card else KeyKind.ID_NO
    known = await by_number(desk, kind, number)
    person = known.person
    if asked.get("psn_name", person.name) != person.name:
        raise invalid("姓名与证件号码不符，请核对后重新读卡。", "The name is not the one of this number: check both.")
    found = await recognise(desk.registers(person.county_code), KeyKind.PERSON_NO, person.person_no)
    insured = found.insured is not None and found.bar is None
    row = {
        "insutype": desk.profile.insutype,
        "psn_type": desk.profile.psn_type,
        "psn_insu_stas": _INSURED if insured else _NOT_INSURED,
        "psn_insu_date": _day(found.insured.valid_from) if found.insured else None,
        "paus_insu_date": _day(found.bar.valid_from) if found.bar else None,
        "cvlserv_flag": CIVIL_SERVANT,
        "insuplc_admdvs": person.county_code,
        "balc": "0.00",
    }
    return Done(
        {
            "baseinfo": told(person, desk.today),
            "insuinfo": [row],
            "idetinfo": list(_identities(desk, found)),
        }
    )


def _identities(desk: Desk, found: Recognised) -> Iterator[dict[str, Any]]:
    for held in found.identities:
        code = desk.profile.identities.get(held.what.identity_class)
        if code is not None:
            yield {
                "psn_idet_type": code,
                "memo": held.what.source,
                "begntime": f"{_day(held.valid_from) or '1900-01-01'} 00:00:00",
                "endtime": f"{held.valid_to} 23:59:59" if held.valid_to else None,
            }


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


async def entitlement(desk: Desk) -> Done:
    """2001: which funds would pay, and why one would not."""
    asked = desk.input["data"]
    day = date.fromisoformat(asked["begntime"][:10])
    known = await by_psn_no(desk, asked["psn_no"])
    chronic = asked["med_type"] in desk.profile.chronic
    facts = await visit_facts(
        desk.tx,
        FactsAsked(known.key, desk.institution.hospital_code, day, day, day, disease_code=asked.get("dise_codg")),
    )
    pack = desk.ground.packs.on(known.person.county_code, day)
    await desk.note("person.entitlement", person_no=known.person.person_no)
    rows = [] if pack is None else [_entitled(desk, pack, layer, facts, chronic, day) for layer in pack.layers]
    named = {"psn_no": known.person.person_no, "trt_chk_type": _FUND_CHECK, "begndate": day.isoformat()}
    return Done({"trtinfo": [named | row for row in rows if row]})


def _entitled(
    desk: Desk, pack: Pack, layer: Layer, facts: VisitFacts, chronic: bool, day: date
) -> dict[str, Any] | None:
    if layer.rule == "other":
        return None
    why = _why_not(layer, facts, chronic, day)
    fund = fund_of({"layer": layer.id, "payer": layer.payers[0].payer}, desk.profile)
    return {
        "fund_pay_type": fund.type,
        "trt_enjymnt_flag": "1" if why is None else "0",
        "trt_chk_rslt": why,
        "enddate": _day(pack.valid_to),
    }


def _why_not(layer: Layer, facts: VisitFacts, chronic: bool, day: date) -> str | None:
    person, hospital = facts.person, facts.hospital
    if person is None or not person.insured:
        return "当日未参保"
    if person.barred is not None:
        return f"待遇已暂停（{person.barred}）"
    if hospital is None or hospital.suspended is not None or not hospital.connected:
        return "本机构当日不能结算"
    if chronic and facts.card is None:
        return "当日没有该病种的有效慢特病备案"
    visit_type = VisitType.CHRONIC_OUTPATIENT if chronic else VisitType.INPATIENT
    terms = layer.on(visit_type, day)
    situation = Situation(
        visit_type,
        frozenset(person.identities),
        Location(hospital.location),
        HospitalLevel(hospital.level),
        hospital.specialist,
        False,
    )
    if terms.none or not terms.eligible.holds(situation):
        return "该就诊类型、人员身份或就医地不享受本项待遇（有有效转诊的，以结算为准）"
    if isinstance(terms.rule, AidTerms) and not any(one.when.holds(situation) for one in terms.rule.classes):
        return "人员身份不属于救助对象"
    return None


async def accumulated(desk: Desk) -> Done:
    """5206: the sums of the year, as the interface's platforms name them."""
    asked = desk.input["data"]
    known = await by_psn_no(desk, asked["psn_no"])
    year = asked.get("cum_ym", str(desk.today.year))[:4]
    sums = await sums_of(desk.tx, known.person.county_code, known.person.person_no, (year,))
    await desk.note("person.accumulators", person_no=known.person.person_no)
    stay = min(desk.profile.stays)
    rows = [
        {
            "insutype": desk.profile.insutype,
            "year": year,
            "cum_ym": asked.get("cum_ym", f"{year}12"),
            "cum_type_code": code.format(stay=stay),
            "cum": str(amount) if name in _COUNTED else yuan(amount),
        }
        for name, code in _CUMULATIVE.items()
        for amount in [sums.get((year, name), 0)]
    ]
    return Done({"cuminfo": rows})


async def chronic_cards(desk: Desk) -> Done:
    """5301: the diseases for which the person has a card in force."""
    known = await by_psn_no(desk, desk.input["data"]["psn_no"])
    found = await recognise(desk.registers(known.person.county_code), KeyKind.PERSON_NO, known.person.person_no)
    pack = desk.ground.packs.on(known.person.county_code, desk.today)
    names = {} if pack is None else {code: disease.name for code, disease in pack.diseases.items()}
    rows = [
        {
            "opsp_dise_code": card.what.disease_code,
            "opsp_dise_name": names.get(card.what.disease_code, card.what.disease_code),
            "begndate": _day(card.valid_from) or "1900-01-01",
            "enddate": _day(card.valid_to),
        }
        for _, card in found.cards
    ]
    return Done({"feedetail": rows})
