"""
A year of a county, simulated: settlements, reversals, later versions, statements, files with errors, held lines,
deductions, transfers in full, in part, too much, sent back. At every month's end the books are proved.
"""

import calendar as months
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.model import Caller, Role
from service.access.vault import Vault
from service.clock import COUNTY_ZONE
from service.db import transaction_on
from service.ledger import store as ledger
from service.ledger.model import State
from service.money import yuan
from service.policy.load import shipped_packs
from service.reconciliation.deductions import actions as deductions
from service.reconciliation.deductions.actions import Asked
from service.reconciliation.desk import Desk
from service.reconciliation.matching import actions as matching
from service.reconciliation.matching import resolution
from service.reconciliation.matching.actions import Upload
from service.reconciliation.payments import actions as payments
from service.reconciliation.payments.actions import Transfer
from service.reconciliation.statements import actions as statements
from service.reconciliation.statements import store
from tests.reconciliation.bulk import COUNTY, LAYERS, Case, write

YEAR = 2018
OPEN = (State.UNBILLED, State.BILLED, State.RETURNED)
Pair = tuple[str, str]
Row = dict[str, Any]


@dataclass
class Year:
    """The simulated county, and what it should be, kept beside in plain Python."""

    engine: AsyncEngine
    vault: Vault
    hospitals: list[str]
    settlements: int
    dice: random.Random
    claimed: dict[Pair, int] = field(default_factory=lambda: defaultdict(int))
    transferred: dict[Pair, int] = field(default_factory=lambda: defaultdict(int))
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    earlier: list[Case] = field(default_factory=list)
    serial: int = 0

    @asynccontextmanager
    async def desk(self, day: date, role: Role = Role.AGENCY, operator: str = "甲", **who: Any) -> AsyncIterator[Desk]:
        caller = Caller(f"{role}-client", role, COUNTY, who.get("hospital_code"), frozenset(), None, operator, "year")
        async with transaction_on(self.engine) as tx:
            now = datetime.combine(day, time(9), COUNTY_ZONE)
            yield Desk(tx, caller, self.engine, shipped_packs(), self.vault, now)

    def layers(self) -> dict[str, int]:
        dice = self.dice
        found = {"basic": dice.randint(50_00, 20_000_00), "serious": 0, "aid": 0, "top_up": dice.randint(0, 3_000_00)}
        found["serious"] = dice.randint(1, 9_000_00) if dice.random() < 0.2 else 0
        found["aid"] = dice.randint(1, 5_000_00) if dice.random() < 0.3 else 0
        return found

    async def settle(self, month: int) -> None:
        """A month's settlements, reversals of this month's and of earlier ones, and later versions."""
        dice, days = self.dice, months.monthrange(YEAR, month)[1]
        new = [
            Case(date(YEAR, month, dice.randint(1, days)), dice.choice(self.hospitals), self.layers())
            for _ in range(-(-self.settlements // 12))
        ]
        last = date(YEAR, month, days)
        again: list[Case] = []
        for case in new:
            if dice.random() < 0.03:
                again.append(case.reversed_on(last))
            elif dice.random() < 0.1:
                self.earlier.append(case)
        dice.shuffle(self.earlier)
        old = [case for case in self.earlier if case.day.month < month][: len(new) // 40]
        for case in old:
            self.earlier.remove(case)
            kept = dice.random() < 0.5
            again.append(case.amended_on(last, top_up=dice.randint(0, 2_000_00)) if kept else case.reversed_on(last))
        self.counts["settlements"] += len(new)
        self.counts["reversals"] += sum(case.kind == "reversal" for case in again)
        self.counts["later versions"] += sum(case.kind != "reversal" for case in again)
        async with transaction_on(self.engine) as tx:
            await write(tx, [*new, *again])
        for case in [*new, *again]:
            before = case.original.layers if case.original and case.kind != "reversal" else {}
            for layer, amount in case.layers.items():
                self.claimed[LAYERS[layer], case.hospital_code] += amount - before.get(layer, 0)

    async def bill(self, month: int, day: date) -> list[Row]:
        """Run what ended."""
        due = [(payer, f"{YEAR}-{month:02d}") for payer in ("basic_fund", "serious_insurer", "top_up_insurer")]
        due += [("civil_affairs", f"{YEAR}-Q{month // 3}")] if month % 3 == 0 else []
        for payer, period in due:
            async with self.desk(day) as desk:
                run = await statements.run(desk, payer, period, dry_run=False)
                assert run["failed"] == []
                self.counts["statements"] += len(run["items"])
        async with self.desk(day) as desk:
            return await store.statements(desk.tx, desk, {}, limit=100_000)

    async def match(self, statement: Row, day: date) -> None:
        """The payer's file with some lines missing or lower; half of these are held back, half accepted."""
        dice = self.dice
        async with self.desk(day) as desk:
            lines = await store.lines(desk.tx, statement, limit=100_000)
        rows = [f"{line['case_id']},{yuan(line['amount'])}" for line in lines]
        hurt = dice.sample(range(len(lines)), min(len(lines), dice.randint(1, 3)))
        plain = {line["case_id"] for line in lines if line["kind"] != "advance"}
        hurt = [n for n in hurt if lines[n]["amount"] > 100 and lines[n]["case_id"] not in plain]
        for n in hurt:
            rows[n] = f"{lines[n]['case_id']},{yuan(lines[n]['amount'] - 100)}"
        async with self.desk(day) as desk:
            upload = Upload(BytesIO("\n".join(["结算号,金额", *rows]).encode()), "a.csv")
            found = (await matching.match(desk, statement["id"], upload))["differences"]
        assert [one["kind"] for one in found] == ["amount"] * len(hurt)
        for one in found:
            way = dice.choice(("hold_back", "accept_theirs", "keep_ours"))
            for operator, role in (("甲", Role.AGENCY), ("乙", Role.HOSPITAL))[: 1 if way == "keep_ours" else 2]:
                async with self.desk(day, role, operator, hospital_code=statement["hospital_code"]) as desk:
                    await resolution.resolve(desk, UUID(one["id"]), way, "")
            self.counts[way] += 1

    async def clear(self, statement: Row, day: date) -> None:
        """Pay a statement in one of the ways in which statements are paid."""
        dice = self.dice
        due: int = statement["outstanding"]
        if statement["carried_into"] is not None or due <= 0 or dice.random() < 0.1:
            return
        way = dice.choice(("full", "full", "part", "retention", "refusal", "returned", "too much"))
        self.counts[way] += 1
        if way in ("retention", "refusal") and due > 100:
            async with self.desk(day) as desk:
                asked = Asked(way, due // 20 + 1, (), None, "年终考核")
                await deductions.deduct(desk, statement["id"], asked)
            due -= due // 20 + 1
        amount: int = {"part": due // 2 or due, "too much": due + 7_77}.get(way, due)
        async with self.desk(day) as desk:
            paid = await payments.pay(desk, self.transfer(statement, day, amount))
            assert paid["prepaid"] == yuan(max(0, amount - due))
        if way == "returned":
            async with self.desk(day) as desk:
                await payments.send_back(desk, UUID(paid["id"]), day, "户名不符")
        else:
            self.transferred[statement["payer"], statement["hospital_code"]] += amount
            async with self.desk(day, Role.HOSPITAL, hospital_code=statement["hospital_code"]) as desk:
                await payments.receive(desk, UUID(paid["id"]))

    def transfer(self, statement: Row, day: date, amount: int) -> Transfer:
        self.serial += 1
        reference = f"R{self.serial:08d}"
        allocations = ((statement["id"], amount),)
        return Transfer(statement["payer"], statement["hospital_code"], reference, day, amount, allocations)

    async def prove(self, day: date) -> None:
        """The books at the end of a day, per payer and hospital, against what was kept beside."""
        async with self.desk(day) as desk:
            found = await ledger.balances(desk.tx, [COUNTY], as_of=day)
            known = await store.statements(desk.tx, desk, {}, limit=100_000)
            lines = (await desk.tx.execute(text(LINES), {"day": day})).one()
            again = {
                (row.payer, row.hospital_code): row.amount for row in await desk.tx.execute(text(AGAIN), {"day": day})
            }
        balance: dict[Pair, dict[State, int]] = defaultdict(lambda: defaultdict(int))
        for one in found:
            balance[one.payer, one.payee.removeprefix("hospital:")][one.state] += one.amount
        assert sum(one.amount for one in found) == 0, "the ledger sums to zero"
        for pair, claimed in self.claimed.items():
            has = balance[pair]
            outstanding = sum(has[state] for state in OPEN)
            assert claimed == has[State.PAID] + has[State.DEDUCTED] + outstanding, (day, pair)
            assert self.transferred[pair] == has[State.PAID] + has[State.PREPAID], (day, pair)
            own = [row for row in known if (row["payer"], row["hospital_code"]) == pair and not row["carried_into"]]
            billed = has[State.BILLED] + has[State.RETURNED]
            assert sum(row["outstanding"] for row in own) == billed, (day, pair)
            assert sum(row["paid"] for row in own) == has[State.PAID], (day, pair)
            # What was refused of a case that was reversed later is owed again: the statement keeps what it was told.
            assert sum(row["deducted"] for row in own) == has[State.DEDUCTED] + again.get(pair, 0), (day, pair)
        assert lines.twice == 0, "no line stands in two statements"
        assert lines.nowhere == 0, "no claim of an ended and billed period stands in none"
        self.counts["proofs"] += 1


AGAIN = """
    SELECT payer, replace(payee, 'hospital:', '') AS hospital_code, sum(amount)::bigint AS amount FROM postings
    WHERE source = 'deducted' AND target = 'unbilled' AND on_day <= :day GROUP BY 1, 2
"""

# Of every claim that began in a period which its pair has a statement for: is it in exactly one?
LINES = """
    WITH begun AS (
        SELECT p.county_code, p.payer, p.payee, p.origin, min(p.on_day) AS on_day,
            sum(CASE WHEN p.source = 'fund' THEN p.amount ELSE -p.amount END) AS amount
        FROM postings p WHERE p.origin = p.entry_id AND p.payee LIKE 'hospital:%' AND p.layer <> 'prepaid'
        GROUP BY 1, 2, 3, 4
    ), placed AS (
        SELECT b.*, (SELECT count(*) FROM statement_lines l WHERE l.payer = b.payer AND l.origin = b.origin) AS times,
            EXISTS (SELECT FROM statements s WHERE s.payer = b.payer AND 'hospital:' || s.hospital_code = b.payee
                AND b.on_day BETWEEN s.period_from AND s.period_to) AS due
        FROM begun b WHERE b.amount <> 0
    )
    SELECT count(*) FILTER (WHERE times > 1) AS twice, count(*) FILTER (WHERE due AND times = 0 AND on_day <= :day)
        AS nowhere FROM placed
"""


async def simulate(year: Year, report: Callable[[str], None]) -> None:
    """The whole year, month by month, and two months more in which the rest is paid."""
    for month in range(1, 13):
        await year.settle(month)
        end = date(YEAR, month, months.monthrange(YEAR, month)[1])
        await year.prove(end)
        second = end + timedelta(days=2)
        for statement in await year.bill(month, second):
            fresh = statement["at"].astimezone(COUNTY_ZONE).date() == second
            if fresh and year.dice.random() < 0.3 and statement["total"] > 0:
                await year.match(statement, second)
        await year.prove(second)
        paid_on = end + timedelta(days=12)
        async with year.desk(paid_on) as desk:
            owed = await store.statements(desk.tx, desk, {}, limit=100_000)
        for statement in owed:
            await year.clear(statement, paid_on)
        await year.prove(paid_on)
        report(f"{YEAR}-{month:02d}: {dict(year.counts)}")
