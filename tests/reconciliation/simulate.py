"""The whole year, month by month: settled, billed, matched, late things, paid, closed; proved three times a month."""

import calendar as months
from collections.abc import Callable
from datetime import date, timedelta

from service.clock import COUNTY_ZONE
from service.db import transaction_on
from service.reconciliation.closings.store import disagreeing
from service.reconciliation.statements import store
from tests.reconciliation.bulk import COUNTY
from tests.reconciliation.late import close, come_late
from tests.reconciliation.year import YEAR, Year, ended


async def simulate(year: Year, report: Callable[[str], None]) -> None:
    """At the end, the ledger says of every closed period what it said when it was closed."""
    for month in range(1, 13):
        await year.settle(month)
        end = date(YEAR, month, months.monthrange(YEAR, month)[1])
        await year.prove(end)
        second = end + timedelta(days=2)
        for statement in await year.bill(month, second):
            fresh = statement["at"].astimezone(COUNTY_ZONE).date() == second
            if fresh and year.dice.random() < 0.3 and statement["total"] > 0 and not statement["deducted"]:
                await year.match(statement, second)
        await year.prove(second)
        paid_on = end + timedelta(days=12)
        await come_late(year, paid_on)
        async with year.desk(paid_on) as desk:
            owed = await store.statements(desk.tx, desk, {}, limit=100_000)
        for statement in owed:
            await year.clear(statement, paid_on)
        await close(year, ended(month), paid_on)
        await year.prove(paid_on)
        report(f"{YEAR}-{month:02d}: {dict(year.counts)}")
    async with transaction_on(year.engine) as tx:
        assert await disagreeing(tx, COUNTY) == []
