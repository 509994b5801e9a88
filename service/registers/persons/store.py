"""All SQL on persons. Everything is asked within a county."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import bindparam, delete, exists, func, insert, literal, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.vault import Vault
from service.db import Direct
from service.registers.dated import DatedTable
from service.registers.entries import Bar, Coverage, Insured, Person, RosterIdentity
from service.registers.model import Author, KeyKind
from service.registers.persons.sealing import keys_of, opened, sealed
from service.registers.persons.tables import person_joins
from service.registers.tables import (
    barred_periods,
    identities,
    insured_periods,
    person_keys,
    person_versions,
    persons,
)

INSURED: Final = DatedTable(insured_periods, Insured, ("county_code", "person_no"))
IDENTITIES: Final = DatedTable(identities, RosterIdentity, ("county_code", "person_no"))
BARRED: Final = DatedTable(barred_periods, Bar, ("county_code", "person_no"))


_LEADS: Final = text("""
    WITH RECURSIVE leads AS (
        SELECT person_no, joined_into FROM person_joins
        WHERE county_code = :county_code AND person_no = ANY (CAST(:person_nos AS text[]))
        UNION ALL
        SELECT l.person_no, j.joined_into FROM leads l
        JOIN person_joins j ON j.county_code = :county_code AND j.person_no = l.joined_into
    )
    SELECT person_no, joined_into FROM leads l WHERE NOT EXISTS (
        SELECT FROM person_joins j WHERE j.county_code = :county_code AND j.person_no = l.joined_into)
""")
_NUMBERS: Final = text("""
    WITH RECURSIVE numbers AS (
        SELECT unnest(CAST(:person_nos AS text[])) AS person_no
        UNION
        SELECT j.person_no FROM numbers n
        JOIN person_joins j ON j.county_code = :county_code AND j.joined_into = n.person_no
    )
    SELECT person_no FROM numbers ORDER BY 1
""")


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of persons may be narrowed to; an identity is one held on `day`."""

    day: date
    township_code: str | None = None
    household_no: str | None = None
    identity: str | None = None


def _recorded(author: Author) -> dict[str, Any]:
    return {"recorded_at": author.at, "recorded_by": author.by, "reason": author.reason}


async def add_person(tx: AsyncConnection, vault: Vault, person: Person, author: Author) -> KeyKind | None:
    """Add a person and their keys. Answers which of their numbers is taken; then the transaction must not go on."""
    row = sealed(vault, person) | _recorded(author)
    added = await tx.scalar(insert_or(persons).values(row).on_conflict_do_nothing().returning(persons.c.person_no))
    return await add_keys(tx, vault, person) if added is not None else KeyKind.PERSON_NO


async def add_keys(tx: AsyncConnection, vault: Vault, person: Person) -> KeyKind | None:
    """Make a person findable. Answers which of their numbers leads to somebody else."""
    wanted = keys_of(vault, person)
    rows = [
        {"kind": kind, "key_hash": key_hash, "county_code": person.county_code, "person_no": person.person_no}
        for kind, key_hash in wanted.items()
    ]
    added = await tx.scalars(insert_or(person_keys).values(rows).on_conflict_do_nothing().returning(person_keys.c.kind))
    taken = wanted.keys() - {KeyKind(kind) for kind in added}
    if not taken:
        return None
    k = person_keys.c
    # A number of an entry that was joined into this one leads here already.
    theirs = await tx.scalars(
        select(k.kind).where(
            k.county_code == person.county_code,
            k.person_no == person.person_no,
            tuple_(k.kind, k.key_hash).in_([(kind, wanted[kind]) for kind in taken]),
        )
    )
    taken -= {KeyKind(kind) for kind in theirs}
    return min(taken) if taken else None


_PERSON: Final = Direct(
    str(
        select(persons).where(
            persons.c.county_code == bindparam("county_code"), persons.c.person_no == bindparam("person_no")
        )
    )
)


async def person(tx: AsyncConnection, vault: Vault, county_code: str, person_no: str) -> Person | None:
    row = await _PERSON.row(tx, {"county_code": county_code, "person_no": person_no})
    return None if row is None else opened(vault, row)


async def persons_numbered(
    tx: AsyncConnection, vault: Vault, county_code: str, person_nos: Sequence[str]
) -> dict[str, Person]:
    """Several persons by their numbers, in one statement; those that are not there are left out."""
    query = select(persons).where(persons.c.county_code == county_code, persons.c.person_no.in_(person_nos))
    return {row["person_no"]: opened(vault, row) for row in (await tx.execute(query)).mappings()}


