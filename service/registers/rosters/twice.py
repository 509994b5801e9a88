"""
What only the whole file tells: people, numbers and places that stand twice, and numbers that others make suspect.

Each statement rejects rows, or marks them as duplicates, of a list that is staged to its end.
"""

from typing import Final

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

NUMBERS: Final = {
    "person_no": _TWICE.format(number="CASE WHEN r.is_new THEN r.person_no END", code="person_no.twice"),
    "social_card_no": _TWICE.format(number="r.card_hash", code="social_card_no.twice"),
}
"""By column: where a file gives one number to two people, neither is believed."""

PLACES: Final = """
WITH said AS (
    SELECT r.row_no, r.part, coalesce(k.person_no, encode(r.key_hash, 'hex')) AS who, r.township_code, r.household_no
    FROM roster_rows r
    LEFT JOIN person_keys k ON k.county_code = r.county_code AND k.kind = r.key_kind AND k.key_hash = r.key_hash
    WHERE r.county_code = :county_code AND r.roster_id = :id AND r.state = 'listed'
), twice AS (
    SELECT who FROM said GROUP BY who
    HAVING min(township_code) <> max(township_code) OR min(household_no) <> max(household_no)
)
UPDATE roster_rows r SET state = 'rejected',
    faults = r.faults || '[{"at": null, "column": "", "code": "row.place_differs"}]'
FROM said JOIN twice USING (who)
WHERE r.county_code = :county_code AND r.roster_id = :id AND r.row_no = said.row_no AND r.part = said.part
"""
"""Rows that let one person live in two places."""

SUSPECT_ROUNDED: Final = """
UPDATE roster_rows r SET state = 'rejected',
    faults = r.faults || jsonb_build_array(jsonb_build_object('at', CAST(:at AS integer), 'column',
        CAST(:heading AS text), 'code', 'id_no.rounded'))
WHERE r.county_code = :county_code AND r.roster_id = :id AND r.rounded AND r.state = 'listed'
    AND EXISTS (SELECT FROM roster_rows o WHERE o.county_code = :county_code AND o.roster_id = :id
        AND o.state = 'rejected' AND o.faults @> '[{"code": "id_no.rounded"}]')
"""
"""Where one number of a file was rounded, those that end alike are right by chance only."""
