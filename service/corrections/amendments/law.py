"""The law of a server process, kept up with what was approved elsewhere."""

from typing import Any

from service.db import EVERY_COUNTY, seeing, transaction_on


async def renew(state: Any) -> None:
    """
    Let the application go by the amendments that are approved by now.

    Processes look every second. In between, the database refuses what one that has not looked yet would settle under
    a text that was replaced (trigger `law_in_force`): the caller is told to try again.
    """
    with seeing(EVERY_COUNTY):
        async with transaction_on(state.engine) as tx:
            if await state.law.renew(tx):
                state.packs = state.law.packs
