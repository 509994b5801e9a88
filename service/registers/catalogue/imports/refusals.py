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
