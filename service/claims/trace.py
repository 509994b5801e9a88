"""What a decision rests on, as it is kept: enough to decide it again, and to say why. Amounts in fen."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from service.claims.model import BillLine
from service.policy.conditions import Situation, VisitType
from service.settlement.model import (
    Amounts,
    Award,
    Claim,
    DecidedLayer,
    Entry,
    FeeLine,
    Finding,
    OtherCompensation,
    Settlement,
    Share,
    Split,
    Step,
)
from service.words import HospitalLevel, Location


def kept(claim: Claim, settlement: Settlement, findings: Sequence[Finding], facts: Mapping[str, Any]) -> dict[str, Any]:
    """The whole trace of a decision, but for the bill, which is kept beside it."""
    return {
        "claim": claim_json(claim),
        "awards": awards_json(settlement.awards),
        "entries": [list(entry) for entry in settlement.entries],
        "findings": [list(finding) for finding in findings],
        "facts": facts,
    }


def claim_json(claim: Claim) -> dict[str, Any]:
    """Everything the kernel was given, but for the lines, which the bill keeps."""
    situation = claim.situation
    return {
        "situation": {**situation._asdict(), "identities": sorted(situation.identities)},
        "day": claim.day.isoformat(),
        "sums": sorted([period, name, value] for (period, name), value in claim.sums.items() if value),
        "disease": claim.disease,
        "stay": claim.stay,
        "opens_stay": claim.opens_stay,
        "decided": [list(one) for one in claim.decided.values()],
        "other": [list(one) for one in claim.other],
        "advances": claim.advances,
        "agreement": claim.agreement,
        "on_application": claim.on_application,
        "on_hold": claim.on_hold,
        "approved_aid": claim.approved_aid,
    }


def claim_of(found: Mapping[str, Any], bill: Sequence[BillLine]) -> Claim:
    """The kernel's claim again, from what was kept."""
    situation = found["situation"]
    return Claim(
        situation=Situation(
            VisitType(situation["visit_type"]),
            frozenset(situation["identities"]),
            Location(situation["location"]),
            HospitalLevel(situation["level"]),
            situation["specialist"],
            situation["referred"],
        ),
        day=date.fromisoformat(found["day"]),
        lines=tuple(_fee_line(line) for line in bill),
        sums={(period, name): value for period, name, value in found["sums"]},
        disease=found["disease"],
        stay=found["stay"],
        opens_stay=found["opens_stay"],
        decided={one[0]: DecidedLayer(*one) for one in found["decided"]},
        other=tuple(OtherCompensation(*one) for one in found["other"]),
        advances=found["advances"],
        agreement=found["agreement"],
        on_application=found["on_application"],
        on_hold=found["on_hold"],
        approved_aid=found["approved_aid"],
    )


def _fee_line(line: BillLine) -> FeeLine:
    return FeeLine(
        line.line_no,
        line.item_code,
        line.grade,
        line.unit_price,
        line.quantity,
        line.amount,
        line.first_pay_ratio,
        line.ceiling,
        date.fromisoformat(line.charged_on),
    )


def awards_json(awards: Sequence[Award]) -> list[dict[str, Any]]:
    """The awards with their working."""
    return [
        {
            **award._asdict(),
            "shares": [list(share) for share in award.shares],
            "steps": [[*step[:5], dict(step.values)] for step in award.steps],
        }
        for award in awards
    ]


def awards_of(found: Sequence[Mapping[str, Any]]) -> tuple[Award, ...]:
    return tuple(
        Award(
            **{
                **award,
                "shares": tuple(Share(*share) for share in award["shares"]),
                "steps": tuple(Step(r, a, n, tuple(c), d, v) for r, a, n, c, d, v in award["steps"]),
            }
        )
        for award in found
    )


def settlement_of(found: Mapping[str, Any], amounts: Amounts, split: Split, bill: Sequence[BillLine]) -> Settlement:
    """The kernel's settlement again, from the row, the trace and the bill."""
    return Settlement(
        amounts,
        tuple(Amounts(line.amount, *line[12:16]) for line in bill),
        awards_of(found["awards"]),
        split,
        tuple(Entry(*entry) for entry in found["entries"]),
        findings_of(found["findings"]),
    )


def findings_of(found: Sequence[Sequence[Any]]) -> tuple[Finding, ...]:
    return tuple(Finding(*finding) for finding in found)
