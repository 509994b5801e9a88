"""The top-up of a cycle: how a pack file says it, and what it becomes."""

from collections.abc import Callable, Sequence
from typing import Annotated

from pydantic import Field

from service.policy.cycles import CycleTerms, DayOfYear
from service.policy.model import Layer
from service.policy.values import Day, Name, Ratio, Sourced, source_of
from service.words import IdentityClass

# The 29th of February is not a day of every year.
_DayOfYear = Annotated[str, Field(pattern=r"^(0[13-9]|1[0-2])-(0[1-9]|[12][0-9]|30)$|^02-(0[1-9]|1[0-9]|2[0-8])$")]


class CycleShape(Sourced):
    """`floor` of the total, by `layer`, for visits on whose day a person had one of the `identities`."""

    layer: Name
    identities: tuple[IdentityClass, ...] = Field(min_length=1)
    floor: Ratio
    first: Day
    begins: _DayOfYear
    due: _DayOfYear


def compiled(
    shape: CycleShape | None, layers: Sequence[Layer], fault: Callable[[str, tuple[str, ...], str], None]
) -> CycleTerms | None:
    """The terms as the model has them; `fault` is told what is wrong with them."""
    if shape is None:
        return None
    payers = [layer.payers for layer in layers if layer.id == shape.layer]
    if not payers:
        fault("unknown_name", ("chronic_cycle", "layer"), f"'{shape.layer}' is no layer of the pack")
        return None
    if len(payers[0]) != 1:
        fault("invalid", ("chronic_cycle", "layer"), f"'{shape.layer}' has several payers, and a cycle is paid by one")
        return None
    return CycleTerms(
        shape.layer,
        payers[0][0].payer,
        frozenset(shape.identities),
        shape.floor,
        shape.first,
        _day(shape.begins),
        _day(shape.due),
        source_of(shape),
    )


def _day(text: str) -> DayOfYear:
    month, day = text.split("-")
    return DayOfYear(int(month), int(day))
