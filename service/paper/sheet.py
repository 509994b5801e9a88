"""A sheet of paper as PDF: one embedded font with Chinese glyphs (those used, only), page numbers at the foot."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

from fpdf import FPDF
from pylopdf_fonts_zh_cn import sans_path

from service.clock import COUNTY_ZONE

FONT: Final = "Noto Sans SC"
TITLE, TEXT, SMALL = 16, 10, 8
_SMALLEST: Final = 5
WIDTH: Final = 190
"""What is left of A4 between the margins, in millimetres."""
ROW: Final = 6


class Sheet(FPDF):
    """A4 upright. `foot` stands on every page; its fields are `page` and `pages`."""

    def __init__(self, *, title: str, foot: str, made_at: datetime) -> None:
        super().__init__(format="A4")
        self._foot = foot
        self.add_font(FONT, fname=str(sans_path()))
        self.set_auto_page_break(True, margin=18)
        self.set_title(title)
        self.set_creation_date(made_at.astimezone(COUNTY_ZONE))
        self.set_producer("onestop")
        self.set_font(FONT, size=TEXT)

    def footer(self) -> None:
        self.set_y(-14)
        self.set_font(FONT, size=SMALL)
        self.cell(WIDTH, 5, self._foot.format(page=self.page_no(), pages="{nb}"), align="C")
        self.set_font(FONT, size=TEXT)

    def line_of(self, cells: Sequence[tuple[str, int, str]], *, border: Literal[0, 1] = 1, fill: bool = False) -> None:
        """One row of cells: text, width, alignment."""
        for text, width, align in cells:
            usual = self.font_size_pt
            self.cell(width, ROW, self._fitted(text, width), border=border, align=align, fill=fill)
            self.set_font_size(usual)
        self.ln(ROW)

    def _fitted(self, text: str, width: int) -> str:
        """The text as it fits: written smaller, and only then cut where one sees it."""
        room = width - 2
        while self.get_string_width(text) > room and self.font_size_pt > _SMALLEST:
            self.set_font_size(self.font_size_pt - 1)
        if self.get_string_width(text) <= room:
            return text
        while text and self.get_string_width(f"{text}…") > room:
            text = text[:-1]
        return f"{text}…"
