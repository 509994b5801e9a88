"""A settlement as a person reads it in a terminal: the bill, each layer and why, what is left, and in words."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from rich import box
from rich.box import Box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from service.demo.wrapping import wrapped
from service.explanation.wording import LANGUAGES, wording
from service.policy.model import Pack

_BILL: Final = (
    ("total", "医疗费总额", "total"),
    ("self_funded", "全自费", "self-funded"),
    ("over_ceiling", "超限价自付", "over ceiling"),
    ("first_pay", "先行自付", "first-pay"),
    ("in_scope", "符合政策范围", "in scope"),
)
_REST: Final = (
    ("paid_total", "各方共支付", "paid by all payers"),
    ("patient_pays", "个人最终负担", "patient pays"),
    ("due_at_discharge", "出院应缴", "due at discharge"),
    ("hospital_advances", "医院垫付", "advanced by the hospital"),
    ("owed_to_patient", "另付患者账户", "to follow to the patient's account"),
)
_DEMONSTRATION: Final = "示范值 demonstration"
_AMOUNT_WIDTH: Final = 11
_TO_WIDTH: Final = 16
_BETWEEN_COLUMNS: Final = 10
_INDENT: Final = 3


class Picture:
    """Draws one answer for `width` cells; `frames` in line characters, else in ASCII."""

    def __init__(self, answer: dict[str, Any], pack: Pack | None, *, width: int, frames: bool) -> None:
        self._answer = answer
        self._pack = pack
        self._why_width = width - _AMOUNT_WIDTH - _TO_WIDTH - _BETWEEN_COLUMNS
        self._width = width
        self._box: Box = box.ROUNDED if frames else box.ASCII

    def parts(self) -> Iterable[RenderableType]:
        yield self._amounts("账单 The bill", _BILL, self._answer["amounts"])
        yield self._layers()
        yield self._amounts("结果 What is left", _REST, self._answer)
        yield self._words()

    def _amounts(self, title: str, names: Sequence[tuple[str, str, str]], amounts: dict[str, str]) -> Table:
        table = Table(title=title, title_justify="left", title_style="bold", box=self._box, show_header=False)
        table.add_column()
        table.add_column(style="dim")
        table.add_column(justify="right", width=_AMOUNT_WIDTH)
        for key, zh, en in names:
            table.add_row(zh, en, amounts[key], style="bold" if key in {"total", "due_at_discharge"} else "")
        return table

    def _layers(self) -> Table:
        table = Table(
            title="各层支付 Who pays, and why", title_justify="left", title_style="bold", box=self._box, show_lines=True
        )
        table.add_column("支付方与依据 Payer and reasons", width=self._why_width)
        table.add_column("付给 To", width=_TO_WIDTH)
        table.add_column("元 Yuan", justify="right", width=_AMOUNT_WIDTH)
        for number, layer in enumerate(self._answer["layers"], 1):
            to = self._way(layer) if layer["paid"] != "0.00" else ""
            paid = Text(layer["paid"], "bold" if to else "dim")
            table.add_row(Group(*self._why(number, layer)), Text(to), paid)
        return table

    def _why(self, number: int, layer: dict[str, Any]) -> Iterable[Text]:
        """The layer's names, its payer's, and each step in both languages with its clauses."""
        yield Text(f"{number}. {' '.join(self._layer_names(layer['layer']))}", "bold")
        yield Text(" " * _INDENT + " ".join(self._payer_names(layer["payer"])), "dim")
        for step in layer["steps"]:
            sources = [*step["clauses"], *([_DEMONSTRATION] if step["demonstration"] else [])]
            cited = f"〔{'；'.join(sources)}〕" if sources else ""
            yield from self._hanging("- ", step["text"]["zh"] + cited, "" if step["applied"] else "dim", whole=sources)
            yield from self._hanging("  ", step["text"]["en"], "dim")

    def _hanging(self, mark: str, text: str, style: str, whole: Sequence[str] = ()) -> Iterable[Text]:
        for line in wrapped(text, self._why_width - _INDENT - len(mark), whole):
            yield Text(" " * _INDENT + mark + line, style)
            mark = " " * len(mark)

    def _way(self, layer: dict[str, Any]) -> str:
        way = "expected" if layer["expected"] else layer["pay_to"]
        if layer["layer"] == "other" and layer["pay_to"] == "hospital":
            way = "credited"
        return "\n".join(line for lang in LANGUAGES for line in wrapped(wording().names[lang].of(way), _TO_WIDTH))

    def _layer_names(self, layer: str) -> Iterable[str]:
        known = next((each.name for each in self._pack.layers if each.id == layer), None) if self._pack else None
        return (known.zh, known.en) if known else (layer,)

    def _payer_names(self, payer: str) -> Iterable[str]:
        known = self._pack.payers.get(payer) if self._pack else None
        return (known.name.zh, known.name.en) if known else (payer,)

    def _words(self) -> Group:
        lines = [Text("说明 In words", "bold")]
        for lang in LANGUAGES:
            for sentence in self._answer["explanation"][lang]:
                mark = "- "
                for line in wrapped(sentence, self._width - _INDENT - len(mark)):
                    lines.append(Text(f" {mark}{line}", "" if lang == "zh" else "dim"))
                    mark = "  "
        return Group(*lines)
