"""
A settlement as REST answers it, in the fields of the interface. No amount is computed here but sums of what is told.

What is owed to the patient's account later is in no fund field: `psn_part_amt` and `psn_cash_pay` are what the cashier
asks for today, and each fund's row says in `setl_proc_info` what reaches the patient otherwise.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from service.clock import COUNTY_ZONE
from service.money import fen, ratio, ratio_of, yuan
from service.nhsa.profiles import Fund, Profile

_FIELDS: Final = {"basic": "hifp_pay", "serious": "hifmi_pay", "aid": "maf_pay"}
_OTHER: Final = "oth_pay"
_ZEROS: Final = ("cvlserv_pay", "hifes_pay", "hifob_pay", "acct_pay", "balc", "acct_mulaid_pay", "hifdm_pay")
_ADVANCED: Final = frozenset({"hospital", "elsewhere"})
FUNDS: Final = (*_FIELDS.values(), _OTHER)


def moment(at: datetime) -> str:
    """An instant as the interface writes it, in the county's time."""
    return f"{at.astimezone(COUNTY_ZONE):%Y-%m-%d %H:%M:%S}"


def _held(answer: Mapping[str, Any], layer: Mapping[str, Any]) -> bool:
    """Whether a layer waits for the cause of an injury: not the decided ones, nor what is credited on the bill."""
    return fen(answer["held"]) != 0 and not layer["decided"] and layer["layer"] != "other"


def counted(answer: Mapping[str, Any], layer: Mapping[str, Any]) -> int:
    """What of a layer is on today's bill (fen): advanced, credited or paid elsewhere."""
    if layer["pay_to"] not in _ADVANCED or layer["expected"] or _held(answer, layer):
        return 0
    return fen(layer["paid"])


def amounts(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The money fields of a settlement; the identities of the interface hold among them (§3)."""
    funds = dict.fromkeys(FUNDS, 0)
    for layer in answer["layers"]:
        funds[_FIELDS.get(layer["layer"], _OTHER)] += counted(answer, layer)
    total, borne = fen(answer["amounts"]["total"]), fen(answer["hospital_bears"])
    due = fen(answer["due_at_discharge"])
    paid = sum(funds.values())
    assert total == paid + due + borne, "the bill does not add up"
    basic = [layer for layer in answer["layers"] if layer["layer"] == "basic"]
    base = sum(fen(layer["base"]) - fen(layer["deductible"]) for layer in basic[:1])
    parts = answer["amounts"]
    return {
        "medfee_sumamt": parts["total"],
        "fulamt_ownpay_amt": parts["self_funded"],
        "overlmt_selfpay": parts["over_ceiling"],
        "preselfpay_amt": parts["first_pay"],
        "inscp_scp_amt": parts["in_scope"],
        "act_pay_dedc": basic[0]["deductible"] if basic else "0",
        "pool_prop_selfpay": ratio(ratio_of(sum(fen(one["paid"]) for one in basic), base), keep=4),
        **{name: yuan(amount) for name, amount in funds.items()},
        **dict.fromkeys(_ZEROS, "0.00"),
        "fund_pay_sumamt": yuan(paid),
        "psn_part_amt": answer["due_at_discharge"],
        "psn_cash_pay": answer["due_at_discharge"],
        "hosp_part_amt": answer["hospital_bears"],
    }


def details(answer: Mapping[str, Any], profile: Profile) -> list[dict[str, Any]]:
    """One row for each layer and payer, also where it pays nothing, in the order of the law."""
    return [
        {
            "fund_pay_type": fund.type,
            "fund_pay_type_name": fund.name,
            "inscp_scp_amt": layer["base"],
            "crt_payb_lmt_amt": "0.00",
            "fund_payamt": yuan(counted(answer, layer)),
            "setl_proc_info": _told(answer, layer),
        }
        for layer in answer["layers"]
        for fund in [fund_of(layer, profile)]
    ]


def fund_of(layer: Mapping[str, Any], profile: Profile) -> Fund:
    """What a layer's payer is called on the wire: its own entry, else the layer's."""
    return profile.funds.get(f"{layer['layer']}.{layer['payer']}") or profile.funds[layer["layer"]]


def _told(answer: Mapping[str, Any], layer: Mapping[str, Any]) -> str:
    if not fen(layer["paid"]) or counted(answer, layer):
        return "已由其他平台结算" if layer["decided"] else ""
    if layer["expected"]:
        return f"预计救助 {layer['paid']} 元：须申请，经批准后拨付患者，今日由患者先付。"
    if _held(answer, layer):
        return f"待第三方责任确定：{layer['paid']} 元暂不支付，今日由患者先付。"
    return f"{layer['paid']} 元拨付至患者账户，今日由患者先付。"


def negated(row: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """A row with the sign of its amounts turned: what a cancellation answers."""
    return {name: yuan(-fen(value)) if name in names else value for name, value in row.items()}
