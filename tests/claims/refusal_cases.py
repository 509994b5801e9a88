"""Every visit that is not settled: what is wrong with it, and what must be answered (api.md, Settlement)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.claims.bills import Body, chronic, fee_line, stay

Names = dict[str, str]
"""What the county of these cases calls its people, hospitals and referrals."""

Make = Callable[[Names], Body]


@dataclass(frozen=True)
class Refused:
    """A request and its refusal. `error` is the code inside `errors` where it is not the refusal's own."""

    id: str
    make: Make
    code: str
    pointer: str
    status: int = 422
    error: str | None = None
    by: str = "agency"


def of(**changes: Any) -> Make:
    """The plain stay with these fields changed; a value of the form "@name" is one of the county's names."""
    return lambda names: stay(names["hospital"], names["poor"], **_named(changes, names))


def visit(**changes: Any) -> Make:
    """The plain chronic visit with these fields changed."""
    return lambda names: chronic(names["hospital"], names["carded"], **_named(changes, names))


def _named(value: Any, names: Names) -> Any:
    match value:
        case str() if value.startswith("@"):
            return names[value[1:]]
        case dict():
            return {key: _named(one, names) for key, one in value.items()}
        case list():
            return [_named(one, names) for one in value]
        case _:
            return value


def lines(*changed: Body) -> Make:
    return of(fee_lines=list(changed))


def without(*fields: str, chronic_visit: bool = False) -> Make:
    def make(names: Names) -> Body:
        body = (visit() if chronic_visit else of())(names)
        return {field: value for field, value in body.items() if field not in fields}

    return make


def decided(*layers: tuple[str, str], **more: Any) -> Make:
    return of(decided_layers=[{"layer": layer, "paid": paid} for layer, paid in layers], **more)


def overlapping(name: str, first: str, last: str) -> Refused:
    make = of(person={"id_no": "@settled"}, admitted_on=first, discharged_on=last)
    return Refused(f"overlap-{name}", make, "visit.overlap", "/admitted_on")


def part(name: str, code: str, pointer: str, status: int = 422, **changes: Any) -> Refused:
    plain = {
        "person": {"id_no": "@long"},
        "visit_no": "LONG",
        "admitted_on": "2018-03-11",
        "discharged_on": "2018-03-20",
    }
    return Refused(name, of(**plain | changes), code, pointer, status)


