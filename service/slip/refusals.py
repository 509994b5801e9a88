"""The ways in which a slip is refused."""

from service.errors import Refusal, Text


class SlipOfReversal(Refusal):
    """A reversal has no slip: print the slip of the settlement that it reversed, which says so."""

    status = 409
    code = "slip.reversal"
    title = Text("撤销记录没有结算单", "A reversal has no slip")

    @classmethod
    def plainly(cls) -> "SlipOfReversal":
        return cls(
            Text("请打印原结算的结算单，其上会注明已撤销。", "Print the original's slip: it says that it was reversed.")
        )
