"""
What a roster changes, in one statement however long it is.

For each person and class: what is held, what the list says, and from both the rows to supersede, the periods to add
and the days on which the person holds the class before but not after, or after but not before.

Being absent ends what holds on the day of the list, up to its known end: a list that comes late ends nothing that
began after it. A row that adds and gives no last day keeps the one that is known.

A rejected row says nothing for sure: it widens a full list to no class, and nobody it may mean ends by being absent.
"""

from typing import Final

_CHANGES: Final = """
WITH roster AS MATERIALIZED (
    SELECT * FROM rosters WHERE county_code = :county_code AND id = :id
), said AS MATERIALIZED (
    SELECT r.row_no, r.state, coalesce(k.person_no, CASE WHEN r.is_new THEN r.person_no END) AS person_no,
        k.person_no IS NULL AS is_new, r.identity_class, r.action, r.valid_from, r.valid_to
    FROM roster_rows r
    LEFT JOIN person_keys k ON k.county_code = r.county_code AND k.kind = r.key_kind AND k.key_hash = r.key_hash
    WHERE r.county_code = :county_code AND r.roster_id = :id
), listed AS (
    SELECT row_no, person_no, is_new, identity_class, action, valid_from, valid_to FROM said
    WHERE state = 'listed' AND person_no IS NOT NULL
), classes AS MATERIALIZED (
    SELECT each.identity_class FROM (
        SELECT identity_class FROM said WHERE state <> 'rejected'
        UNION SELECT identity_class FROM roster
    ) each CROSS JOIN roster r
    WHERE each.identity_class IS NOT NULL AND (r.identity_class IS NULL OR r.identity_class = each.identity_class)
        AND (r.allowed IS NULL OR each.identity_class = ANY (r.allowed))
), absent AS (
    SELECT CAST(NULL AS integer) AS row_no, i.person_no, false AS is_new, i.identity_class, 'end' AS action,
        CAST(NULL AS date) AS valid_from, CAST(NULL AS date) AS valid_to, upper(i.valid) AS until
    FROM roster JOIN identities i ON i.county_code = roster.county_code AND i.source = roster.source
    JOIN classes c ON c.identity_class = i.identity_class
    JOIN persons p ON p.county_code = i.county_code AND p.person_no = i.person_no
    WHERE roster.kind = 'full' AND i.superseded_at IS NULL
        AND i.valid @> roster.as_of
        AND (roster.township_code IS NULL OR p.township_code = roster.township_code)
        AND NOT EXISTS (SELECT FROM said WHERE said.person_no = i.person_no
            AND (said.state = 'rejected' OR said.identity_class = i.identity_class))
), wanted AS (
    SELECT each.*, roster.source, roster.as_of,
        CASE WHEN each.action = 'end' THEN daterange(coalesce(each.valid_to + 1, roster.as_of), each.until)
        WHEN (each.valid_to < begin.day) IS TRUE THEN NULL
        ELSE daterange(begin.day, coalesce(each.valid_to + 1,
            CASE WHEN each.action = 'add' AND begin.until > begin.day THEN begin.until END)) END AS range
    FROM (SELECT *, CAST(NULL AS date) AS until FROM listed UNION ALL SELECT * FROM absent) each CROSS JOIN roster
    CROSS JOIN LATERAL (
        SELECT coalesce(each.valid_from, CASE WHEN bool_or(true) THEN min(lower(i.valid)) ELSE roster.as_of END) AS day,
            min(upper(i.valid)) AS until
        FROM identities i
        WHERE i.county_code = roster.county_code AND i.person_no = each.person_no
            AND i.identity_class = each.identity_class AND i.superseded_at IS NULL
            AND i.source IN (roster.source, '') AND i.valid @> roster.as_of
    ) begin
), held AS (
    SELECT w.*, k.* FROM wanted w CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(i.id ORDER BY i.id) FILTER (WHERE o.own AND i.valid && w.range), '{}') AS superseded,
            coalesce(range_agg(i.valid), '{}') AS known,
            coalesce(range_agg(i.valid) FILTER (WHERE o.own AND i.valid && w.range), '{}') AS replaced,
            min(i.source) FILTER (WHERE NOT o.own AND i.valid && w.range) AS other_source,
            coalesce(bool_or(i.source = w.source AND i.valid = w.range), false) AS same
        FROM identities i CROSS JOIN LATERAL (SELECT i.source IN (w.source, '') AS own) o
        WHERE i.county_code = :county_code AND i.person_no = w.person_no AND i.identity_class = w.identity_class
            AND i.superseded_at IS NULL
    ) k
), judged AS (
    SELECT h.*,
        CASE WHEN range IS NULL THEN 'unfounded'
            WHEN action = 'end' AND cardinality(superseded) > 0 THEN 'ended'
            WHEN other_source IS NOT NULL THEN 'conflict'
            WHEN action = 'end' THEN 'unfounded'
            WHEN cardinality(superseded) = 0 THEN 'added'
            ELSE 'changed' END AS kind,
        CASE WHEN action = 'end' THEN known - replaced * datemultirange(range)
            ELSE known - replaced + datemultirange(range) END AS after
    FROM held h WHERE NOT (action <> 'end' AND same AND cardinality(superseded) = 1)
)
SELECT kind, person_no, identity_class, row_no, is_new, other_source,
    CASE WHEN kind IN ('conflict', 'unfounded') THEN '{}' ELSE superseded END AS superseded,
    CASE WHEN kind IN ('conflict', 'unfounded') THEN CAST('{}' AS daterange[])
        WHEN action = 'end' THEN ARRAY(SELECT unnest(replaced - datemultirange(range)))
        ELSE ARRAY[range] END AS facts,
    CASE WHEN kind IN ('conflict', 'unfounded') THEN CAST('{}' AS datemultirange)
        ELSE (known - after) + (after - known) END AS days
FROM judged
"""