PEOPLE = [
    Refused("unknown-id", of(person={"id_no": "459901199901010018"}), "person.unknown", "/person"),
    Refused("unknown-number", of(person={"person_no": "P0"}), "person.unknown", "/person"),
    Refused("unknown-card", of(person={"social_card_no": "S0"}), "person.unknown", "/person"),
    Refused("not-insured", of(person={"id_no": "@uninsured"}), "person.not_insured", "/person"),
    Refused("barred", of(person={"id_no": "@barred"}), "person.barred", "/person"),
    Refused(
        "policy-2017",
        of(admitted_on="2017-12-01", discharged_on="2017-12-31"),
        "policy.none_in_force",
        "/discharged_on",
    ),
    Refused("policy-2017-chronic", visit(service_on="2017-12-31"), "policy.none_in_force", "/service_on"),
]
HOSPITALS = [
    Refused("unknown", of(hospital_code="H0"), "hospital.unknown", "/hospital_code", 404),
    Refused("foreign", of(hospital_code="@other_hospital"), "hospital.unknown", "/hospital_code", 404, by="hospital"),
    Refused("absent", of(hospital_code="H0"), "hospital.unknown", "/hospital_code", 404, by="hospital"),
    Refused("not-connected", of(hospital_code="@unconnected"), "hospital.not_connected", "/hospital_code"),
    Refused("suspended", of(hospital_code="@suspended"), "hospital.suspended", "/hospital_code"),
    Refused("agency-elsewhere", of(), "person.unknown", "/person", by="neighbour"),
]
DATES = [
    Refused("reversed", of(discharged_on="2018-05-31"), "visit.dates", "/discharged_on"),
    Refused("future", of(discharged_on="2999-01-01"), "visit.dates", "/discharged_on"),
    Refused("future-chronic", visit(service_on="2999-01-01"), "visit.dates", "/service_on"),
    Refused("after-death", of(person={"id_no": "@dead"}), "visit.dates", "/discharged_on"),
    Refused("after-death-chronic", visit(person={"id_no": "@dead"}), "visit.dates", "/service_on"),
    part("part-before-earlier-ended", "visit.dates", "/admitted_on", admitted_on="2018-03-09"),
    overlapping("same", "2018-04-10", "2018-04-20"),
    overlapping("inside", "2018-04-12", "2018-04-15"),
    overlapping("one-day-inside", "2018-04-15", "2018-04-15"),
    overlapping("around", "2018-04-01", "2018-04-30"),
    overlapping("head", "2018-04-05", "2018-04-11"),
    overlapping("tail", "2018-04-19", "2018-04-25"),
    overlapping("same-last-day", "2018-04-19", "2018-04-20"),
    overlapping("same-first-day", "2018-04-10", "2018-04-11"),
]
VISITS = [
    Refused("settled", of(person={"id_no": "@settled"}, visit_no="DONE"), "visit.already_settled", "/visit_no", 409),
    Refused("settled-part-of-another", of(visit_no="DONE", interim_no=1), "visit.interim_order", "/interim_no"),
    Refused("settled-to-another", of(visit_no="DONE"), "visit.already_settled", "/visit_no", 409),
    part("part-again", "visit.already_settled", "/visit_no", 409, interim_no=1),
    part("part-skipped", "visit.interim_order", "/interim_no", interim_no=3),
    Refused("first-part-is-2", of(interim_no=2), "visit.interim_order", "/interim_no"),
    Refused(
        "after-last",
        of(person={"id_no": "@settled"}, visit_no="DONE", interim_no=1),
        "visit.interim_order",
        "/interim_no",
    ),
    part("part-of-another-person", "visit.interim_order", "/interim_no", interim_no=2, person={"id_no": "@poor"}),
    Refused("liable-paid", of(injury={"third_party": "liable_paid"}), "injury.liable_paid", "/injury/third_party"),
]
REFERRALS = [
    Refused(f"referral-{name}", of(referral_no=number), "referral.invalid", "/referral_no")
    for name, number in {
        "unknown": "ZZ0",
        "expired": "@referral_expired",
        "not-yet": "@referral_later",
        "other-person": "@referral_other_person",
        "other-hospital": "@referral_other_hospital",
    }.items()
]
MISMATCH, NEGATIVE = "fee_lines.amount_mismatch", "fee_lines.net_negative"
LINES = [
    Refused("empty", lines(), "fee_lines.empty", "/fee_lines"),
    Refused("two-fen-above", lines(fee_line(amount="1000.02")), MISMATCH, "/fee_lines/0/amount"),
    Refused("two-fen-below", lines(fee_line(), fee_line(2, amount="999.98")), MISMATCH, "/fee_lines/1/amount"),
    Refused(
        "over-a-fen", lines(fee_line(price="0.333333", quantity="1", amount="0.35")), MISMATCH, "/fee_lines/0/amount"
    ),
    Refused("wrong-sign", lines(fee_line(amount="-1000.00")), MISMATCH, "/fee_lines/0/amount"),
    Refused("nothing-costs-a-fen", lines(fee_line(quantity="0", amount="0.01")), MISMATCH, "/fee_lines/0/amount"),
    Refused("net-quantity", lines(fee_line(), fee_line(2, quantity="-10.0001")), NEGATIVE, "/fee_lines/1"),
    Refused("net-amount", lines(fee_line(), fee_line(2, price="300.00", quantity="-4")), NEGATIVE, "/fee_lines/1"),
    Refused("net-other-item", lines(fee_line(), fee_line(2, "T-B", quantity="-1")), NEGATIVE, "/fee_lines/1"),
    part("net-over-parts", NEGATIVE, "/fee_lines/1", interim_no=2, fee_lines=[fee_line(), fee_line(2, quantity="-21")]),
    part("part-below-zero", NEGATIVE, "/fee_lines", interim_no=2, fee_lines=[fee_line(quantity="-1")]),
]
CHRONIC = [
    Refused("no-card", visit(person={"id_no": "@poor"}), "chronic.no_card", "/disease_code"),
    Refused("card-of-another-disease", visit(disease_code="CD04"), "chronic.no_card", "/disease_code"),
    Refused("card-applied", visit(person={"id_no": "@card_applied"}), "chronic.no_card", "/disease_code"),
    Refused("card-refused", visit(person={"id_no": "@card_refused"}), "chronic.no_card", "/disease_code"),
    Refused("card-expired", visit(person={"id_no": "@card_expired"}), "chronic.no_card", "/disease_code"),
    Refused("card-later", visit(person={"id_no": "@card_later"}), "chronic.no_card", "/disease_code"),
    Refused("disease-unknown", visit(disease_code="CD30"), "chronic.unknown_disease", "/disease_code"),
]
PARTS = "decided_layers.parts_mismatch"
THREE = (("basic", "500.00"), ("serious", "100.00"), ("aid", "0.00"))


