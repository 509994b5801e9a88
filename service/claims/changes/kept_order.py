"""A visit as it was ordered: what has to be kept of it, and the order written down again, to be decided anew."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from service.access.vault import Vault
from service.claims import trace
from service.claims.bill import LineTerms
from service.claims.model import BillLine, Order, OrderedLine, PlatformTotals, Record, ThirdParty
from service.registers.keys import person_key
from service.registers.model import KeyKind

_Stated = tuple[str | None, int | None, int | None]


def stated(order: Order, terms: Sequence[LineTerms]) -> list[list[object]]:
    """
    What the caller said of a line's terms where other terms were used: line number, grade, ratio, ceiling.

    So that the order can be written down again when the visit is decided anew (domain §6).
    """
    return [
        [line.line_no, line.grade, line.self_pay_ratio, line.price_ceiling]
        for line, own in zip(order.lines, terms, strict=True)
        if (line.grade, line.self_pay_ratio or 0, line.price_ceiling) != own[:3]
    ]


def kept_order(record: Record, vault: Vault) -> Order:
    """The order of a settlement, its bill as the caller stated it and not as the catalogue had it on that day."""
    facts, claim = record.trace["facts"], trace.claim_of(record.trace["claim"], record.bill)
    stated: dict[int, _Stated] = {number: (grade, ratio, top) for number, grade, ratio, top in facts["stated"]}
    totals = facts["platform_totals"]
    return Order(
        hospital_code=record.hospital_code,
        visit_no=record.visit_no,
        interim_no=record.interim_no,
        visit_type=record.visit_type,
        person_key=person_key(vault, KeyKind.PERSON_NO, record.person_no),
        admitted_on=record.admitted_on,
        last_day=record.last_day,
        lines=tuple(_line(line, stated.get(line.line_no)) for line in record.bill),
        diagnoses=tuple((code, name) for code, name in facts["diagnoses"]),
        referral_no=record.referral_no,
        disease_code=record.disease_code,
        invoice_no=record.invoice_no,
        third_party=ThirdParty(facts["third_party"]),
        injury_note=facts["injury_note"],
        decided=tuple(claim.decided.values()),
        platform_totals=PlatformTotals(*totals) if totals is not None else None,
        other=claim.other,
        advances=claim.advances,
        approved_aid=claim.approved_aid,
    )


def is_same_bill(one: Order, other: Order) -> bool:
    """Whether two orders of one visit say the same, however they name the person and in whatever order their layers."""
    return _said(one) == _said(other)


def _said(order: Order) -> Order:
    return replace(
        order,
        person_key=("", b""),
        lines=tuple(line._replace(self_pay_ratio=line.self_pay_ratio or 0) for line in order.lines),
        decided=tuple(sorted(order.decided)),
    )


def _line(line: BillLine, stated: _Stated | None) -> OrderedLine:
    grade, ratio, ceiling = stated or (line.grade, line.first_pay_ratio, line.ceiling)
    return OrderedLine(
        line.line_no,
        line.item_code,
        line.item_name,
        line.category,
        grade,
        line.unit_price,
        line.quantity,
        line.amount,
        ratio,
        ceiling,
        date.fromisoformat(line.charged_on),
    )
