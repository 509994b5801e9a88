"""May this visit be settled at all? Pure: the order, the registers' facts and the person's history decide."""

from datetime import date, timedelta

from service.claims import refusals as no
from service.claims.model import History, LiveVisit, Order, ThirdParty
from service.claims.taken import already_settled
from service.errors import Text
from service.policy.conditions import VisitType
from service.policy.model import Pack
from service.registers.model import HospitalFacts, PersonFacts, VisitFacts

DAY = timedelta(days=1)


def check_order(order: Order, today: date) -> None:
    """What the order alone tells. Raises fee_lines.empty, visit.dates, injury.liable_paid."""
    if not order.lines and not order.may_end_a_stay:
        raise _lines_empty()
    if order.last_day < order.admitted_on:
        raise no.VisitDates(
            Text("出院日期早于入院日期，请更正。", "Discharge is before admission: correct the dates."),
            pointer="/discharged_on",
        )
    if order.last_day > today:
        raise no.VisitDates(
            Text(f"日期晚于今天（{today}），请更正。", f"The day lies after today ({today}): correct it."),
            pointer="/discharged_on" if order.is_stay else "/service_on",
        )
    if order.third_party == ThirdParty.LIABLE_PAID:
        raise no.LiablePaid(
            Text(
                "第三方已赔付医疗费用，基金不再支付；请由医院与责任方结清。",
                "A third party has paid for the injury; the funds pay nothing. Settle the bill with that party.",
            ),
            pointer="/injury/third_party",
        )


def _lines_empty() -> no.LinesEmpty:
    return no.LinesEmpty(
        Text("账单没有费用明细，请上传明细后再结算。", "The bill has no lines: send them, then settle."),
        pointer="/fee_lines",
    )


def check_hospital(order: Order, facts: VisitFacts) -> HospitalFacts:
    """Raises hospital.unknown, and where it is to lay money out hospital.suspended, hospital.not_connected."""
    hospital = facts.hospital
    if hospital is None:
        raise unknown_hospital(order.hospital_code)
    if not order.advances:
        return hospital
    if hospital.suspended is not None:
        raise no.HospitalSuspended(
            Text(
                f"医院在 {order.last_day} 已暂停结算（{hospital.suspended}），请联系医保经办机构。",
                f"The hospital was suspended on {order.last_day} ({hospital.suspended}): ask the agency.",
            ),
            pointer="/hospital_code",
        )
    if not hospital.connected:
        raise no.HospitalNotConnected(
            Text(
                f"医院在 {order.last_day} 未接入系统，请按手工报销办理。",
                f"The hospital was not connected on {order.last_day}: file a manual claim.",
            ),
            pointer="/hospital_code",
        )
    return hospital


def unknown_hospital(hospital_code: str) -> no.HospitalUnknown:
    return no.HospitalUnknown(
        Text(
            f"查无医院 {hospital_code}，请核对医院编码。",
            f"There is no hospital {hospital_code}: check the code.",
        ),
        pointer="/hospital_code",
    )


def unknown_person() -> no.PersonUnknown:
    return no.PersonUnknown(
        Text(
            "查无此人，请核对证件号码；新参保人员请先登记。",
            "Nobody is registered under this number: check it, or have the person registered.",
        ),
        pointer="/person",
    )


def check_person(order: Order, facts: VisitFacts) -> PersonFacts:
    """Raises person.unknown, person.barred, person.not_insured, visit.dates (before birth, after death)."""
    person = facts.person
    if person is None:
        raise unknown_person()
    if person.barred is not None:
        raise no.PersonBarred(
            Text(
                f"该人员在 {order.last_day} 暂停享受待遇（{person.barred}），请联系医保经办机构。",
                f"Benefits were suspended on {order.last_day} ({person.barred}): ask the agency.",
            ),
            pointer="/person",
        )
    if not person.insured:
        raise no.PersonNotInsured(
            Text(
                f"该人员在 {order.last_day} 未参保，请核对参保状态。",
                f"The person was not insured on {order.last_day}: check the insurance record.",
            ),
            pointer="/person",
        )
    if person.born_on is not None and order.admitted_on < person.born_on:
        raise no.VisitDates(
            Text(
                f"就诊日期早于登记的出生日期（{person.born_on}），请核对。",
                f"The visit begins before the registered day of birth ({person.born_on}): check both.",
            ),
            pointer="/admitted_on" if order.is_stay else "/service_on",
        )
    if person.died_on is not None and order.last_day > person.died_on:
        raise no.VisitDates(
            Text(
                f"就诊日期晚于登记的死亡日期（{person.died_on}），请核对。",
                f"The visit ends after the registered day of death ({person.died_on}): check both.",
            ),
            pointer="/discharged_on" if order.is_stay else "/service_on",
        )
    return person


