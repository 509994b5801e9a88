"""The ways in which a patient's question is refused."""

from datetime import timedelta
from math import ceil

from service.errors import Refusal, Text


class SessionRefused(Refusal):
    """The query code and the last six of the identity number do not belong together. It is not said which is wrong."""

    status = 401
    code = "patient.refused"
    title = Text("查询码或证件号后六位不正确", "The code or the last six do not match")

    @classmethod
    def plainly(cls) -> "SessionRefused":
        detail = Text(
            "请核对结算单上的查询码和证件号码的后六位；查询码遗失可到医院或经办窗口补发。",
            "Check the query code on the slip and the last six of the identity number; a lost code is issued anew at a "
            "counter.",
        )
        return cls(detail, headers={"WWW-Authenticate": 'Bearer realm="onestop-patient"'})


class SessionLocked(Refusal):
    """Too many wrong tries. Wait as long as `Retry-After` says, or have a new code issued at a counter."""

    status = 429
    code = "patient.locked"
    title = Text("尝试次数过多，请稍后再试", "Too many tries: please wait")

    @classmethod
    def for_the_next(cls, wait: timedelta) -> "SessionLocked":
        seconds = max(1, ceil(wait.total_seconds()))
        minutes = ceil(seconds / 60)
        detail = Text(
            f"尝试次数过多，请约 {minutes} 分钟后再试，或到医院、经办窗口补发查询码。",
            f"Too many tries: wait about {minutes} minutes, or have a new query code issued at a counter.",
        )
        return cls(detail, headers={"Retry-After": str(seconds)})


class ClaimUnknown(Refusal):
    """There is no such claim among the patient's own."""

    status = 404
    code = "claim.unknown"
    title = Text("查无此笔结算", "Claim unknown")

    @classmethod
    def plainly(cls) -> "ClaimUnknown":
        return cls(Text("查无此笔结算，请从列表中选择。", "There is no such claim: choose one from the list."))
