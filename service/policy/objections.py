"""How long the agency has to decide an objection: how a pack file says it, and what it becomes."""

from pydantic import Field

from service.policy.terms import Term
from service.policy.values import Sourced, source_of


class ObjectionsShape(Sourced):
    """`decide_days`: within how many days of its receipt an objection is decided."""

    decide_days: int = Field(ge=1, le=366, strict=True)


def compiled(shape: ObjectionsShape | None) -> Term[int] | None:
    """The term as the model has it, in days."""
    return Term(shape.decide_days, source_of(shape)) if shape is not None else None