def totals(total: str, patient_pays: str) -> Body:
    return {"platform_totals": {"total": total, "patient_pays": patient_pays}}


DECIDED = [
    Refused("above-scope", decided(("basic", "900.00"), ("serious", "100.01")), PARTS, "/decided_layers"),
    Refused(
        "above-scope-though-not-total",
        decided(("basic", "1000.01"), fee_lines=[fee_line(), fee_line(2, "T-C", grade="C")]),
        PARTS,
        "/decided_layers",
    ),
    Refused("above-total", decided(("basic", "900.00"), ("top_up", "100.01")), PARTS, "/decided_layers"),
    Refused("platform-total", decided(*THREE, **totals("999.99", "399.99")), PARTS, "/platform_totals/total"),
    Refused("platform-patient", decided(*THREE, **totals("1000.00", "400.01")), PARTS, "/platform_totals/patient_pays"),
    Refused("platform-alone", of(**totals("1000.00", "0.00")), PARTS, "/platform_totals/patient_pays"),
]
REFUSALS = [*PEOPLE, *HOSPITALS, *DATES, *VISITS, *REFERRALS, *LINES, *CHRONIC, *DECIDED]


def invalid(name: str, make: Make, pointer: str, error: str) -> Refused:
    return Refused(name, make, "request.invalid", pointer, error=error)


