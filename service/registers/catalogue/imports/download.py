"""The rejected rows of a catalogue as a file, piece by piece however many they are."""

from collections.abc import AsyncIterator
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from service.db import transaction_on
from service.registers.catalogue.imports import store
from service.registers.catalogue.imports.schemas import said
from service.registers.catalogue.imports.store import Import, Rejected
from service.sheets.write import csv_lines

_REMARK: Final = "问题"
_AT_ONCE: Final = 1_000


async def rejected_csv(engine: AsyncEngine, made: Import) -> AsyncIterator[bytes]:
    """The columns as they came, and one that says what is wrong. Corrected, it can be sent again, as changes."""
    for piece in csv_lines([*made.header, _REMARK], ()):
        yield piece
    after = 0
    while True:
        async with transaction_on(engine) as tx:
            found = await store.rejected_of(tx, made, after, _AT_ONCE)
        if not found:
            return
        after = found[-1].row_no
        for piece in csv_lines([], [_with_remark(each, len(made.header)) for each in found], bom=False):
            yield piece


def _with_remark(rejected: Rejected, width: int) -> list[str]:
    remark = "；".join(f"{fault.column}：{said(fault.code).zh}".lstrip("：") for fault in rejected.faults)
    return [*(rejected.cells + [""] * width)[:width], remark]