_INTO = """
INSERT INTO roster_changes (county_code, roster_id, position, kind, person_no, identity_class, row_no, is_new,
    other_source, superseded, facts, days)
SELECT :county_code, :id, row_number() OVER (ORDER BY row_no, person_no, identity_class), kind, person_no,
    identity_class, row_no, is_new, other_source, superseded, facts, days FROM"""

_DIGEST_OF = """
SELECT concat_ws(':', count(*), coalesce(sum(hashtextextended(CAST(found AS text), 0)), 0)) FROM"""

KEEP_CHANGES: Final = "\n".join((_INTO, "(", _CHANGES, ") found"))

DIGEST: Final = "\n".join((_DIGEST_OF, "(", _CHANGES, ") found"))
"""The same for the same changes, in whatever order they are found."""

KEPT_DIGEST: Final = """
SELECT concat_ws(':', count(*), coalesce(sum(hashtextextended(CAST(found AS text), 0)), 0)) FROM (
    SELECT kind, person_no, identity_class, row_no, is_new, other_source, superseded, facts, days
    FROM roster_changes WHERE county_code = :county_code AND roster_id = :id) found
"""

DUPLICATES: Final = """
WITH said AS (
    SELECT r.row_no, r.part, coalesce(k.person_no, encode(r.key_hash, 'hex')) AS who, r.identity_class,
        concat_ws('|', r.action, r.valid_from, coalesce(CAST(r.valid_to AS text), '-')) AS content
    FROM roster_rows r
    LEFT JOIN person_keys k ON k.county_code = r.county_code AND k.kind = r.key_kind AND k.key_hash = r.key_hash
    WHERE r.county_code = :county_code AND r.roster_id = :id AND r.state = 'listed'
), twice AS (
    SELECT row_no, part, first_value(row_no) OVER those AS first, row_number() OVER those AS nth,
        count(*) OVER all_of AS times, min(content) OVER all_of = max(content) OVER all_of AS agree
    FROM said
    WINDOW those AS (PARTITION BY who, identity_class ORDER BY row_no, part),
        all_of AS (PARTITION BY who, identity_class)
)
UPDATE roster_rows r SET duplicate_of = CASE WHEN t.nth > 1 THEN t.first END,
    state = CASE WHEN t.agree THEN 'duplicate' ELSE 'rejected' END,
    faults = CASE WHEN t.agree THEN r.faults
        ELSE r.faults || '[{"at": null, "column": "", "code": "row.contradiction"}]' END
FROM twice t
WHERE r.county_code = :county_code AND r.roster_id = :id AND r.row_no = t.row_no AND r.part = t.part
    AND t.times > 1 AND (t.nth > 1 OR NOT t.agree)
"""

_TWICE = """
WITH said AS (
    SELECT r.row_no, r.part, coalesce(k.person_no, encode(r.key_hash, 'hex')) AS who, {number} AS number
    FROM roster_rows r
    LEFT JOIN person_keys k ON k.county_code = r.county_code AND k.kind = r.key_kind AND k.key_hash = r.key_hash
    WHERE r.county_code = :county_code AND r.roster_id = :id AND r.state = 'listed'
), twice AS (
    SELECT number FROM said WHERE number IS NOT NULL GROUP BY number HAVING count(DISTINCT who) > 1
)
UPDATE roster_rows r SET state = 'rejected',
    faults = r.faults || jsonb_build_array(jsonb_build_object('at', CAST(:at AS integer), 'column',
        CAST(:heading AS text), 'code', '{code}'))
FROM said JOIN twice USING (number)
WHERE r.county_code = :county_code AND r.roster_id = :id AND r.row_no = said.row_no AND r.part = said.part
"""

TWICE: Final = {
    "person_no": _TWICE.format(number="CASE WHEN r.is_new THEN r.person_no END", code="person_no.twice"),
    "social_card_no": _TWICE.format(number="r.card_hash", code="social_card_no.twice"),
}
"""By column: where a file gives one number to two people, neither is believed."""

SUSPECT_ROUNDED: Final = """
UPDATE roster_rows r SET state = 'rejected',
    faults = r.faults || jsonb_build_array(jsonb_build_object('at', CAST(:at AS integer), 'column',
        CAST(:heading AS text), 'code', 'id_no.rounded'))
WHERE r.county_code = :county_code AND r.roster_id = :id AND r.rounded AND r.state = 'listed'
    AND EXISTS (SELECT FROM roster_rows o WHERE o.county_code = :county_code AND o.roster_id = :id
        AND o.state = 'rejected' AND o.faults @> '[{"code": "id_no.rounded"}]')
"""
"""Where one number of a file was rounded, those that end alike are right by chance only."""

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
"""
