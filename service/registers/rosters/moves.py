"""
Who has moved, by a list's own columns: another township or household than the register knows.

The agency's lists move people, as its own corrections do; civil affairs lists aid only. A list that comes after a later
one of its source moves nobody: the later one has spoken.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.registers.model import Author
from service.registers.rosters.model import Roster
from service.registers.rosters.said import digest_of
from service.registers.rosters.tables import roster_moves

# Whoever stays is left out before rows are grouped by person: most of a list does.
# A list may give the village (12 digits) where the register keeps the township (9 digits), or the other way round.
_MOVES: Final = """
WITH said AS (
    SELECT r.person_no, min(r.row_no) AS row_no, min(r.township_code) AS township, min(r.household_no) AS household
    FROM rosters l
    JOIN roster_said r ON NOT r.is_new AND r.person_no >= :first AND r.person_no < :next
    JOIN persons p ON p.county_code = l.county_code AND p.person_no = r.person_no
        AND p.person_no >= :first AND p.person_no < :next
    WHERE l.county_code = :county_code AND l.id = :id AND l.uploaded_role = 'agency'
        AND r.state <> 'rejected' AND r.action <> 'end'
        AND ((r.township_code IS NOT NULL AND starts_with(p.township_code, r.township_code) IS NOT TRUE)
            OR (r.household_no IS NOT NULL AND r.household_no IS DISTINCT FROM p.household_no))
        AND NOT EXISTS (SELECT FROM rosters later WHERE later.county_code = l.county_code
            AND later.source = l.source AND later.state = 'applied' AND later.as_of > l.as_of)
    GROUP BY r.person_no
), compared AS (
    SELECT s.person_no, s.row_no, p.township_code AS township_before, p.household_no AS household_before,
        CASE WHEN s.township IS NULL OR starts_with(p.township_code, s.township) THEN p.township_code
            WHEN length(p.township_code) = 9 AND s.township ~ '^[0-9]{12}$' THEN left(s.township, 9)
            ELSE s.township END AS township_after,
        coalesce(s.household, p.household_no) AS household_after
    FROM said s JOIN persons p ON p.county_code = :county_code AND p.person_no = s.person_no
)
SELECT person_no, row_no, township_before, township_after, household_before, household_after FROM compared
WHERE (township_before, household_before) IS DISTINCT FROM (township_after, household_after)
"""

_INTO: Final = """
INSERT INTO roster_moves (county_code, roster_id, person_no, row_no, township_before, township_after, household_before,
    household_after)
SELECT :county_code, :id, person_no, row_no, township_before, township_after, household_before, household_after FROM"""
KEEP_MOVES: Final = "\n".join((_INTO, "(", _MOVES, ") found"))
DIGEST: Final = digest_of(_MOVES)
KEPT_DIGEST: Final = digest_of("""
    SELECT person_no, row_no, township_before, township_after, household_before, household_after
    FROM roster_moves WHERE county_code = :county_code AND roster_id = :id
""")

_SET_ASIDE: Final = text("""
INSERT INTO person_versions (county_code, person_no, township_code, household_no, name_enc, id_type, id_no_enc,
    social_card_no_enc, phone_enc, bank_account_enc, payee_enc, born_on, died_on, sex, recorded_at, recorded_by, reason,
    superseded_at, superseded_by, superseded_reason)
SELECT p.county_code, p.person_no, p.township_code, p.household_no, p.name_enc, p.id_type, p.id_no_enc,
    p.social_card_no_enc, p.phone_enc, p.bank_account_enc, p.payee_enc, p.born_on, p.died_on, p.sex,
    p.recorded_at, p.recorded_by, p.reason, greatest(p.recorded_at, :at), :by, :reason
FROM roster_moves m JOIN persons p ON p.county_code = m.county_code AND p.person_no = m.person_no
WHERE m.county_code = :county_code AND m.roster_id = :id
""")
_MOVE: Final = text("""
UPDATE persons p SET township_code = m.township_after, household_no = m.household_after,
    recorded_at = :at, recorded_by = :by, reason = :reason
FROM roster_moves m
WHERE m.county_code = :county_code AND m.roster_id = :id
    AND p.county_code = m.county_code AND p.person_no = m.person_no
""")


@dataclass(frozen=True, slots=True)
class Move:
    """Where a person lives by the register and by the list."""

    person_no: str
    row_no: int
    township_before: str | None
    township_after: str | None
    household_before: str | None
    household_after: str | None


async def write_moves(tx: AsyncConnection, roster: Roster, author: Author) -> None:
    """Let the register say where the list says that people live; what it said before stays on record."""
    values: dict[str, Any] = {"county_code": roster.county_code, "id": roster.id}
    values |= {"at": author.at, "by": author.by, "reason": author.reason}
    await tx.execute(_SET_ASIDE, values)
    await tx.execute(_MOVE, values)


async def moves_of(tx: AsyncConnection, roster: Roster, *, after: str, rows: int) -> list[Move]:
    """Who moves, by person number."""
    c = roster_moves.c
    query = (
        select(*(c[name] for name in Move.__dataclass_fields__))
        .where(c.county_code == roster.county_code, c.roster_id == roster.id, c.person_no > after)
        .order_by(c.person_no)
        .limit(rows)
    )
    return [Move(*row) for row in await tx.execute(query)]


async def count_moves(tx: AsyncConnection, roster: Roster) -> int:
    c = roster_moves.c
    query = select(func.count()).where(c.county_code == roster.county_code, c.roster_id == roster.id)
    return int(await tx.scalar(query) or 0)


async def forget_moves(tx: AsyncConnection, roster: Roster) -> None:
    c = roster_moves.c
    await tx.execute(delete(roster_moves).where(c.county_code == roster.county_code, c.roster_id == roster.id))
