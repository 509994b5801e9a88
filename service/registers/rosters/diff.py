"""
What a roster changes, in one statement for each piece of the persons (`said.pieces`).

For each person and class: what is held, what the list says, and from both the rows to supersede, the periods to add
and the days on which the person holds the class before but not after, or after but not before. Whatever is compared is
read once and joined by its hash: looked up person by person, the register's exclusion index would be asked, which
answers the slower the more it holds.

Being absent ends what holds on the day of the list, up to its known end: a list that comes late ends nothing that
began after it. A row that adds and gives no last day keeps the one that is known.

A rejected row says nothing for sure: it widens a full list to no class, and nobody it may mean ends by being absent.

A row that adds from a day before an interruption does not fill it: the register says that the person did not hold the
class on those days. What holds on the day of the list stays, and where nothing does, it begins anew on that day.
"""

from typing import Final

from service.registers.rosters.said import digest_of

_CHANGES: Final = """
WITH roster AS MATERIALIZED (
    SELECT * FROM rosters WHERE county_code = :county_code AND id = :id
), said AS MATERIALIZED (
    SELECT * FROM roster_said s WHERE s.person_no >= :first AND s.person_no < :next
), listed AS (
    SELECT row_no, person_no, is_new, identity_class, action, valid_from, valid_to FROM said
    WHERE state = 'listed' AND person_no <> ''
), current AS MATERIALIZED (
    SELECT id, person_no, identity_class, source, valid FROM identities i
    WHERE county_code = :county_code AND superseded_at IS NULL AND i.person_no >= :first AND i.person_no < :next
), own AS (
    SELECT i.person_no, i.identity_class, range_agg(i.valid) AS held, bool_or(i.valid @> r.as_of) AS holds,
        min(lower(i.valid)) FILTER (WHERE i.valid @> r.as_of) AS day,
        min(upper(i.valid)) FILTER (WHERE i.valid @> r.as_of) AS until
    FROM current i CROSS JOIN roster r WHERE i.source IN (r.source, '') GROUP BY 1, 2
), absent AS (
    SELECT CAST(NULL AS integer) AS row_no, i.person_no, false AS is_new, i.identity_class, 'end' AS action,
        CAST(NULL AS date) AS valid_from, CAST(NULL AS date) AS valid_to, upper(i.valid) AS until
    FROM roster JOIN current i ON i.source = roster.source
    JOIN persons p ON p.county_code = roster.county_code AND p.person_no = i.person_no
        AND p.person_no >= :first AND p.person_no < :next
    WHERE roster.kind = 'full' AND i.identity_class = ANY (CAST(:classes AS text[])) AND i.valid @> roster.as_of
        AND (roster.township_code IS NULL OR p.township_code = roster.township_code)
        AND NOT EXISTS (SELECT FROM said WHERE said.person_no = i.person_no
            AND (said.state = 'rejected' OR said.identity_class = i.identity_class))
), wanted AS MATERIALIZED (
    SELECT each.*, roster.source, gap.interrupted,
        CASE WHEN each.action = 'end' THEN daterange(coalesce(each.valid_to + 1, roster.as_of), each.until)
        WHEN (each.valid_to < begin.day) IS TRUE THEN NULL
        ELSE daterange(begin.day, coalesce(each.valid_to + 1,
            CASE WHEN each.action = 'add' AND own.until > begin.day THEN own.until END)) END AS range
    FROM (SELECT *, CAST(NULL AS date) AS until FROM listed UNION ALL SELECT * FROM absent) each CROSS JOIN roster
    LEFT JOIN own ON own.person_no = each.person_no AND own.identity_class = each.identity_class
    CROSS JOIN LATERAL (
        SELECT CASE WHEN each.action = 'add' AND each.valid_from < least(roster.as_of, each.valid_to + 1)
            THEN datemultirange(daterange(each.valid_from, least(roster.as_of, each.valid_to + 1))) END AS said
    ) past
    CROSS JOIN LATERAL (
        SELECT coalesce(NOT isempty(past.said * datemultirange(daterange(lower(past.said * own.held), NULL)) - own.held)
            AND NOT isempty(past.said * own.held), false) AS interrupted
    ) gap
    CROSS JOIN LATERAL (
        SELECT coalesce(CASE WHEN NOT gap.interrupted THEN each.valid_from END,
            CASE WHEN own.holds THEN own.day ELSE roster.as_of END) AS day
    ) begin
), known AS (
    SELECT w.person_no, w.identity_class,
        array_agg(i.id ORDER BY i.id) FILTER (WHERE o.own AND i.valid && w.range) AS superseded,
        range_agg(i.valid) AS known, range_agg(i.valid) FILTER (WHERE o.own AND i.valid && w.range) AS replaced,
        min(i.source) FILTER (WHERE NOT o.own AND i.valid && w.range) AS other_source,
        bool_or(i.source = w.source AND i.valid = w.range) AS same
    FROM wanted w JOIN current i ON i.person_no = w.person_no AND i.identity_class = w.identity_class
    CROSS JOIN LATERAL (SELECT i.source IN (w.source, '') AS own) o
    GROUP BY 1, 2
), held AS (
    SELECT w.*, coalesce(k.superseded, '{}') AS superseded, coalesce(k.known, '{}') AS known,
        coalesce(k.replaced, '{}') AS replaced, k.other_source, coalesce(k.same, false) AS same
    FROM wanted w LEFT JOIN known k ON k.person_no = w.person_no AND k.identity_class = w.identity_class
), judged AS (
    SELECT h.*,
        CASE WHEN interrupted THEN 'interrupted'
            WHEN range IS NULL THEN 'unfounded'
            WHEN action = 'end' AND cardinality(superseded) > 0 THEN 'ended'
            WHEN other_source IS NOT NULL THEN 'conflict'
            WHEN action = 'end' THEN 'unfounded'
            WHEN cardinality(superseded) = 0 THEN 'added'
            ELSE 'changed' END AS kind,
        CASE WHEN action = 'end' THEN known - replaced * datemultirange(range)
            ELSE known - replaced + datemultirange(range) END AS after
    FROM held h WHERE interrupted OR NOT (action <> 'end' AND same AND cardinality(superseded) = 1)
), effective AS (
    SELECT j.*, kind NOT IN ('conflict', 'unfounded') AND range IS NOT NULL AND NOT (kind = 'interrupted'
        AND (same OR other_source IS NOT NULL)) AS applies
    FROM judged j
)
SELECT kind, person_no, identity_class, row_no, is_new, other_source,
    CASE WHEN applies THEN superseded ELSE '{}' END AS superseded,
    CASE WHEN NOT applies THEN CAST('{}' AS daterange[])
        WHEN action = 'end' THEN ARRAY(SELECT unnest(replaced - datemultirange(range)))
        ELSE ARRAY[range] END AS facts,
    CASE WHEN applies THEN (known - after) + (after - known) ELSE CAST('{}' AS datemultirange) END AS days
FROM effective
"""

