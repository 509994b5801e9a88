"""What comes late in a simulated year: returned surpluses, released retentions, offsets, recoveries, closed books."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from service.access.model import Role
from service.ledger import store as ledger
from service.ledger.model import State, hospital
from service.reconciliation.closings import actions as closings
from service.reconciliation.deductions import actions as deductions
from service.reconciliation.deductions.actions import Asked
from service.reconciliation.deductions.refusals import DocumentUsed, OffsetCarried
from service.reconciliation.payments import actions as payments
from service.reconciliation.refusals import DeductionTooLarge
from service.reconciliation.statements import store
from tests.reconciliation.bulk import COUNTY
from tests.reconciliation.year import Pair, Row, Year


async def come_late(year: Year, day: date) -> None:
    """What last months left: in this order, because a surplus may be offset before its transfer comes back."""
    await _release(year, day)
    await _offset(year, day)
    await _arrive(year, day)
    await _recover(year, day)


async def _known(year: Year, day: date) -> list[Row]:
    async with year.desk(day) as desk:
        return await store.statements(desk.tx, desk, {}, limit=100_000)


async def _release(year: Year, day: date) -> None:
    """A retention is released when it is two months old."""
    due = [one for one in year.retained if (day - one[0]).days > 45]
    for one in due:
        year.retained.remove(one)
        async with year.desk(day) as desk:
            await deductions.release(desk, one[1], one[2], "考核合格")
        year.counts["released"] += 1


async def _offset(year: Year, day: date) -> None:
    """What was paid ahead is offset against something open of the same hospital."""
    for pair, amount in (await _prepaid(year, day)).items():
        statements = [row for row in await _known(year, day) if (row["payer"], row["hospital_code"]) == pair]
        open_ones = [row for row in statements if row["outstanding"] > 0 and row["carried_into"] is None]
        if not open_ones or year.dice.random() < 0.2:
            continue
        part = min(amount, open_ones[0]["outstanding"])
        async with year.desk(day) as desk:
            asked = Asked("prepayment_offset", part, (), None, "冲抵多付款")
            await deductions.deduct(desk, open_ones[0]["id"], asked)
        year.counts["offset"] += 1


async def _prepaid(year: Year, day: date) -> dict[Pair, int]:
    async with year.desk(day) as desk:
        found = await ledger.balances(desk.tx, [COUNTY], as_of=day, hospitals=True)
    return {
        (one.payer, one.payee.removeprefix(hospital(""))): one.amount for one in found if one.state == State.PREPAID
    }


async def _arrive(year: Year, day: date) -> None:
    """Of the transfers that were too much, half come back, perhaps with a surplus that was offset meanwhile."""
    for paid in year.on_the_way:
        pair, payment_id = (paid["payer"], paid["hospital_code"]), UUID(paid["id"])
        if year.dice.random() < 0.5:
            try:
                async with year.desk(day) as desk:
                    await payments.send_back(desk, payment_id, day, "账号已注销")
            except OffsetCarried:
                year.counts["kept because carried"] += 1
            else:
                year.transferred[pair] -= year.amounts.pop(payment_id)
                year.counts["returned with its surplus"] += 1
                continue
        async with year.desk(day, Role.HOSPITAL, hospital_code=pair[1]) as desk:
            await payments.receive(desk, payment_id)
    year.on_the_way.clear()


async def _recover(year: Year, day: date) -> None:
    """An inspection finds something in statements that were paid; the same document is refused the second time."""
    paid = [row for row in await _known(year, day) if row["paid"] > 300_00]
    for row in year.dice.sample(paid, min(len(paid), 2)):
        lines = await _lines(year, row, day) if year.dice.random() < 0.5 else ()
        year.serial += 1
        asked = Asked("recovery", row["paid"] // 3, lines, f"检〔{day.year}〕{year.serial}号", "检查追回")
        if lines:
            asked = Asked("recovery", 50_00, lines, asked.document_no, asked.reason)
        try:
            async with year.desk(day) as desk:
                made: dict[str, Any] = await deductions.deduct(desk, row["id"], asked)
        except DeductionTooLarge:
            year.counts["recovered too much"] += 1
            continue
        year.counts["recovered"] += 1
        year.counts["recovered later"] += made["left"] != "0.00"
        await _refused(year, row, Asked("recovery", 1, (), asked.document_no, "重复"), day)


async def _refused(year: Year, row: Row, asked: Asked, day: date) -> None:
    try:
        async with year.desk(day) as desk:
            await deductions.deduct(desk, row["id"], asked)
    except (DocumentUsed, DeductionTooLarge):
        return
    raise AssertionError("the same document was used twice")


async def _lines(year: Year, row: Row, day: date) -> tuple[int, ...]:
    async with year.desk(day) as desk:
        lines = await store.lines(desk.tx, row, limit=100_000)
    large = [line["line_no"] for line in lines if line["amount"] > 50_00]
    return (year.dice.choice(large),) if large else ()


async def close(year: Year, due: Sequence[tuple[str, str]], day: date) -> None:
    """Close the books of what was billed."""
    for payer, period in due:
        async with year.desk(day) as desk:
            assert (await closings.close(desk, payer, period))["agrees"]
        year.counts["closed"] += 1
