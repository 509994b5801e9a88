"""What a statement's papers say: gathered once, so that CSV, XLSX and PDF cannot disagree."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from service.access.model import Role
from service.access.vault import mask_account
from service.money import fen, yuan
from service.reconciliation.desk import Desk
from service.reconciliation.statements import store
from service.reconciliation.statements.actions import described_lines
from service.reconciliation.statements.store import Row
from service.registers.hospitals.actions import opened_account
from service.registers.hospitals.store import TERMS
from service.sheets.book import Column

KINDS: Final = {"advance": "垫付", "reversal": "冲正", "adjustment": "调整"}
COLUMNS: Final = (
    Column("序号", "count", 7),
    Column("案件号", "text", 30),
    Column("类型", "text", 8),
    Column("结算号", "text", 38),
    Column("就诊号", "text", 18),
    Column("人员编号", "text", 16),
    Column("入院日期", "day", 12),
    Column("出院或就诊日期", "day", 14),
    Column("结算日期", "day", 12),
    Column("医疗费总额", "amount"),
    Column("在先各层支付", "amount"),
    Column("身份", "text", 26),
    Column("金额", "amount"),
    Column("原案件号", "text", 30),
)
KIND_COLUMN: Final = "类型"
AMOUNT_COLUMN: Final = "金额"
MOST_LINES: Final = 2_000
"""On paper; who needs more of them reads the other formats."""
_AT_ONCE: Final = 250


@dataclass(frozen=True, slots=True)
class Content:
    """The head of a statement's papers. Amounts in fen; `account` holds holder, bank and number."""

    statement: Row
    payer: str
    hospital: str
    account: tuple[str, str, str] | None
    layers: tuple[tuple[str, int], ...]
    kinds: tuple[tuple[str, int, int], ...]


async def gather(desk: Desk, statement: Row) -> Content:
    """The head of a statement's papers. The receiving account is in full for those who pay and those who are paid."""
    name, account = await _hospital(desk, statement["hospital_code"])
    if account is not None and desk.caller.role == Role.AUDITOR:
        account = (account[0], account[1], mask_account(account[2]))
    named = desk.packs.payer(statement["county_code"], statement["payer"], statement["period_to"])
    titles = _layer_titles(desk, statement["county_code"], statement["period_to"])
    totals = await store.layer_totals(desk.tx, statement)
    kinds = await store.kind_totals(desk.tx, statement)
    return Content(
        statement,
        named.name.zh if named is not None else statement["payer"],
        name,
        account,
        tuple((titles.get(layer, layer), amount) for layer, amount in totals.items()),
        tuple((KINDS[kind], count, amount) for kind, count, amount in kinds),
    )


def _layer_titles(desk: Desk, county_code: str, day: date) -> dict[str, str]:
    pack = desk.packs.on(county_code, day)
    return {layer.id: layer.name.zh for layer in pack.layers} if pack is not None else {}


async def _hospital(desk: Desk, code: str) -> tuple[str, tuple[str, str, str] | None]:
    known = await TERMS.current(desk.tx, hospital_code=code)
    now = [one for one in known if one.fact.holds_on(desk.today)] or known[-1:]
    if not now:
        return code, None
    account = opened_account(desk.vault, code, now[-1].fact.what.bank_account_enc)
    return now[-1].fact.what.name, (account.holder, account.bank, account.number) if account is not None else None


async def pages(desk: Desk, statement: Row) -> AsyncIterator[list[list[Any]]]:
    """
    The lines as rows of COLUMNS, page by page from the database. Amounts in fen.

    Pages are short: between two of them the server does what else waits, a discharge for example.
    """
    after = 0
    while page := await store.lines(desk.tx, statement, after=after, limit=_AT_ONCE):
        after = page[-1]["line_no"]
        yield [_row(line) for line in await described_lines(desk, statement, page)]


def _row(line: dict[str, Any]) -> list[Any]:
    return [
        line["line_no"],
        line["payer_claim_no"],
        KINDS[line["kind"]],
        line["settlement_id"],
        line["visit_no"],
        line["person_no"],
        line["admitted_on"],
        line["discharged_on"] or line["service_on"],
        line["settled_on"],
        fen(line["total"]),
        sum(fen(one["paid"]) for one in line["earlier_layers"]),
        " ".join(line["identities"]),
        fen(line["amount"]),
        line["original_line"],
    ]


def written(row: list[Any]) -> list[Any]:
    """A row as text: amounts in yuan, days as ISO."""
    return [
        yuan(value)
        if column.kind == "amount"
        else value.isoformat()
        if isinstance(value, date)
        else ""
        if value is None
        else value
        for column, value in zip(COLUMNS, row, strict=True)
    ]


def sums(content: Content) -> list[tuple[str, int]]:
    """The statement's account, from its lines to what is still open (fen)."""
    row = content.statement
    return [
        ("本期合计", row["lines_total"]),
        ("上期结转", row["carried_forward"]),
        ("应付合计", row["total"]),
        ("已付", row["paid"]),
        ("扣减", row["deducted"]),
        ("暂缓", row["held"]),
        ("未付", row["outstanding"]),
    ]
