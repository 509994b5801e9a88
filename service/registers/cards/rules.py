"""Whether an application for a chronic card may be taken. Pure; the limits come from the policy pack."""

import calendar
from datetime import date

from service.errors import InputError, Text
from service.registers.cards.refusals import CertificateLevel, CertificateTooOld, DiseaseUnknown
from service.registers.entries import ChronicCard
from service.registers.model import ChronicRules
from service.wire.refusals import RequestInvalid

_APPLIED_IN_FUTURE = InputError(
    "/applied_on",
    "card.applied_in_future",
    Text("申请日期不得晚于今天。", "An application cannot be dated after today."),
)


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier, or the last day of that month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def refuse_application(card: ChronicCard, level: str, rules: ChronicRules, today: date) -> None:
    """
    Refuse an unknown disease, a certificate that is too old, or one from a hospital below the level asked for.

    `level` is the certifying hospital's on the day of issue. The certificate may be as old as the allowed months to
    the day, and not younger than the application (000 annex; 001).
    """
    if card.applied_on > today:
        raise RequestInvalid.at(_APPLIED_IN_FUTURE)
    if card.disease_code not in rules.disease_codes:
        raise DiseaseUnknown("/disease_code")
    oldest = months_before(card.applied_on, rules.certificate_months)
    if not oldest <= card.certificate_issued_on <= card.applied_on:
        raise CertificateTooOld("/certificate/issued_on")
    if level not in rules.certificate_levels:
        raise CertificateLevel("/certificate/hospital_code")
