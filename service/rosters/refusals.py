"""The ways in which an import says no."""

from service.errors import Text
from service.registers.refusals import RegisterRefusal


class RosterUnknown(RegisterRefusal):
    """No such roster in the caller's county."""

    status = 404
    code = "roster.unknown"
    title = Text("查无此名单", "Roster unknown")
    advice = Text("请核对名单编号。", "Check the id of the roster.")


class RosterNotRead(RegisterRefusal):
    """The file has not been read to its end."""

    status = 409
    code = "roster.not_read"
    title = Text("名单尚未读完", "The roster is not read to its end")
    advice = Text("请重新上传同一文件，将从中断处继续。", "Send the same file again: reading goes on where it stopped.")


class RosterStale(RegisterRefusal):
    """The register has changed since the preview, so that applying would do something else."""

    status = 409
    code = "roster.stale"
    title = Text("预览已过时", "The preview is out of date")
    advice = Text(
        "预览之后登记册已有变动；请重新上传同一文件查看新的预览，再应用。",
        "The register has changed since the preview: send the same file again, look at the new preview, then apply.",
    )


class RosterOlder(RegisterRefusal):
    """A list of the same source that holds from a later day is applied already."""

    status = 409
    code = "roster.older"
    title = Text("已应用过更新的名单", "A later list is applied already")
    advice = Text(
        "同一来源截至更晚日期的名单已经应用；请先查看预览，确需补录旧名单时以 accept_older 应用。",
        "A list of this source that holds from a later day is applied already: look at the preview, and apply with "
        "accept_older where the older list is to be entered all the same.",
    )


class RosterRejectedRows(RegisterRefusal):
    """A full list has rows whose person cannot be read: whoever they are would end with it."""

    status = 409
    code = "roster.rejected_rows"
    title = Text("有无法辨认人员的行", "There are rows whose person cannot be read")
    advice = Text(
        "全量名单中有无法辨认人员的行，这些人会被当作不在名单而终止；请更正后重传，或确认后以 accept_rejected 应用。",
        "In a full list, those whose rows cannot be read would count as absent and end: correct the rows and send the "
        "list again, or apply with accept_rejected after looking at who ends.",
    )