FORMAT, MISSING, UNEXPECTED = "request.format", "request.missing", "request.unexpected"
INVALID = [
    invalid("unknown-field", of(visit_number="1"), "/visit_number", "request.unknown_field"),
    invalid(
        "unknown-field-in-line",
        lines(fee_line(price_celling="1")),
        "/fee_lines/0/price_celling",
        "request.unknown_field",
    ),
    invalid("unknown-field-in-person", of(person={"id": "1"}), "/person/id", "request.unknown_field"),
    invalid("number-amount", lines(fee_line(amount=1000.00)), "/fee_lines/0/amount", FORMAT),
    invalid("whole-number-amount", lines(fee_line(amount=1000)), "/fee_lines/0/amount", FORMAT),
    invalid("number-price", lines(fee_line(unit_price=100)), "/fee_lines/0/unit_price", FORMAT),
    invalid("number-quantity", lines(fee_line() | {"quantity": 10}), "/fee_lines/0/quantity", FORMAT),
    invalid("three-decimals", lines(fee_line(amount="1000.000")), "/fee_lines/0/amount", FORMAT),
    invalid("one-decimal", lines(fee_line(amount="1000.0")), "/fee_lines/0/amount", FORMAT),
    invalid("seven-decimals-of-price", lines(fee_line(unit_price="1.1234567")), "/fee_lines/0/unit_price", FORMAT),
    invalid("five-decimals-of-quantity", lines(fee_line() | {"quantity": "1.12345"}), "/fee_lines/0/quantity", FORMAT),
    invalid("exponent", lines(fee_line(amount="1e3")), "/fee_lines/0/amount", FORMAT),
    invalid("thousands", lines(fee_line(amount="1,000.00")), "/fee_lines/0/amount", FORMAT),
    invalid("plus", lines(fee_line() | {"quantity": "+10"}), "/fee_lines/0/quantity", FORMAT),
    invalid("full-width-digits", lines(fee_line() | {"quantity": "１０"}), "/fee_lines/0/quantity", FORMAT),
    invalid("huge-amount", lines(fee_line(amount="9" * 13 + ".00")), "/fee_lines/0/amount", FORMAT),
    invalid(
        "huge-total",
        lines(*[fee_line(n, price="999999999", quantity="1000") for n in (1, 2)]),
        "/fee_lines",
        "request.range",
    ),
    invalid("huge-price", lines(fee_line(unit_price="9" * 40)), "/fee_lines/0/unit_price", FORMAT),
    invalid("negative-price", lines(fee_line(unit_price="-1.00")), "/fee_lines/0/unit_price", FORMAT),
    invalid("ratio-above-one", lines(fee_line(grade="B", self_pay_ratio="1.1")), "/fee_lines/0/self_pay_ratio", FORMAT),
    invalid("grade-d", lines(fee_line(grade="D")), "/fee_lines/0/grade", "request.choice"),
    invalid("line-number-text", lines(fee_line(line_no="1")), "/fee_lines/0/line_no", "request.type"),
    invalid("line-number-twice", lines(fee_line(), fee_line(1, "T-B")), "/fee_lines/1/line_no", "request.duplicate"),
    invalid("grade-missing", lines(fee_line(grade=None)), "/fee_lines/0/grade", "fee_lines.terms_missing"),
    invalid("ratio-missing", lines(fee_line(grade="B")), "/fee_lines/0/self_pay_ratio", "fee_lines.terms_missing"),
    invalid("no-lines-field", without("fee_lines"), "/fee_lines", MISSING),
    invalid("no-person", without("person"), "/person", MISSING),
    invalid("no-number", of(person={}), "/person", "request.one_of"),
    invalid("two-numbers", of(person={"id_no": "@poor", "person_no": "P1"}), "/person", "request.one_of"),
    invalid("stay-without-admission", without("admitted_on"), "/admitted_on", MISSING),
    invalid("stay-without-discharge", without("discharged_on"), "/discharged_on", MISSING),
    invalid("stay-with-service-day", of(service_on="2018-06-05"), "/service_on", UNEXPECTED),
    invalid("stay-with-disease", of(disease_code="CD03"), "/disease_code", UNEXPECTED),
    invalid("visit-without-day", without("service_on", chronic_visit=True), "/service_on", MISSING),
    invalid("visit-without-disease", without("disease_code", chronic_visit=True), "/disease_code", MISSING),
    invalid("visit-with-stay", visit(admitted_on="2018-06-05"), "/admitted_on", UNEXPECTED),
    invalid("visit-with-referral", visit(referral_no="ZZ1"), "/referral_no", UNEXPECTED),
    invalid("visit-in-parts", visit(interim_no=1), "/interim_no", UNEXPECTED),
    invalid("no-such-day", of(discharged_on="2018-02-30"), "/discharged_on", FORMAT),
    invalid("day-with-time", of(discharged_on="2018-06-09T00:00:00"), "/discharged_on", FORMAT),
    invalid("day-of-year-0", of(admitted_on="0000-01-01"), "/admitted_on", FORMAT),
    invalid("visit-type", of(visit_type="emergency"), "/visit_type", "request.choice"),
    invalid("interim-negative", of(interim_no=-1), "/interim_no", "request.range"),
    invalid("interim-huge", of(interim_no=10**12), "/interim_no", "request.range"),
    invalid("interim-true", of(interim_no=True), "/interim_no", "request.type"),
    invalid("code-with-space", of(visit_no="ZY 1"), "/visit_no", FORMAT),
    invalid("code-too-long", of(visit_no="Z" * 65), "/visit_no", FORMAT),
    invalid("layer-unknown", decided(("basics", "1.00")), "/decided_layers/0/layer", "decided_layers.layer"),
    invalid(
        "layer-twice", decided(("basic", "1.00"), ("basic", "1.00")), "/decided_layers/1/layer", "decided_layers.layer"
    ),
    invalid("layer-negative", decided(("basic", "-1.00")), "/decided_layers/0/paid", FORMAT),
    invalid(
        "other-decided-and-reported",
        decided(("other", "1.00"), other_compensation=[{"source": "charity", "amount": "1.00"}]),
        "/decided_layers/0/layer",
        "decided_layers.layer",
    ),
    invalid(
        "other-negative",
        of(other_compensation=[{"source": "charity", "amount": "-1.00"}]),
        "/other_compensation/0/amount",
        FORMAT,
    ),
    invalid("injury-unknown-word", of(injury={"third_party": "maybe"}), "/injury/third_party", "request.choice"),
]
