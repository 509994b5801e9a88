"""What the loader refuses, each named by file, key and remedy."""

from dataclasses import dataclass

from service.errors import Refusal, Text


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a pack: a stable code, the file and key it stands at, what is wrong, and the remedy."""

    code: str
    file: str
    key: str
    says: str
    remedy: Text

    def line(self) -> str:
        return f"{self.file}: {self.key}: {self.says} [{self.code}]\n    {self.remedy.zh}\n    {self.remedy.en}"


class PackRefused(Exception):
    """A pack that must not be used. Carries every fault found, not only the first."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(fault.line() for fault in faults))
        self.faults = tuple(faults)


class PolicyUnknown(Refusal):
    status = 404
    code = "policy.unknown"
    title = Text("没有这个政策包", "No such policy pack")


REMEDIES = {
    "unreadable": Text(
        "请检查文件是否存在、是否为 UTF-8 编码的 YAML。", "Check that the file exists and is YAML in UTF-8."
    ),
    "duplicate_key": Text("同一键只能出现一次，请删去其中之一。", "A key may stand only once: remove one of the two."),
    "unknown_key": Text("请检查拼写；政策包不认识这个键。", "Check the spelling: packs know no such key."),
    "missing_key": Text("请补上这个键。", "Add this key."),
    "float": Text('请给数值加引号，例如 "0.85"。', 'Quote the value, for example "0.85".'),
    "ratio_above_one": Text(
        "比例（含加减点后）必须在 0 与 1 之间。", "Ratios, points added, must lie between 0 and 1."
    ),
    "uncited": Text(
        "请写明 clauses（条款出处），或标明 demonstration: true。",
        "Name the clauses, or mark the value demonstration: true.",
    ),
    "gap": Text("请补足日期，使有效期内每一天都有规定。", "Extend the dates so that every day in force is covered."),
    "overlap": Text(
        "请改动日期、分段或次序，使同一处只有一种规定。",
        "Change dates, bands or order so that nothing is laid down twice.",
    ),
    "incomplete": Text(
        "请补上缺少的规定：最后一条无条件的情形、各级医院的数值、无上限的末段，或病种目录。",
        "Add what is missing: a last case without a condition, hospital levels, a last band without end, diseases.",
    ),
    "unreachable": Text(
        "请删去或前移永远不会适用的规定。", "Remove the case that can never apply, or move it forward."
    ),
    "unknown_name": Text("请改用政策包中已定义的名称。", "Use a name that the pack defines."),
    "invalid": Text("请按提示改正数值。", "Correct the value as the message says."),
}
