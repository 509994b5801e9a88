"""What can be wrong with a file as a whole, or with a cell, before anybody asks what it means."""

from dataclasses import dataclass
from typing import ClassVar

from service.errors import Refusal, Text


class SheetRefused(Refusal):
    """The file cannot be read as a table."""

    code = "sheet.unreadable"
    title = Text("文件无法读取", "The file cannot be read")
    advice: ClassVar[Text] = Text(
        "文件已损坏或不完整；请在表格软件中打开并另存为 XLSX 或 CSV 后重新提交。",
        "The file is damaged or cut off: open it in a spreadsheet, save it anew as XLSX or CSV, and send that.",
    )

    def __init__(self, advice: Text | None = None) -> None:
        super().__init__(advice or self.advice, pointer="/file")


class SheetEmpty(SheetRefused):
    """The file has no rows."""

    code = "sheet.empty"
    title = Text("文件为空", "The file is empty")
    advice = Text("文件中没有任何行；请核对所选的文件。", "There is no row in the file: check which file was chosen.")


class SheetEncoding(SheetRefused):
    """The text is neither UTF-8 nor GBK."""

    code = "sheet.encoding"
    title = Text("文字编码不明", "The encoding is unknown")
    advice = Text(
        "文件既不是 UTF-8 也不是 GBK 编码；请另存为 UTF-8 的 CSV 或 XLSX。",
        "The text is neither UTF-8 nor GBK: save it as CSV in UTF-8, or as XLSX.",
    )


class SheetTooLarge(SheetRefused):
    """The file unpacks to more than any honest table has."""

    code = "sheet.too_large"
    title = Text("文件过大", "The file is too large")
    advice = Text(
        "文件解压后过大或行列过多；请拆分后分别提交。",
        "Unpacked, the file is too large or has too many columns: send it in parts.",
    )


class SheetHeadings(SheetRefused):
    """The headings do not say which column is what."""

    code = "sheet.headings"
    title = Text("表头有误", "The headings are wrong")
    advice = Text("请核对表头。", "Check the headings.")


@dataclass(frozen=True, slots=True)
class CellFault:
    """What is wrong with one cell, whatever it was meant to say. `column` counts from 0."""

    column: int
    code: str
    detail: Text


FORMULA = "cell.formula"
ERROR = "cell.error"
FORMULA_TEXT = Text("单元格是公式；请复制后以“值”粘贴。", "The cell is a formula: copy it and paste it as a value.")
ERROR_TEXT = Text("单元格是计算错误；请填写数值。", "The cell holds an error of the spreadsheet: fill in the value.")
