"""The ways in which importing a catalogue says no."""

from service.errors import Text
from service.registers.refusals import RegisterRefusal


class CatalogueImportUnknown(RegisterRefusal):
    """No such catalogue import in the caller's county."""

    status = 404
    code = "catalogue_import.unknown"
    title = Text("查无此目录导入", "Catalogue import unknown")
    advice = Text("请核对编号。", "Check the id.")


class CatalogueImportStale(RegisterRefusal):
    """An item has changed since the preview."""

    status = 409
    code = "catalogue_import.stale"
    title = Text("预览已过时", "The preview is out of date")
    advice = Text(
        "预览之后目录已有变动；请重新上传同一文件查看新的预览，再应用。",
        "The catalogue has changed since the preview: send the same file again, look at the preview, then apply.",
    )


class CatalogueImportRejectedRows(RegisterRefusal):
    """A full catalogue has rows whose item cannot be read: whichever they are would end with it."""

    status = 409
    code = "catalogue_import.rejected_rows"
    title = Text("有无法辨认项目的行", "There are rows whose item cannot be read")
    advice = Text(
        "全量目录中有无法辨认项目的行，这些项目会被当作不在目录而终止；请更正后重传，或确认后以 accept_rejected 应用。",
        "In a full catalogue, items whose rows cannot be read would count as absent and end: correct the rows and send "
        "it again, or apply with accept_rejected after looking at what ends.",
    )
