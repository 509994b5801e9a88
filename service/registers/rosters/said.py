"""
What a list says, by person, and the persons of list and register some thousands at a time.

A list that is compared whole is sorted and joined on disk, which takes the longer for each row the more rows there
are; a piece of it is compared in memory.
"""

from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.registers.rosters.model import Roster

AT_ONCE: Final = 20_000
"""Rows of the list and periods of the register in one piece."""

_MAKE: Final = """
CREATE TEMPORARY TABLE IF NOT EXISTS roster_said (row_no integer, state text, person_no text, is_new boolean,
    has_number boolean, identity_class text, action text, valid_from date, valid_to date, township_code text,
    household_no text, judged_as bytea) ON COMMIT DROP
"""
_INDEX: Final = "CREATE INDEX IF NOT EXISTS ix_roster_said_person ON roster_said (person_no)"
_FORGET: Final = "TRUNCATE roster_said"
_SAY: Final = """
INSERT INTO roster_said SELECT r.row_no, r.state,
    coalesce(k.person_no, CASE WHEN r.is_new THEN r.person_no END, '') AS person_no, k.person_no IS NULL,
    r.key_hash IS NOT NULL, r.identity_class, r.action, r.valid_from, r.valid_to, r.township_code, r.household_no,
    r.judged_as
FROM roster_rows r
LEFT JOIN person_keys k ON k.county_code = r.county_code AND k.kind = r.key_kind AND k.key_hash = r.key_hash
WHERE r.county_code = :county_code AND r.roster_id = :id
ORDER BY person_no
"""
_ANALYZE: Final = "ANALYZE roster_said"
# Looked up with the values at hand: planned for any, a piece is thought to be a handful of rows.
_PLAN_EACH: Final = "SET LOCAL plan_cache_mode = 'force_custom_plan'"
_CLASSES: Final = """
SELECT each.identity_class FROM (
    SELECT identity_class FROM roster_said WHERE state <> 'rejected'
    UNION SELECT identity_class FROM rosters WHERE county_code = :county_code AND id = :id
) each JOIN rosters r ON r.county_code = :county_code AND r.id = :id
WHERE each.identity_class IS NOT NULL AND (r.identity_class IS NULL OR r.identity_class = each.identity_class)
    AND (r.allowed IS NULL OR each.identity_class = ANY (r.allowed))
"""
_BOUNDS: Final = """
SELECT DISTINCT CASE WHEN nth < times THEN person_no ELSE person_no || '~' END AS bound FROM (
    SELECT person_no, row_number() OVER (ORDER BY person_no) AS nth, count(*) OVER () AS times FROM (
        SELECT person_no FROM roster_said
        UNION ALL SELECT person_no FROM identities WHERE county_code = :county_code AND superseded_at IS NULL
    ) each
) numbered WHERE nth % :at_once = 0 OR nth = times ORDER BY bound
"""
_DIGEST_OF: Final = "SELECT count(*), coalesce(sum(hashtextextended(CAST(found AS text), 0)), 0) FROM"


async def pieces(tx: AsyncConnection, roster: Roster) -> AsyncIterator[dict[str, Any]]:
    """
    The values for which a statement on a piece is to run, piece by piece: `first` is the least person number of it and
    `next` the first one behind it. Every person whom list or register names is in one of them. What the list says
    stands in `roster_said` until the transaction ends, as it was when this began; a row that means nobody known, and
    nobody who may be entered, has no person number ('').
    """
    named = {"county_code": roster.county_code, "id": roster.id}
    for statement in (_MAKE, _INDEX, _FORGET):
        await tx.execute(text(statement))
    await tx.execute(text(_SAY), named)
    await tx.execute(text(_ANALYZE))
    await tx.execute(text(_PLAN_EACH))
    classes = list(await tx.scalars(text(_CLASSES), named))
    bounds = await tx.scalars(text(_BOUNDS), {"county_code": roster.county_code, "at_once": AT_ONCE})
    for first, following in pairwise(["", *bounds]):
        yield named | {"classes": classes, "first": first, "next": following}


def digest_of(found: str) -> str:
    """
    How many rows a statement finds and the sum of their hashes: the same for the same rows in whatever order, and for
    all the pieces together what it is for the whole.
    """
    return "\n".join((_DIGEST_OF, "(", found, ") found"))
