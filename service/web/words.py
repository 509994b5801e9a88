"""The words of the pages, Chinese and English."""

from typing import Final

from service.text import Text

WORDS: Final = {
    "site": Text("医疗费用一站式结算查询", "My medical settlement"),
    "enter": Text("查询我的结算", "See my settlement"),
    "code": Text("查询码", "Query code"),
    "code_hint": Text("结算单上的 12 位数字，可带空格。", "The 12 digits on your slip; spaces do no harm."),
    "last_six": Text("证件号码后六位", "Last six of the identity number"),
    "last_six_hint": Text(
        "患者本人证件的数字和字母，不足六位的填全部；儿童无号码的，用监护人的。末位可为 X。",
        "Digits and letters of the patient's, all of a shorter one; for a child without a number, of the guardian's. "
        "The last may be X.",
    ),
    "go": Text("查询", "Look"),
    "leave": Text("退出", "Leave"),
    "lost": Text(
        "查询码遗失？请带身份证到医院或经办窗口补发。", "Lost the code? A hospital or agency counter issues it anew."
    ),
    "claims": Text("我的结算", "My settlements"),
    "year": Text("本年累计", "This year"),
    "other_year": Text("全年累计", "The year"),
    "accesses": Text("谁看过我的信息", "Who looked at my data"),
    "no_claims": Text("没有结算记录。", "There are no settlements."),
    "older": Text("更早的", "Older"),
    "total": Text("医疗费总额", "Total"),
    "paid": Text("各方已承担", "Paid by all"),
    "mine": Text("我承担", "My share"),
    "details": Text("查看详情", "Details"),
    "stay": Text("住院", "Hospital stay"),
    "visit": Text("门诊慢性病", "Chronic outpatient visit"),
    "settled": Text("已结算", "Settled"),
    "on_hold": Text("暂缓", "On hold"),
    "reversed": Text("已撤销", "Reversed"),
    "holds_no_more": Text("该笔结算已撤销，以下金额不再有效。", "Reversed: the amounts below hold no more."),
    "superseded": Text("已由新版替代，金额不再有效", "Replaced: these amounts hold no more"),
    "versions": Text("本笔结算的其他版本", "Other versions of this settlement"),
    "shared": Text("这张账单由谁承担", "How this bill was shared"),
    "picture": Text(
        "下图从总额开始，逐项减去各方承担的金额，最后是我承担的部分。", "From the total down to what is left to me."
    ),
    "who": Text("由谁承担", "Who"),
    "how_much": Text("金额（元）", "Yuan"),
    "how": Text("方式和依据", "How, and by which clause"),
    "hospital_bears": Text("医院负担", "Borne by the hospital"),
    "due": Text("出院时应缴", "Due at discharge"),
    "owed": Text("以后转入我的账户", "To reach my account later"),
    "expected_aid": Text("预计医疗救助（须申请，尚未批准）", "Expected aid (apply for it: not approved yet)"),
    "not_approved": Text("（尚未批准）", " (not approved yet)"),
    "timeline": Text("办理进度", "What happened so far"),
    "why": Text("为什么是这个金额", "Why this amount"),
    "object": Text("提出异议", "Object"),
    "object_intro": Text(
        "如认为金额有误，请写明理由。经办机构将核查并答复；提出异议不影响已支付的金额。",
        "If you think an amount is wrong, say why. The agency reviews it and answers; what was paid stays paid.",
    ),
    "reason": Text("理由", "Reason"),
    "reason_hint": Text(
        "例如：某项药费重复计算。最多 2000 字。", "For example: a medicine was charged twice. At most 2000."
    ),
    "contact": Text("联系电话（可不填）", "Telephone (optional)"),
    "paper": Text("附件（可不选）", "A paper (optional)"),
    "paper_hint": Text("PDF、JPEG 或 PNG，不超过 10 MB。", "PDF, JPEG or PNG, at most 10 MB."),
    "send": Text("提交", "Send"),
    "objections": Text("异议", "Objections"),
    "filed_on": Text("提出日期", "Filed on"),
    "due_on": Text("应于此日前答复", "To be decided by"),
    "received": Text("已收到", "Received"),
    "under_review": Text("核查中", "Under review"),
    "decided": Text("已决定", "Decided"),
    "withdrawn": Text("已撤回", "Withdrawn"),
    "decision": Text("决定理由", "Reason of the decision"),
    "papers": Text("已附材料", "Papers handed in"),
    "visits": Text("就诊次数", "Visits"),
    "ahead": Text("离下一个标准还有多远", "How far to the next threshold"),
    "ahead_note": Text(
        "以在本县二级医院就诊为例，以结算为准。", "At a level-2 hospital in the county; settlement decides."
    ),
    "when": Text("时间", "When"),
    "what": Text("事项", "What"),
    "read": Text("查看", "Read"),
    "changed": Text("办理或更改", "Changed"),
    "purpose": Text("用途：", "What for:"),
    "problem": Text("没有办成", "That did not work"),
    "back": Text("返回", "Back"),
    "expired": Text("查询已过期，请重新输入。", "The session has expired: please enter again."),
    "print": Text("本页可用浏览器打印。", "This page can be printed."),
    "skip": Text("跳到内容", "Skip to the content"),
}


def numbered(version: int) -> Text:
    """A version by its number."""
    return Text(f"第 {version} 版", f"Version {version}")


def decided_anew(version: int) -> Text:
    """That a settlement is a later version."""
    return Text(f"第 {version} 版：已重新核定", f"Version {version}: decided anew")


def replaced(version: int) -> Text:
    """Where an earlier version's reader is sent."""
    return Text(f"本结算已由第 {version} 版替代：查看第 {version} 版", f"Replaced by version {version}: see it")
