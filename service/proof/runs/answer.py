"""A verification as it is answered."""

from typing import Any

from service.proof.runs.model import Verification


def answer(found: Verification) -> dict[str, Any]:
    """How far it is and what it found wrong; the first wrong row first."""
    return {
        "id": str(found.id),
        "county_code": found.county_code,
        "status": found.status.value,
        "parts": found.parts,
        "parts_done": found.parts_done,
        "settlements": found.settlements,
        "sealed": found.sealed,
        "wrong_count": found.wrong_count,
        "wrongs": [one._asdict() for one in found.wrongs],
        "client_id": found.client_id,
        "operator": found.operator,
        "started_at": found.at.isoformat(),
        "finished_at": found.finished_at.isoformat() if found.finished_at is not None else None,
    }