def check_chronic(order: Order, facts: VisitFacts, pack: Pack) -> None:
    """Raises chronic.unknown_disease, chronic.no_card."""
    if order.is_stay:
        return
    if order.disease_code not in pack.diseases:
        raise no.ChronicUnknownDisease(
            Text(
                f"病种 {order.disease_code} 不在政策包 {pack.id} 的目录内，请核对代码。",
                f"Disease {order.disease_code} is not on the list of {pack.id}: check the code.",
            ),
            pointer="/disease_code",
        )
    if facts.card is None:
        raise no.ChronicNoCard(
            Text(
                f"该人员在 {order.last_day} 没有病种 {order.disease_code} 的有效慢性病卡，请先申办或续期。",
                f"No card for {order.disease_code} was in force on {order.last_day}: apply for one or renew it.",
            ),
            pointer="/disease_code",
        )


def check_referral(order: Order, facts: VisitFacts, person: PersonFacts, first_admitted_on: date) -> bool:
    """Whether the stay is referred; in force on the day of first admission (domain §5). Raises referral.invalid."""
    if order.referral_no is None:
        return False
    referral = facts.referral
    if referral is None:
        raise _referral("查无此转诊单，请核对编号。", "There is no such referral: check the number.")
    if (referral.person_no, referral.hospital_code) != (person.person_no, order.hospital_code):
        raise _referral(
            "该转诊单不属于此人或此医院，请核对。",
            "The referral is another person's or for another hospital: check the number.",
        )
    if not (referral.approved_on <= first_admitted_on <= (referral.valid_to or date.max)):
        raise _referral(
            f"转诊单在入院日 {first_admitted_on} 不在有效期内，请办理新的转诊或按未转诊结算。",
            f"The referral was not in force on {first_admitted_on}, the day of admission: renew it or send none.",
        )
    return True


def _referral(zh: str, en: str) -> no.ReferralInvalid:
    return no.ReferralInvalid(Text(zh, en), pointer="/referral_no")


def check_history(order: Order, person: PersonFacts, history: History) -> None:
    """Raises visit.already_settled, visit.interim_order, visit.dates (parts), fee_lines.empty, visit.overlap."""
    for part in history.parts:
        if part.interim_no == order.interim_no:
            raise already_settled(part)
    _check_parts(order, person, history.parts)
    # The end of a stay whose parts hold all its cost has none of its own, and must still be settled.
    if not order.lines and not history.parts:
        raise _lines_empty()
    if order.is_stay:
        for other in history.others:
            if other.visit_type == VisitType.INPATIENT and overlaps(order, other):
                raise _overlap(order, other)


def _overlap(order: Order, other: LiveVisit) -> no.VisitOverlap:
    # Another hospital's stay is not this hospital's to know, but for the fact that there is one.
    own = other.hospital_code == order.hospital_code
    when_zh = f" {other.admitted_on} 至 {other.last_day} " if own else "在另一家医院"
    when_en = f"from {other.admitted_on} to {other.last_day}" if own else "in another hospital"
    return no.VisitOverlap(
        Text(
            f"该人员{when_zh}另有住院已结算，期间重叠超过转院当日；请核对日期。",
            f"A stay {when_en} is settled and overlaps by more than the day of transfer: check the dates.",
        ),
        pointer="/admitted_on",
    )


def _check_parts(order: Order, person: PersonFacts, parts: tuple[LiveVisit, ...]) -> None:
    if any(part.person_no != person.person_no for part in parts):
        raise _out_of_order("该就诊号已用于另一人员，请核对。", "The visit number is another person's: check it.")
    if any(part.visit_type != order.visit_type for part in parts):
        raise _out_of_order(
            "该就诊号已用于另一类就诊，请核对。", "The visit number is that of a visit of another type: check it."
        )
    numbers = sorted(part.interim_no for part in parts)
    if 0 in numbers:
        raise _out_of_order("该次住院已做最后结算，不能再分段。", "The last part of this stay is settled already.")
    if order.interim_no and numbers != list(range(1, order.interim_no)):
        raise _out_of_order(
            f"中途结算须依次进行：下一段应为 {len(numbers) + 1}，最后一段为 0。",
            f"Parts are settled in order: the next is {len(numbers) + 1}, the last is 0.",
        )
    ended = max((part.last_day for part in parts), default=None)
    if ended is not None and not ended <= order.admitted_on <= ended + DAY:
        raise no.VisitDates(
            Text(
                f"本段应从上一段结束的当日或次日（{ended}）开始，请更正。",
                f"A part begins on the day the part before it ended, {ended}, or the next: correct the date.",
            ),
            pointer="/admitted_on",
        )


def _out_of_order(zh: str, en: str) -> no.VisitInterimOrder:
    return no.VisitInterimOrder(Text(zh, en), pointer="/interim_no")


def overlaps(order: Order, other: LiveVisit | Order) -> bool:
    """
    Whether two stays share more than the day of transfer, on which one ends and the other begins.

    Nobody is transferred from a hospital to itself within one day: two stays of a single day there are one.
    """
    begins, ends = max(order.admitted_on, other.admitted_on), min(order.last_day, other.last_day)
    if begins != ends:
        return begins < ends
    transfer = begins == order.last_day == other.admitted_on or begins == other.last_day == order.admitted_on
    single_days = order.admitted_on == order.last_day and other.admitted_on == other.last_day
    return not transfer or (single_days and order.hospital_code == other.hospital_code)
