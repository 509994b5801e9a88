"""
A statement written to a file: the same rows, three times. Page by page, so that a large one needs no memory, and away
from the event loop, so that nobody waits for it.
"""

import asyncio
import io
from typing import Any

from service.money import yuan
from service.reconciliation.desk import Desk
from service.reconciliation.papers.capitals import capitals
from service.reconciliation.papers.content import (
    AMOUNT_COLUMN,
    COLUMNS,
    KIND_COLUMN,
    MOST_LINES,
    Content,
    gather,
    pages,
    sums,
    written,
)
from service.reconciliation.statements.store import Row
from service.sheets.book import Book, Fact
from service.sheets.write import csv_lines


async def csv_of(desk: Desk, statement: Row) -> bytes:
    """The lines as CSV."""
    made = io.BytesIO()

    def write(page: list[list[Any]]) -> None:
        first = made.tell() == 0
        header = [column.heading for column in COLUMNS] if first else ()
        made.writelines(csv_lines(header, map(written, page), bom=first))

    async for page in pages(desk, statement):
        await asyncio.to_thread(write, page)
    return made.getvalue()


async def xlsx_of(desk: Desk, statement: Row) -> bytes:
    """The lines with typed cells, and a summary whose sums are formulas over them."""
    content = await gather(desk, statement)
    book = Book(COLUMNS, title="医疗费用垫付资金结算单", created=statement["at"])

    def write(page: list[list[Any]]) -> None:
        for row in page:
            book.add(row)

    async for page in pages(desk, statement):
        await asyncio.to_thread(write, page)
    return await asyncio.to_thread(book.finish, _facts(content))


def _facts(content: Content) -> list[Fact]:
    statement = content.statement
    by_kind = [Fact(f"{title}合计", amount, AMOUNT_COLUMN, (KIND_COLUMN, title)) for title, _, amount in content.kinds]
    account = " ".join(content.account) if content.account is not None else "（未登记）"
    return [
        Fact("结算单", str(statement["id"])),
        Fact("付款方", content.payer),
        Fact("医疗机构", content.hospital),
        Fact("清算期间", statement["period"]),
        Fact("应付日期", statement["due_on"].isoformat()),
        Fact("收款账户", account),
        Fact("明细合计", statement["lines_total"], AMOUNT_COLUMN),
        *by_kind,
        *(Fact(f"其中：{title}", amount) for title, amount in content.layers),
        *(Fact(title, amount) for title, amount in sums(content)),
        Fact("应付合计（大写）", f"人民币{capitals(statement['total'])}"),
        Fact("应付合计（元）", yuan(statement["total"])),
    ]


async def pdf_of(desk: Desk, statement: Row) -> bytes:
    """The paper to sign, with the first lines; where they are not all, the paper says where the others are."""
    content = await gather(desk, statement)
    rows: list[list[Any]] = []
    async for page in pages(desk, statement):
        rows += page
        if len(rows) >= MOST_LINES:
            break
    return await asyncio.to_thread(_drawn, content, rows[:MOST_LINES])


def _drawn(content: Content, rows: list[list[Any]]) -> bytes:
    from service.reconciliation.papers.pdf import pdf

    return pdf(content, rows)