MAKE_FOUND: Final = """
CREATE TEMPORARY TABLE roster_found (kind text, person_no text, identity_class text, row_no integer, is_new boolean,
    other_source text, superseded bigint[], facts daterange[], days datemultirange) ON COMMIT DROP
"""
FIND: Final = "\n".join(("INSERT INTO roster_found", _CHANGES))
KEEP_FOUND: Final = """
INSERT INTO roster_changes (county_code, roster_id, position, kind, person_no, identity_class, row_no, is_new,
    other_source, superseded, facts, days)
SELECT :county_code, :id, row_number() OVER (ORDER BY row_no, person_no, identity_class), f.* FROM roster_found f
"""
FORGET_FOUND: Final = "DROP TABLE roster_found"

DIGEST: Final = digest_of(_CHANGES)
KEPT_DIGEST: Final = digest_of("""
    SELECT kind, person_no, identity_class, row_no, is_new, other_source, superseded, facts, days
    FROM roster_changes WHERE county_code = :county_code AND roster_id = :id
""")

SUPERSEDE: Final = """
UPDATE identities SET superseded_at = greatest(recorded_at, :at), superseded_by = :by, superseded_reason = :reason
WHERE county_code = :county_code AND superseded_at IS NULL AND id IN (
    SELECT unnest(superseded) FROM roster_changes WHERE county_code = :county_code AND roster_id = :id)
"""

SUPERSEDED_ROWS: Final = """
SELECT count(DISTINCT one) FROM roster_changes c CROSS JOIN LATERAL unnest(c.superseded) one
WHERE c.county_code = :county_code AND c.roster_id = :id
"""

ADD: Final = """
INSERT INTO identities (county_code, person_no, identity_class, source, valid, recorded_at, recorded_by, reason)
SELECT c.county_code, c.person_no, c.identity_class, r.source, fact, :at, :by, :reason
FROM roster_changes c JOIN rosters r ON r.county_code = c.county_code AND r.id = c.roster_id
CROSS JOIN LATERAL unnest(c.facts) fact
WHERE c.county_code = :county_code AND c.roster_id = :id
ORDER BY c.person_no, c.position
"""
