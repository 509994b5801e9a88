"""Layers that another platform has settled: taken as given, but only where they add up (domain §4)."""

from collections.abc import Sequence

from service.claims.model import PlatformTotals
from service.claims.refusals import PartsMismatch
from service.errors import InputError, Text
from service.money import yuan
from service.policy.model import Pack
from service.settlement.model import Amounts, DecidedLayer, OtherCompensation
from service.wire.refusals import RequestInvalid

WITHIN_SCOPE_RULES = frozenset({"ratio", "bands", "aid"})


def check_decided(
    pack: Pack,
    amounts: Amounts,
    decided: Sequence[DecidedLayer],
    totals: PlatformTotals | None,
    other: Sequence[OtherCompensation] = (),
) -> dict[str, DecidedLayer]:
    """
    The decided layers by name.

    Raises request.invalid for a layer that the pack does not have or that comes twice, and
    decided_layers.parts_mismatch where basic, serious illness and aid together exceed the scope, all of them the
    total, or the platform's own figures do not add up with its parts.
    """
    by_layer: dict[str, DecidedLayer] = {}
    known = {layer.id: layer for layer in pack.layers}
    for index, one in enumerate(decided):
        rule = known[one.layer].rule if one.layer in known else None
        if rule is None or one.layer in by_layer or (rule == "other" and other):
            raise _layer_refused(index, one.layer, known=rule is not None)
        by_layer[one.layer] = one

    paid = sum(one.paid for one in decided)
    within_scope = sum(one.paid for one in decided if one.layer in _within_scope(pack))
    if within_scope > amounts.in_scope:
        raise _mismatch(
            f"已结算的基本、大病与救助合计 {yuan(within_scope)}，超过政策范围内费用 {yuan(amounts.in_scope)}，请核对。",
            f"Decided basic, serious illness and aid add up to {yuan(within_scope)}, above the {yuan(amounts.in_scope)}"
            " in scope: check them.",
            "/decided_layers",
        )
    if paid > amounts.total:
        raise _mismatch(
            f"已结算各项合计 {yuan(paid)}，超过费用总额 {yuan(amounts.total)}，请核对。",
            f"Decided layers add up to {yuan(paid)}, above the total of {yuan(amounts.total)}: check them.",
            "/decided_layers",
        )
    if totals is not None:
        _check_totals(amounts, paid, totals)
    return by_layer


def check_other(pack: Pack, other: Sequence[OtherCompensation]) -> None:
    """Raises request.invalid where other compensation is reported and the pack has no layer to credit it."""
    if other and all(layer.rule != "other" for layer in pack.layers):
        detail = Text(
            f"政策包 {pack.id} 没有其他补偿这一层，请勿填写。",
            f"Pack {pack.id} has no layer for other compensation: leave it out.",
        )
        raise RequestInvalid.at(InputError("/other_compensation", "request.unexpected", detail))


def _within_scope(pack: Pack) -> frozenset[str]:
    """The layers that work on the scope alone: those before other compensation (domain §4, order of layers)."""
    names = []
    for layer in pack.layers:
        if layer.rule not in WITHIN_SCOPE_RULES:
            break
        names.append(layer.id)
    return frozenset(names)


def _check_totals(amounts: Amounts, paid: int, totals: PlatformTotals) -> None:
    if totals.total != amounts.total:
        raise _mismatch(
            f"平台总额 {yuan(totals.total)} 与费用明细合计 {yuan(amounts.total)} 不符，请核对。",
            f"The platform's total {yuan(totals.total)} is not that of the fee lines, {yuan(amounts.total)}.",
            "/platform_totals/total",
        )
    if totals.patient_pays + paid != totals.total:
        raise _mismatch(
            f"平台个人负担 {yuan(totals.patient_pays)} 加各项支付 {yuan(paid)} 不等于总额 {yuan(totals.total)}。",
            f"The platform's patient share {yuan(totals.patient_pays)} and its payments {yuan(paid)} do not add up to "
            f"{yuan(totals.total)}: check them.",
            "/platform_totals/patient_pays",
        )


def _mismatch(zh: str, en: str, pointer: str) -> PartsMismatch:
    return PartsMismatch(Text(zh, en), pointer=pointer)


def _layer_refused(index: int, layer: str, *, known: bool) -> RequestInvalid:
    detail = (
        Text(f"项目 {layer} 重复给出，请只给一次。", f"Layer {layer} is given twice: give it once.")
        if known
        else Text(f"政策包没有项目 {layer}，请核对名称。", f"The pack has no layer {layer}: check its name.")
    )
    return RequestInvalid.at(InputError(f"/decided_layers/{index}/layer", "decided_layers.layer", detail))
