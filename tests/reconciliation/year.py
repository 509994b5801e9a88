"""
A year of a county, simulated: settlements, reversals, later versions, statements, files with errors, held lines,
deductions, transfers in full, in part, too much, sent back. At every month's end the books are proved.
"""

import calendar as months
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
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
QUIET = (4, 9)
"""Months in which one hospital settles nothing and reverses much of what it had."""
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
    retained: list[tuple[date, UUID, UUID]] = field(default_factory=list)
    on_the_way: list[Row] = field(default_factory=list)
    amounts: dict[UUID, int] = field(default_factory=dict)

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
        days = months.monthrange(YEAR, month)[1]
        new, again = self._fresh(month, days), []
        last = date(YEAR, month, days)
        for case in new:
            if self.dice.random() < 0.03:
                again.append(case.reversed_on(last))
            elif case.hospital_code == self.quiet or self.dice.random() < 0.1:
                self.earlier.append(case)
        again += self._changed(month, last, len(new) // 40)
        self.counts["settlements"] += len(new)
        self.counts["reversals"] += sum(case.kind == "reversal" for case in again)
        self.counts["later versions"] += sum(case.kind != "reversal" for case in again)
        async with transaction_on(self.engine) as tx:
            await write(tx, [*new, *again])
        for case in [*new, *again]:
            before = case.original.layers if case.original and case.kind != "reversal" else {}
            for layer, amount in case.layers.items():
                self.claimed[LAYERS[layer], case.hospital_code] += amount - before.get(layer, 0)

    @property
    def quiet(self) -> str:
        """A hospital that has months with nothing but reversals: its statements are negative then."""
        return self.hospitals[-1]

    def _fresh(self, month: int, days: int) -> list[Case]:
        open_now = self.hospitals[:-1] if month in QUIET else self.hospitals
        return [
            Case(date(YEAR, month, self.dice.randint(1, days)), self.dice.choice(open_now), self.layers())
            for _ in range(-(-self.settlements // 12))
        ]

    def _changed(self, month: int, last: date, count: int) -> list[Case]:
        """Earlier cases that are reversed, or have another version, which may be reversed later in its turn."""
        self.dice.shuffle(self.earlier)
        known = [case for case in self.earlier if case.day.month < month]
        quiet = [case for case in known if case.hospital_code == self.quiet]
        found = [case for case in known if case.hospital_code != self.quiet][:count]
        again: list[Case] = [case.reversed_on(last) for case in quiet[: count // 2 + 2] if month in QUIET]
        for case in found:
            if self.dice.random() < 0.5:
                version = case.amended_on(last, top_up=self.dice.randint(0, min(2_000_00, case.first.paid)))
                again.append(version)
                self.earlier.append(version)
            else:
                again.append(case.reversed_on(last))
        gone = {case.id for case in [*found, *quiet[: count // 2 + 2]]} if month in QUIET else {c.id for c in found}
        self.earlier = [case for case in self.earlier if case.id not in gone]
        return again

    async def bill(self, month: int, day: date) -> list[Row]:
        """Run what ended."""
        for payer, period in ended(month):
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
            causes = await desk.tx.execute(text(CAUSES), {"id": statement["id"]})
            cause: dict[int, str] = {row.line_no: row.cause for row in causes}
            lines = [line | {"cause": cause[line["line_no"]]} for line in lines]
        rows = [f"{line['case_id']},{yuan(line['amount'])}" for line in lines]
        hurt = dice.sample(range(len(lines)), min(len(lines), dice.randint(1, 3)))
        plain = {line["case_id"] for line in lines if line["kind"] != "advance"}
        hurt = [n for n in hurt if lines[n]["amount"] > 100 and lines[n]["case_id"] not in plain]
        unseen = self._unseen(lines)
        for n in hurt:
            rows[n] = f"{lines[n]['case_id']},{yuan(lines[n]['amount'] - 100)}"
        sent = [row for n, row in enumerate(rows) if n not in unseen]
        content = "\n".join(["结算号,金额", *sent]).encode()
        # The same file once more shows the same differences, which stay those that the first one opened.
        for _ in range(2):
            async with self.desk(day) as desk:
                upload = Upload(BytesIO(content), "a.csv")
                found = (await matching.match(desk, statement["id"], upload))["differences"]
        kinds = ["amount"] * len(hurt) + ["reversed_one_side"] * len(unseen)
        assert sorted(one["kind"] for one in found) == kinds
        for one in found:
            seen = one["kind"] == "amount"
            way = dice.choice(("hold_back", "accept_theirs", "keep_ours") if seen else ("hold_back", "keep_ours"))
            for operator, role in (("甲", Role.AGENCY), ("乙", Role.HOSPITAL))[: 1 if way == "keep_ours" else 2]:
                async with self.desk(day, role, operator, hospital_code=statement["hospital_code"]) as desk:
                    await resolution.resolve(desk, UUID(one["id"]), way, "")
            self.counts[way if seen else f"{way} of a reversal"] += 1

    def _unseen(self, lines: list[Row]) -> list[int]:
        """A reversal of an earlier month, alone of its case on the statement, that the payer's file may lack."""
        often = Counter(line["case_id"] for line in lines)
        alone = [n for n, line in enumerate(lines) if line["cause"] == "reversal" and often[line["case_id"]] == 1]
        return alone[:1] if self.dice.random() < 0.5 else []

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
                made = await deductions.deduct(desk, statement["id"], asked)
            due -= due // 20 + 1
            if way == "retention":
                self.retained.append((day, statement["id"], UUID(made["id"])))
        amount: int = {"part": due // 2 or due, "too much": due + 7_77}.get(way, due)
        async with self.desk(day) as desk:
            paid = await payments.pay(desk, self.transfer(statement, day, amount))
            assert paid["prepaid"] == yuan(max(0, amount - due))
        if way == "returned":
            async with self.desk(day) as desk:
                await payments.send_back(desk, UUID(paid["id"]), day, "户名不符")
        else:
            self.transferred[statement["payer"], statement["hospital_code"]] += amount
            if way == "too much":
                self.on_the_way.append(paid)
                self.amounts[UUID(paid["id"])] = amount
                return
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
            again, offset = [
                {(row.payer, row.hospital_code): row.amount for row in await desk.tx.execute(text(query))}
                for query in (AGAIN, OFFSET)
            ]
            wrong = (await desk.tx.execute(text(UNSETTLED))).one()
        balance: dict[Pair, dict[State, int]] = defaultdict(lambda: defaultdict(int))
        for one in found:
            balance[one.payer, one.payee.removeprefix("hospital:")][one.state] += one.amount
        assert sum(one.amount for one in found) == 0, "the ledger sums to zero"
        for pair, claimed in self.claimed.items():
            has = balance[pair]
            outstanding = sum(has[state] for state in OPEN)
            assert claimed == has[State.PAID] + has[State.DEDUCTED] + outstanding, (day, pair)
            assert self.transferred[pair] == has[State.PAID] + has[State.PREPAID] + offset.get(pair, 0), (day, pair)
            own = [row for row in known if (row["payer"], row["hospital_code"]) == pair]
            billed = has[State.BILLED] + has[State.RETURNED]
            assert sum(row["outstanding"] for row in own if not row["carried_into"]) == billed, (day, pair)
            assert sum(row["paid"] for row in own) == has[State.PAID], (day, pair)
            # What was taken of a case that was reversed later is owed again: the statement keeps what it was told.
            assert sum(row["deducted"] for row in own) == has[State.DEDUCTED] + again.get(pair, 0), (day, pair)
        assert lines.twice == 0, "no line stands in two statements"
        assert lines.nowhere == 0, "no claim of an ended and billed period stands in none"
        assert (wrong.short, wrong.over) == (0, 0), "what was made good is no difference any more"
        self.counts["carried"] = sum(row["carried_into"] is not None for row in known)
        self.counts["proofs"] += 1


CAUSES = """
    SELECT l.line_no, e.cause FROM statement_lines l JOIN ledger_entries e ON e.id = l.origin WHERE l.statement_id = :id
"""
AGAIN = """
    SELECT payer, replace(payee, 'hospital:', '') AS hospital_code, sum(amount)::bigint AS amount FROM postings
    WHERE source = 'deducted' AND target = 'unbilled' GROUP BY 1, 2
"""

OFFSET = """
    SELECT s.payer, s.hospital_code, sum(d.amount)::bigint AS amount FROM deductions d
    JOIN statements s ON s.county_code = d.county_code AND s.id = d.statement_id
    WHERE d.kind = 'prepayment_offset' AND NOT EXISTS (SELECT FROM deduction_releases f WHERE f.deduction_id = d.id)
    GROUP BY 1, 2
"""

# Payment differences that stand open although nothing is short, or no surplus is left.
UNSETTLED = """
    WITH standing AS (
        SELECT d.kind, s.payer, s.hospital_code, s.id FROM differences d JOIN statements s ON s.id = d.statement_id
        WHERE d.payment_id IS NOT NULL AND NOT EXISTS (SELECT FROM difference_steps t
            WHERE t.difference_id = d.id AND t.status IN ('resolved', 'gone'))
    ), open AS (
        SELECT l.statement_id, sum(CASE WHEN p.target IN ('billed', 'returned') THEN p.amount ELSE 0 END
            - CASE WHEN p.source IN ('billed', 'returned') THEN p.amount ELSE 0 END) AS amount
        FROM statement_lines l JOIN postings p ON p.origin = l.origin AND p.payer = l.payer
        WHERE l.statement_id IN (SELECT id FROM standing) GROUP BY 1
    ), ahead AS (
        SELECT payer, payee, sum(CASE WHEN target = 'prepaid' THEN amount ELSE -amount END) AS amount
        FROM postings WHERE layer = 'prepaid' GROUP BY 1, 2
    )
    SELECT count(*) FILTER (WHERE n.kind = 'underpaid' AND o.amount <= 0) AS short,
        count(*) FILTER (WHERE n.kind = 'overpaid' AND coalesce(a.amount, 0) <= 0) AS over
    FROM standing n LEFT JOIN open o ON o.statement_id = n.id
    LEFT JOIN ahead a ON a.payer = n.payer AND a.payee = 'hospital:' || n.hospital_code
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


def ended(month: int) -> list[tuple[str, str]]:
    """Whose period ended with a month."""
    due = [(payer, f"{YEAR}-{month:02d}") for payer in ("basic_fund", "serious_insurer", "top_up_insurer")]
    return due + ([("civil_affairs", f"{YEAR}-Q{month // 3}")] if month % 3 == 0 else [])
