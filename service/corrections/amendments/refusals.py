"""Why an amendment is not taken or approved. Each says what to do next."""

from dataclasses import asdict

from service.errors import Refusal, Text
from service.policy.refusals import Fault


class PackFaulty(Refusal):
    """The text has faults: `faults` names each with its key and remedy, as `POST /v1/policies/check` does."""

    status = 422
    code = "policy.faulty"
    title = Text("政策包有误", "The pack has faults")

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        told = [asdict(fault) for fault in faults]
        super().__init__(
            Text(
                f"政策包有 {len(faults)} 处错误，请按 faults 逐一改正。",
                f"The pack has {len(faults)} faults: mend each as `faults` says.",
            ),
            pointer="/yaml",
            extra={"faults": told},
        )


class ReplacesUnknown(Refusal):
    """The text that is to be replaced is not in force in this county on that day."""

    status = 409
    code = "policy.not_in_force"
    title = Text("被替换的政策文本并非现行", "Not what is in force")

    def __init__(self) -> None:
        super().__init__(
            Text(
                "replaces 须为本县在 from 当日有效的政策文本的哈希；请查看现行政策包后重新提交。",
                "`replaces` must be the hash of the text in force in this county on the day `from`: read what is in"
                " force and send the amendment again.",
            ),
            pointer="/replaces",
        )


class DoesNotFit(Refusal):
    """The text is not a new version of the one that it is to replace."""

    status = 422
    code = "policy.does_not_fit"
    title = Text("不是同一政策包的新文本", "Not a new text of the same pack")

    def __init__(self) -> None:
        super().__init__(
            Text(
                "新文本须与原文本的 id 和 valid_to 相同，county_codes 含本县，内容不同，且在 from 当日已生效。",
                "The new text must have the id and the `valid_to` of the old one, name this county, say something"
                " else, and be valid on the day `from`.",
            ),
            pointer="/yaml",
        )


class AmendmentUnknown(Refusal):
    """There is no such amendment, or it is not the caller's to see."""

    status = 404
    code = "policy.amendment_unknown"
    title = Text("查无此政策修订", "Amendment unknown")

    def __init__(self) -> None:
        super().__init__(
            Text("查无此政策修订，请核对编号。", "There is no such amendment: check the id."),
            pointer="/amendment_id",
        )
