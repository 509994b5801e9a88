"""Do this machine's keys belong to this database? Asked before a process works with them."""

from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.vault import Vault, VaultError
from service.registers.persons.sealing import keys_of, opened
from service.registers.tables import person_keys, persons

_ELSEWHERE: Final = (
    "the people in this database are not found with the keys of this machine: ONESTOP_LOOKUP_HASH, or the key by which "
    "they are looked up (the entry `lookup` of ONESTOP_KEYS, else its last), is not what it was when they were "
    "entered; put it back"
)


async def check_keys(tx: AsyncConnection, vault: Vault) -> None:
    """
    Open one of the people who are there, and look them up; in an empty register there is nothing to be wrong with.

    The first and the last by their number: keys are changed in that order, so the last is the last to be sealed anew.
    Raises VaultError where they cannot be read, or nobody would be found any more.
    """
    by_number = (persons.c.county_code, persons.c.person_no)
    await _check_one(tx, vault, by_number)
    await _check_one(tx, vault, tuple(column.desc() for column in by_number))


async def _check_one(tx: AsyncConnection, vault: Vault, order: tuple[ColumnElement[str], ...]) -> None:
    row = (await tx.execute(select(persons).order_by(*order).limit(1))).mappings().one_or_none()
    if row is None:
        return
    hashes = keys_of(vault, opened(vault, row)).values()
    found = select(func.count()).select_from(person_keys)
    found = found.where(person_keys.c.county_code == row["county_code"], person_keys.c.key_hash.in_(hashes))
    if not await tx.scalar(found):
        raise VaultError(_ELSEWHERE)
