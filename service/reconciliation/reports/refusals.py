"""The ways in which reports and events say no."""

from service.errors import Text
from service.reconciliation.refusals import ReconciliationRefusal


class CursorLost(ReconciliationRefusal):
    """The event that the cursor names is not in this list: it was restored from a backup."""

    status = 409
    code = "events.cursor_lost"
    title = Text("游标已失效", "The cursor is lost")
    advice = Text(
        "数据已从备份恢复，该游标之后的事件可能不同；请不带 after 重新读取，以 subject 与 at 辨认已处理的事件。",
        "The data was restored from a backup: poll again without `after`, and know what you have by subject and at.",
    )
