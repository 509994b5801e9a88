"""
How each bank wants its files: the columns of the transfers that go out and of the answer that comes in, as data.

Each YAML file beside this one is a layout; it is read when the program starts and refused where it is not complete.
"""

from pathlib import Path
from typing import Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

Cell = Literal["line", "reference", "holder", "bank", "number", "amount", "remark"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Title(_Strict):
    zh: str
    en: str


class Column(_Strict):
    heading: str
    field: Cell


class Answer(_Strict):
    """Headings of the bank's answer, the words by which it says what happened, and the word of its last line."""

    reference: str
    amount: str
    outcome: str
    reason: str
    paid: tuple[str, ...] = Field(min_length=1)
    returned: tuple[str, ...] = Field(min_length=1)
    trailer: str = Field(min_length=1)


class Layout(_Strict):
    """One bank's files."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: Title
    columns: tuple[Column, ...] = Field(min_length=1)
    remark: str
    answer: Answer


def _read() -> dict[str, Layout]:
    files = sorted(Path(__file__).parent.glob("*.yaml"))
    found = [Layout.model_validate(yaml.safe_load(file.read_text(encoding="utf-8"))) for file in files]
    return {each.id: each for each in found}


LAYOUTS: Final = _read()
