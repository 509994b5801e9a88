"""What any change of a register must keep to. Faults are told as `request.invalid`, each with its place."""

from typing import Final

from service.errors import InputError, Text
from service.registers.periods import Dated, W
from service.wire.refusals import RequestInvalid

PERIOD_ORDER: Final = "period.order"
ENDS_BEFORE_BEGIN: Final = Text("止期不得早于起期。", "The last day must not lie before the first.")
_KEY_FIXED: Final = Text(
    "与地址中的编号不同；编号不可更改，请去掉此项或改为一致。",
    "Not the one in the address; it cannot be changed: leave it out or make them equal.",
)
_COUNTY: Final = Text(
    "只能登记本统筹区的数据；请去掉 county_code 或改为本统筹区。",
    "You register for your own county: leave county_code out, or give your own.",
)


def refuse_disorder(fact: Dated[W], pointer: str = "/valid_to") -> None:
    """After a change of one end: refuse a period that ends before it begins."""
    if fact.last < fact.first:
        raise RequestInvalid.at(InputError(pointer, PERIOD_ORDER, ENDS_BEFORE_BEGIN))


def refuse_other_key(field: str, given: object, own: object) -> None:
    """A PUT may repeat the key of its address, but not name another."""
    if given is not None and given != own:
        raise RequestInvalid.at(InputError(f"/{field}", "register.key_fixed", _KEY_FIXED))


def refuse_other_county(given: str | None, own: str) -> None:
    """Registers are kept by each county for itself."""
    if given is not None and given != own:
        raise RequestInvalid.at(InputError("/county_code", "register.other_county", _COUNTY))
