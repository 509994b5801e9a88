"""
What `exp_content` carries beyond the national fields: other compensation, decided layers, a referral, an injury.

The same shapes as REST (api.md, Settlement); the national injury flags are understood too: TRUM_FLAG 1 needs
REL_TTP_FLAG, and a third party who is said to be involved is `unknown` until somebody says what it paid.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final, NamedTuple

from service.claims.model import PlatformTotals, ThirdParty
from service.money import fen
from service.nhsa.checks import plain
from service.nhsa.refusals import invalid
from service.settlement.model import DecidedLayer, OtherCompensation
from service.wire.types import LARGEST_AMOUNT

_YES: Final = "1"
_LAYERS: Final = frozenset({"basic", "serious", "aid", "other", "top_up"})
_LONGEST: Final = 64
_LONGEST_NAME: Final = 200
_MOST: Final = 100


class Extension(NamedTuple):
    """What the settlement takes from it."""

    referral_no: str | None
    third_party: ThirdParty
    injury_note: str
    decided: tuple[DecidedLayer, ...]
    platform_totals: PlatformTotals | None
    other: tuple[OtherCompensation, ...]


def read(said: dict[str, Any]) -> Extension:
    """Raises InputInvalid where it is not in these shapes."""
    third_party, note = _injury(said)
    return Extension(
        referral_no=_text(said, "referral_no", _LONGEST) or None,
        third_party=third_party,
        injury_note=note,
        decided=tuple(_decided(row) for row in _rows(said, "decided_layers")),
        platform_totals=_totals(said.get("platform_totals")),
        other=tuple(_other(row) for row in _rows(said, "other_compensation")),
    )


def _injury(said: dict[str, Any]) -> tuple[ThirdParty, str]:
    stated = said.get("injury")
    if isinstance(stated, dict):
        word = _text(stated, "third_party", _LONGEST)
        if word not in {one.value for one in ThirdParty}:
            raise invalid(
                "injury.third_party 应为 none、unknown、liable_paid 或 liable_unpaid。", "third_party is none of these."
            )
        return ThirdParty(word), _text(stated, "note", _LONGEST_NAME)
    if said.get("trum_flag") != _YES:
        return ThirdParty.NONE, ""
    if said.get("rel_ttp_flag") not in ("0", _YES):
        raise invalid(
            "外伤(TRUM_FLAG=1)须填写是否涉及第三方 REL_TTP_FLAG（0 或 1）。", "TRUM_FLAG 1 needs REL_TTP_FLAG."
        )
    return (ThirdParty.UNKNOWN if said["rel_ttp_flag"] == _YES else ThirdParty.NONE), ""


def _decided(row: dict[str, Any]) -> DecidedLayer:
    layer = _text(row, "layer", _LONGEST)
    if layer not in _LAYERS:
        raise invalid(f"decided_layers 的 layer 应为 {'、'.join(sorted(_LAYERS))} 之一。", "There is no such layer.")
    number = _text(row, "settlement_no", _LONGEST)
    return DecidedLayer(layer, _amount(row, "paid"), number, _text(row, "platform", _LONGEST_NAME))


def _totals(found: Any) -> PlatformTotals | None:
    if not isinstance(found, dict):
        return None
    return PlatformTotals(_amount(found, "total"), _amount(found, "patient_pays"))


def _other(row: dict[str, Any]) -> OtherCompensation:
    source = _text(row, "source", _LONGEST_NAME)
    paid_to = _text(row, "paid_to", _LONGEST) or "hospital"
    if not source or paid_to not in ("hospital", "patient"):
        raise invalid(
            "other_compensation 须有 source，paid_to 为 hospital 或 patient。", "It needs a source and paid_to."
        )
    return OtherCompensation(source, _amount(row, "amount"), paid_to)


def _rows(said: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    found = said.get(name, [])
    rows = found if isinstance(found, list) else [found]
    if len(rows) > _MOST or any(not isinstance(row, dict) for row in rows):
        raise invalid(f"exp_content 的 {name} 应为对象数组，最多 {_MOST} 项。", f"{name} must be a list of objects.")
    yield from rows


def _text(said: dict[str, Any], name: str, longest: int) -> str:
    text = said.get(name, "")
    if not isinstance(text, str) or len(text) > longest:
        raise invalid(f"exp_content 的 {name} 应为文字，最多 {longest} 个字符。", f"{name} must be text.")
    return text


def _amount(said: dict[str, Any], name: str) -> int:
    text = said.get(name)
    number = plain(text) if isinstance(text, str) else None
    amount: int = -1
    with suppress(ValueError):
        amount = fen(number or "")
    if not 0 <= amount <= LARGEST_AMOUNT:
        raise invalid(f"exp_content 的 {name} 应为不小于零、最多两位小数的金额。", f"{name} must be an amount.")
    return amount
