"""Other compensation (domain §4.4; 000 §四(四)1): charity, commercial cover, hospital waiver, as reported."""

from service.settlement.burden import Burden
from service.settlement.model import Finding, OtherCompensation, Step
from service.words import FindingCode


def credit(burden: Burden) -> tuple[list[OtherCompensation], list[Step], list[Finding]]:
    """Credit each amount in the order listed, at most what is left; what was cut is a finding."""
    left = burden.left
    credited: list[OtherCompensation] = []
    steps: list[Step] = []
    findings: list[Finding] = []
    for reported in burden.claim.other:
        amount = min(reported.amount, max(0, left))
        left -= amount
        credited.append(reported._replace(amount=amount))
        values = {"source": reported.source, "reported": reported.amount}
        steps.append(Step("other.credited", amount > 0, amount, values=values))
        if amount < reported.amount:
            findings.append(Finding(FindingCode.OTHER_CUT, {**values, "cut": reported.amount - amount}))
    if not steps:
        steps.append(Step("other.none", False, 0))
    return credited, steps, findings