async def persons_behind(
    tx: AsyncConnection, vault: Vault, county_code: str, person_nos: Sequence[str]
) -> dict[str, Person]:
    """As `persons_numbered`; behind the number of an entry that was joined into another stands the surviving one."""
    rows = await tx.execute(_LEADS, {"county_code": county_code, "person_nos": list(person_nos)})
    leads = {row.person_no: row.joined_into for row in rows}
    found = await persons_numbered(tx, vault, county_code, sorted({leads.get(each, each) for each in person_nos}))
    return {each: found[lead] for each in person_nos if (lead := leads.get(each, each)) in found}


async def numbers_of(tx: AsyncConnection, county_code: str, person_nos: Sequence[str]) -> list[str]:
    """These numbers, and those of entries that were joined into theirs."""
    return list(await tx.scalars(_NUMBERS, {"county_code": county_code, "person_nos": list(person_nos)}))


async def replace_person(
    tx: AsyncConnection, vault: Vault, known: Person, person: Person, author: Author
) -> KeyKind | None:
    """Set a person's entry aside and write the new one. Answers which of the new numbers is taken."""
    assert (known.county_code, known.person_no) == (person.county_code, person.person_no)
    mine = (persons.c.county_code == person.county_code, persons.c.person_no == person.person_no)
    columns = list(persons.c)
    earlier = select(
        *columns,
        func.greatest(persons.c.recorded_at, author.at),
        literal(author.by),
        literal(author.reason),
    ).where(*mine)
    names = [column.name for column in columns] + ["superseded_at", "superseded_by", "superseded_reason"]
    await tx.execute(insert(person_versions).from_select(names, earlier))
    await tx.execute(update(persons).where(*mine).values(sealed(vault, person) | _recorded(author)))
    if keys_of(vault, known) == keys_of(vault, person):
        return None
    # Their own numbers only: those of an entry that was joined into this one go on leading here.
    mine_by = tuple_(person_keys.c.kind, person_keys.c.key_hash).in_(list(keys_of(vault, known).items()))
    await tx.execute(delete(person_keys).where(person_keys.c.county_code == person.county_code, mine_by))
    return await add_keys(tx, vault, person)


async def persons_of(
    tx: AsyncConnection,
    vault: Vault,
    county_code: str,
    filters: Filters,
    *,
    after: tuple[Any, ...] | None,
    rows: int,
) -> list[Person]:
    """Persons of a county by number, after the last one of the page before."""
    query = select(persons).where(persons.c.county_code == county_code).order_by(persons.c.person_no).limit(rows)
    query = query.where(
        ~exists().where(
            person_joins.c.county_code == persons.c.county_code, person_joins.c.person_no == persons.c.person_no
        )
    )
    if filters.township_code is not None:
        query = query.where(persons.c.township_code == filters.township_code)
    if filters.household_no is not None:
        query = query.where(persons.c.household_no == filters.household_no)
    if filters.identity is not None:
        held = identities.c
        query = query.where(
            exists().where(
                held.county_code == persons.c.county_code,
                held.person_no == persons.c.person_no,
                held.identity_class == filters.identity,
                held.superseded_at.is_(None),
                IDENTITIES.holds_on(filters.day),
            )
        )
    if after is not None:
        query = query.where(tuple_(persons.c.person_no) > tuple_(*after))
    return [opened(vault, row) for row in (await tx.execute(query)).mappings()]


async def coverage_of(tx: AsyncConnection, county_code: str, person_nos: Sequence[str]) -> dict[str, Coverage]:
    """What is believed now of several persons, in three statements however many they are."""
    within = {"county_code": county_code}
    insured = await INSURED.current_of_many(tx, within, "person_no", person_nos)
    held = await IDENTITIES.current_of_many(tx, within, "person_no", person_nos)
    barred = await BARRED.current_of_many(tx, within, "person_no", person_nos)
    return {
        number: Coverage(
            tuple(each.fact for each in insured[number]),
            tuple(each.fact for each in held[number]),
            tuple(each.fact for each in barred[number]),
        )
        for number in person_nos
    }


async def versions_of(
    tx: AsyncConnection, vault: Vault, county_code: str, person_no: str
) -> list[tuple[datetime, Person]]:
    """What the register said of a person before each correction, with the instant that ended it, oldest first."""
    c = person_versions.c
    query = select(person_versions).where(c.county_code == county_code, c.person_no == person_no).order_by(c.id)
    return [(row["superseded_at"], opened(vault, row)) for row in (await tx.execute(query)).mappings()]


async def registered_at(tx: AsyncConnection, county_code: str, person_no: str) -> datetime:
    """When a person of the register was first entered."""
    v, p = person_versions.c, persons.c
    first = select(func.min(v.recorded_at)).where(v.county_code == county_code, v.person_no == person_no)
    now = select(p.recorded_at).where(p.county_code == county_code, p.person_no == person_no)
    found: datetime = await tx.scalar(select(func.coalesce(first.scalar_subquery(), now.scalar_subquery())))
    return found
