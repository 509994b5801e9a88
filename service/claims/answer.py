"""A settlement as it is answered: amounts in yuan, every layer with its working, and the explanation."""

from typing import Any
from uuid import UUID

from service.claims.model import Record
from service.explanation.render import Renderer
from service.money import ratio, ratio_of, yuan
from service.policy.conditions import VisitType
from service.settlement.model import Award


def answer(record: Record, renderer: Renderer, language: str) -> dict[str, Any]:
    """The answer of api.md, Settlement. Only the findings' sentences depend on the language asked for."""
    return {
        **_visit(record),
        **_amounts(record, renderer),
        "findings": [
            {"code": finding.code, "detail": renderer.finding(finding)[language]} for finding in record.findings
        ],
        "explanation": _explained(record, renderer),
        "query_code": record.query_code,
        "settled_at": record.settled_at,
        "operator": record.operator,
        "reversal_of": _id(record.reversal_of),
        "reversed_by": _id(record.reversed_by),
        "case_id": _id(record.case_id),
        "cause": record.cause,
        "replaces": _id(record.replaces),
        "replaced_by": _id(record.replaced_by),
    }


def figures(record: Record) -> dict[str, Any]:
    """The same answer as far as it is figures and names, for rooms that say it in words of their own."""
    return {
        **_visit(record),
        **_amounts(record, None),
        "settled_at": record.settled_at,
        "operator": record.operator,
    }


def _visit(record: Record) -> dict[str, Any]:
    stay = record.visit_type == VisitType.INPATIENT
    return {
        "id": _id(record.id),
        "status": record.status,
        "version": record.version,
        "hospital_code": record.hospital_code,
        "visit_no": record.visit_no,
        "interim_no": record.interim_no,
        "visit_type": record.visit_type,
        "admitted_on": record.admitted_on if stay else None,
        "discharged_on": record.last_day if stay else None,
        "service_on": None if stay else record.last_day,
        "disease_code": record.disease_code,
        "referral_no": record.referral_no,
        "invoice_no": record.invoice_no,
        "person_no": record.person_no,
        "county_code": record.county_code,
        "policy": {"id": record.pack_id, "hash": record.pack_hash},
        "identities": record.identities,
    }


def _amounts(record: Record, renderer: Renderer | None) -> dict[str, Any]:
    settlement, split = record.settlement, record.settlement.split
    return {
        "amounts": {name: yuan(amount) for name, amount in settlement.amounts._asdict().items()},
        "terms_used": {
            "catalogue": [line.line_no for line in record.bill if line.by_catalogue],
            "caller": [line.line_no for line in record.bill if not line.by_catalogue],
        },
        "layers": [entry for award in record.awards for entry in _layer(award, renderer)],
        "paid_total": yuan(split.paid_total),
        "hospital_bears": yuan(record.hospital_bears),
        "patient_pays": yuan(split.patient_pays),
        "paid_ratio": ratio(ratio_of(split.paid_total, settlement.amounts.total), keep=4),
        "hospital_advances": yuan(split.hospital_advances),
        "owed_to_patient": yuan(split.owed_to_patient),
        "expected_aid": yuan(split.expected_aid),
        "held": yuan(split.held),
        "due_at_discharge": yuan(split.due_at_discharge),
        "to_collect": yuan(record.to_collect),
    }


def _id(found: UUID | None) -> str | None:
    return str(found) if found is not None else None


def _explained(record: Record, renderer: Renderer) -> dict[str, list[str]]:
    if record.reversal_of is not None:
        return renderer.reversal(record.settlement, record.trace["reason"])
    return renderer.whole(record.settlement, held=record.on_hold, bears=record.hospital_bears)


def _working(award: Award, renderer: Renderer) -> list[dict[str, Any]]:
    return [
        {
            "rule": step.rule,
            "applied": step.applied,
            "text": renderer.step(step),
            "clauses": step.clauses,
            "demonstration": step.demonstration,
            "amount": yuan(step.amount),
        }
        for step in award.steps
    ]


def _layer(award: Award, renderer: Renderer | None) -> list[dict[str, Any]]:
    """One entry per payer; they share the layer's working."""
    working = {"steps": _working(award, renderer)} if renderer is not None else {}
    return [
        {
            "layer": award.layer,
            "payer": share.payer,
            "base": yuan(award.base),
            "deductible": yuan(award.deductible),
            "paid": yuan(share.amount),
            "pay_to": share.pay_to,
            "decided": award.decided,
            "expected": award.expected,
            **working,
        }
        for share in award.shares
    ]


def traced(record: Record) -> dict[str, Any]:
    """Everything read and decided, in whole fen and parts per million."""
    return {
        "settlement_id": str(record.id),
        "policy": {"id": record.pack_id, "hash": record.pack_hash},
        "order_no": record.order_no,
        "units": {"amounts": "fen", "ratios": "1/1000000", "unit_prices": "1/1000000 yuan", "quantities": "1/10000"},
        "bill": [line._asdict() for line in record.bill],
        **record.trace,
    }
