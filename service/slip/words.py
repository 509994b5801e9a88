"""The printed words of a slip."""

from typing import Final

from service.text import Text

WAYS: Final = {
    "hospital": Text("医院垫付", "advanced by the hospital"),
    "patient": Text("转入本人账户", "to your account"),
    "expected": Text("待申请，尚未发放", "expected: apply for it"),
    "held": Text("暂缓支付", "on hold"),
    "elsewhere": Text("其他平台已结算", "settled elsewhere"),
    "credited": Text("账单中已抵扣", "credited on the bill"),
    "beside": Text("另行支付给本人", "paid to you directly"),
}
TITLE: Final = Text("医疗费用“一站式”结算单", "One-stop settlement slip")
BILL: Final = Text("费用构成（元）", "The bill (yuan)")
WHO_PAYS: Final = Text("谁支付了多少（元）", "Who pays how much (yuan)")
WHAT_IS_LEFT: Final = Text("还剩多少（元）", "What is left (yuan)")
WHY: Final = Text("说明", "Why")
AMOUNTS: Final = {
    "total": Text("医疗费总额", "Total"),
    "self_funded": Text("全自费", "Self-funded"),
    "over_ceiling": Text("超限价自付", "Over ceiling"),
    "first_pay": Text("先行自付", "First-pay"),
    "in_scope": Text("符合政策范围", "In policy scope"),
}
LEFT: Final = {
    "paid_total": Text("各项支付合计", "Paid in all"),
    "hospital_bears": Text("医院负担", "Borne by the hospital"),
    "patient_pays": Text("个人最终负担", "Your final share"),
    "owed_to_patient": Text("以后转入本人账户", "To reach your account later"),
    "expected_aid": Text("预计医疗救助（须申请）", "Expected aid (apply for it)"),
    "held": Text("暂缓支付", "On hold"),
}
DUE: Final = Text("出院应缴", "Due at discharge")
REVERSED: Final = Text("本结算已撤销，金额不再有效", "REVERSED: these amounts hold no more")
VERSION: Final = Text("第 {version} 版（重新核定）", "version {version}, decided anew")
APPLY: Final = Text(
    "预计医疗救助须申请：请带身份证和本单到户籍所在乡镇（街道）办理。",
    "Expected aid must be applied for: take this slip and your identity card to your township.",
)
ASK: Final = Text(
    "手机扫码，或打开 {address}，输入查询码和证件号码后六位，可查询支付进度、本年累计，也可提出异议。",
    "Scan, or open {address}, and give the query code and the last six of the identity number: see how the payment "
    "goes and the year so far, or object.",
)
KEEP: Final = Text(
    "查询码请妥善保管；遗失可到医院或经办窗口补发。", "Keep the code safe; a counter issues a lost one anew."
)
CODE: Final = Text("查询码", "Query code")


def replaced_by(version: int) -> Text:
    """That these amounts hold no more, and which version does."""
    return Text(
        f"本结算已由第 {version} 版替代，金额以第 {version} 版为准",
        f"REPLACED BY VERSION {version}: these amounts hold no more",
    )
