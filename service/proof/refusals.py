"""The ways in which the proof says no."""

from service.errors import Refusal, Text


class VerificationUnknown(Refusal):
    """There is no such verification of the caller's county."""

    status = 404
    code = "verification.unknown"
    title = Text("查无此核验", "Verification unknown")

    def __init__(self) -> None:
        advice = Text("请核对核验编号。", "Check the id of the verification.")
        super().__init__(advice, pointer="/verification_id")
