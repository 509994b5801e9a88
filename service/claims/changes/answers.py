"""A change as it is answered: old and new side by side, the net difference, and the paragraph that explains it."""

from collections.abc import Sequence
from typing import Any

from service.claims.changes.model import Made
from service.claims.model import Record
from service.explanation.difference import Moved, Version, explain
from service.ledger.model import Posting, Share, is_person
from service.ledger.postings import net
from service.money import yuan
from service.policy.model import Pack


def side(record: Record) -> dict[str, Any]:
    """What one version says, short enough to stand beside another."""
    split = record.settlement.split
    return {
        "id": str(record.id),
        "version": record.version,
        "policy": {"id": record.pack_id, "hash": record.pack_hash},
        "identities": record.identities,
        "amounts": {name: yuan(amount) for name, amount in record.settlement.amounts._asdict().items()},
        "layers": [
            {"layer": award.layer, "payer": share.payer, "paid": yuan(share.amount), "pay_to": share.pay_to}
            for award in record.awards
            for share in award.shares
        ],
        "paid_total": yuan(split.paid_total),
        "hospital_bears": yuan(record.hospital_bears),
        "patient_pays": yuan(split.patient_pays),
        "hospital_advances": yuan(split.hospital_advances),
        "owed_to_patient": yuan(split.owed_to_patient),
        "expected_aid": yuan(split.expected_aid),
        "held": yuan(split.held),
        "due_at_discharge": yuan(split.due_at_discharge),
        "to_collect": yuan(record.to_collect),
    }


def differences(postings: Sequence[Posting]) -> list[dict[str, Any]]:
    """What the ledger got: per layer, payer and payee, negative where a payer owes less."""
    return [
        {
            "layer": share.layer,
            "payer": share.payer,
            "payee": "patient" if is_person(share.payee) else "hospital",
            "amount": yuan(share.amount),
        }
        for share in net(postings)
    ]


def chained(made: Made, packs: tuple[Pack, Pack]) -> dict[str, Any]:
    """A later settlement that was decided anew with the one that it rests on."""
    record = made.record
    return {
        "hospital_code": record.hospital_code,
        "visit_no": record.visit_no,
        "interim_no": record.interim_no,
        **compared(made.before, record, packs, made.postings),
    }


def compared(before: Record, after: Record, packs: tuple[Pack, Pack], postings: Sequence[Posting]) -> dict[str, Any]:
    """Two versions side by side, with the net difference and its explanation."""
    return {
        "before": side(before),
        "after": side(after),
        "differences": differences(postings),
        "difference_explained": _explained(before, after, packs, net(postings)),
    }


def _explained(before: Record, after: Record, packs: tuple[Pack, Pack], shares: Sequence[Share]) -> dict[str, str]:
    assert after.cause is not None
    moved = Moved(
        after.cause,
        after.trace["change"]["note"],
        sum(share.amount for share in shares if not is_person(share.payee)),
        sum(share.amount for share in shares if is_person(share.payee)),
    )
    said = explain(_version(before, packs[0]), _version(after, packs[1]), moved)
    return {"zh": said["zh"], "en": said["en"]}


def _version(record: Record, pack: Pack) -> Version:
    return Version(pack, record.identities, record.settlement, record.to_collect)
