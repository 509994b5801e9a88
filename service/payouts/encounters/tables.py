"""Near misses that a clerk has looked at. Only grows."""

from sqlalchemy import CheckConstraint, LargeBinary, PrimaryKeyConstraint, Table, Uuid

from service.db import metadata
from service.payouts.encounters.model import Likeness
from service.reconciliation.columns import author, required

_LIKENESSES = ", ".join(f"'{likeness}'" for likeness in Likeness)

near_miss_dismissals = Table(
    "near_miss_dismissals",
    metadata,
    required("county_code"),
    required("one", Uuid),
    required("other", Uuid),
    required("likeness"),
    required("reason_enc", LargeBinary),
    *author(),
    PrimaryKeyConstraint("county_code", "one", "other", "likeness"),
    CheckConstraint("one < other", name="order"),
    CheckConstraint(f"likeness IN ({_LIKENESSES})", name="likeness"),
)
"""That two claims were found to be two encounters; by the keys that they keep through their versions."""
