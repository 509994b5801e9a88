"""A part proved; where something of it cannot even be read, it is halved until that row stands alone and is named."""

from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.db import transaction_on
from service.proof import books
from service.proof import store as kept
from service.proof.law import Law, packs_wrong
from service.proof.model import Wrong, wrong
from service.proof.runs.model import CLOSED, REFERENCES, Part, PartKind
from service.proof.seals.checking import chain_wrong, unsealed_wrong
from service.proof.settled import settlements_wrong
from service.proof.store import Range

_PASSING: Final = ("08", "40", "53", "55", "57")
"""Classes of SQLSTATE that say nothing of a row: connection, conflict, resources, locks, an operator's hand."""
_TABLES: Final = {PartKind.LAW: "policy_packs", PartKind.SETTLEMENTS: "settlements", PartKind.CHAIN: "seals"}


async def proved(moment: AsyncEngine, law: Law, county_code: str, part: Part) -> tuple[int, list[Wrong]]:
    """
    How much of a part was looked at, and what is wrong, rows that cannot be read among it.

    `moment`: an engine whose transactions see one moment. Raises only what says nothing of a row (a lost connection).
    """
    try:
        async with transaction_on(moment) as tx:
            return await prove(tx, law, county_code, part)
    except Exception as error:
        if _is_passing(error):
            raise
        said = _said(error)
    async with transaction_on(moment) as tx:
        halves = await _halves(tx, county_code, part)
    if halves:
        done = [await proved(moment, law, county_code, half) for half in halves]
        return sum(checked for checked, _ in done), [one for _, found in done for one in found]
    named = await _unreadable(moment, county_code, part) if part.kind == PartKind.SETTLEMENTS else []
    key = f"{county_code}/{part.first}" if part.kind == PartKind.CHAIN else part.first
    return 0, named or [wrong(_TABLES.get(part.kind, part.kind.value), key, None, said, "rows that can be read")]


async def prove(tx: AsyncConnection, law: Law, county_code: str, part: Part) -> tuple[int, list[Wrong]]:
    """How much a part looked at, and what is wrong."""
    match part.kind:
        case PartKind.LAW:
            return await packs_wrong(tx)
        case PartKind.SETTLEMENTS:
            return await settlements_wrong(tx, law, _range(county_code, part))
        case PartKind.BOOKS if part.first == REFERENCES:
            return await books.orphans(tx, county_code)
        case PartKind.BOOKS if part.first == CLOSED:
            return 1, await books.closings_wrong(tx, county_code)
        case PartKind.BOOKS:
            return 1, await books.proof_wrong(tx, county_code, part.first)
        case PartKind.CHAIN:
            return await chain_wrong(tx, county_code, int(part.first), int(part.end or 0))
        case PartKind.UNSEALED:
            return await unsealed_wrong(tx, county_code)


def _range(county_code: str, part: Part) -> Range:
    return Range(county_code, part.first, part.end)


async def _halves(tx: AsyncConnection, county_code: str, part: Part) -> list[Part]:
    middle = None
    if part.kind == PartKind.SETTLEMENTS:
        people = await kept.people(tx, _range(county_code, part))
        middle = people[len(people) // 2] if len(people) > 1 else None
    elif part.kind == PartKind.CHAIN:
        first, end = int(part.first), int(part.end or 0)
        middle = str((first + end) // 2) if end - first > 1 else None
    return [part._replace(end=middle), part._replace(first=middle)] if middle is not None else []


async def _unreadable(moment: AsyncEngine, county_code: str, part: Part) -> list[Wrong]:
    """The rows of a person that cannot be read."""
    async with transaction_on(moment) as tx:
        ids = await kept.ids(tx, _range(county_code, part))
    found = []
    for id_ in ids:
        try:
            async with transaction_on(moment) as tx:
                await kept.readable(tx, county_code, id_)
        except Exception as error:
            if _is_passing(error):
                raise
            found.append(wrong("settlement_documents", id_, None, _said(error), "documents that can be read"))
    return found


def _is_passing(error: Exception) -> bool:
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None) or ""
        return error.connection_invalidated or state[:2] in _PASSING
    return isinstance(error, OSError | NoConnection)


def _said(error: Exception) -> str:
    told = error.orig if isinstance(error, DBAPIError) else error
    return f"{type(told).__name__}: {told}"
