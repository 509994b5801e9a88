"""
The hot read of a settlement: all the registers know about a visit, in one statement and one round trip.

Only current knowledge is read (`superseded_at IS NULL`). Where a hospital lies is told by the county that
registers it for its own people; for other counties by a dated entry, and without one by the division codes
(GB/T 2260): the same prefecture is `city`, the same province `region`, anything else `outside`.
"""

from datetime import date
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.db import Direct
from service.money import Ppm
from service.registers.model import (
    AgreementFacts,
    CardFacts,
    CatalogueItem,
    FactsAsked,
    HospitalFacts,
    PersonFacts,
    ReferralFacts,
    VisitFacts,
)

KNOWN: Final = """
person AS MATERIALIZED (
    SELECT k.county_code, k.person_no, p.born_on, p.died_on,
        EXISTS (
            SELECT FROM insured_periods i
            WHERE i.county_code = k.county_code AND i.person_no = k.person_no
                AND i.superseded_at IS NULL AND holds_on(i.valid, CAST(:last_day AS date))
        ) AS insured
    FROM person_keys k JOIN persons p ON p.county_code = k.county_code AND p.person_no = k.person_no
    WHERE k.kind = CAST(:kind AS text) AND k.key_hash = CAST(:key_hash AS bytea)
        AND k.county_code = coalesce(CAST(:county_code AS text), k.county_code)
    ORDER BY insured DESC, (
        SELECT max(lower(i.valid)) FROM insured_periods i
        WHERE i.county_code = k.county_code AND i.person_no = k.person_no AND i.superseded_at IS NULL
    ) DESC NULLS LAST, p.recorded_at DESC
    LIMIT 1
), hospital AS MATERIALIZED (
    SELECT h.hospital_code, h.county_code, t.level, t.specialist, t.connected, t.aid,
        CASE WHEN h.county_code = coalesce(person.county_code, h.county_code) THEN t.location
        ELSE coalesce(
            (SELECT l.location FROM hospital_locations l
            WHERE l.hospital_code = h.hospital_code AND l.county_code = person.county_code
                AND l.superseded_at IS NULL AND holds_on(l.valid, CAST(:last_day AS date))),
            CASE WHEN left(h.county_code, 4) = left(person.county_code, 4) THEN 'city'
                WHEN left(h.county_code, 2) = left(person.county_code, 2) THEN 'region'
                ELSE 'outside' END)
        END AS location
    FROM hospitals h
    JOIN hospital_terms t ON t.hospital_code = h.hospital_code
        AND t.superseded_at IS NULL AND holds_on(t.valid, CAST(:last_day AS date))
    LEFT JOIN person ON true
    WHERE h.hospital_code = CAST(:hospital_code AS text)
), agreement AS MATERIALIZED (
    SELECT a.insurer, a.policy_no, holds_on(a.valid, CAST(:last_day AS date)) AS in_force,
        upper(a.valid) <= CAST(:last_day AS date) AS ended
    FROM agreements a JOIN person ON a.county_code = person.county_code
    WHERE a.hospital_code = CAST(:hospital_code AS text) AND a.superseded_at IS NULL
)
"""
"""What is known of the person, the hospital and their agreements: the WITH of a statement that says `SAID`."""

SAID: Final = """
json_build_object(
    'person', (
        SELECT json_build_object(
            'county_code', p.county_code, 'person_no', p.person_no,
            'insured', p.insured, 'born_on', p.born_on, 'died_on', p.died_on,
            'barred', (
                SELECT b.cause FROM barred_periods b
                WHERE b.county_code = p.county_code AND b.person_no = p.person_no
                    AND b.superseded_at IS NULL AND holds_on(b.valid, CAST(:last_day AS date))),
            'identities', (
                SELECT coalesce(json_agg(i.identity_class ORDER BY i.identity_class), '[]') FROM identities i
                WHERE i.county_code = p.county_code AND i.person_no = p.person_no
                    AND i.superseded_at IS NULL AND holds_on(i.valid, CAST(:last_day AS date))))
        FROM person p),
    'hospital', (
        SELECT json_build_object(
            'hospital_code', h.hospital_code, 'county_code', h.county_code, 'level', h.level,
            'location', h.location, 'specialist', h.specialist, 'connected', h.connected, 'aid', h.aid,
            'suspended', (
                SELECT s.cause FROM hospital_suspensions s
                WHERE s.hospital_code = h.hospital_code
                    AND s.superseded_at IS NULL AND holds_on(s.valid, CAST(:last_day AS date))))
        FROM hospital h),
    'agreements', (
        SELECT coalesce(json_agg(json_build_array(insurer, policy_no) ORDER BY insurer), '[]')
        FROM agreement WHERE in_force),
    'agreement_expired', EXISTS (SELECT FROM agreement WHERE ended),
    'referral', (
        SELECT json_build_array(
            r.referral_no, r.person_no, r.hospital_code, lower(r.valid), upper(r.valid) - 1)
        FROM referrals r JOIN person p ON p.county_code = r.county_code
        WHERE r.referral_no = CAST(:referral_no AS text) AND r.superseded_at IS NULL),
    'card', (
        SELECT json_build_array(c.card_id, lower(c.valid), upper(c.valid) - 1)
        FROM chronic_cards c JOIN person p ON p.county_code = c.county_code AND p.person_no = c.person_no
        WHERE c.disease_code = CAST(:disease_code AS text) AND c.status = 'approved'
            AND c.superseded_at IS NULL AND holds_on(c.valid, CAST(:last_day AS date))),
    'catalogue', (
        SELECT coalesce(json_agg(json_build_array(
            c.item_code, c.grade, c.self_pay_ratio,
            CASE (SELECT level FROM hospital)
                WHEN 'township' THEN c.ceiling_township
                WHEN 'level2' THEN c.ceiling_level2
                WHEN 'level3_city' THEN c.ceiling_level3_city
                WHEN 'level3_region' THEN c.ceiling_level3_region END,
            lower(c.valid), upper(c.valid) - 1) ORDER BY c.item_code, c.valid), '[]')
        FROM catalogue_items c
        WHERE c.county_code = (SELECT county_code FROM person)
            AND c.item_code = ANY (CAST((SELECT CAST(:item_codes AS text[])) AS text[]))
            AND c.superseded_at IS NULL
            AND holds_between(c.valid, CAST(:charged_from AS date), CAST(:charged_to AS date)))
)
"""
"""All facts of a visit as one JSON value; `facts_of` reads it."""

FACTS: Final = Direct(f"WITH {KNOWN} SELECT CAST({SAID} AS text)")

_FIND: Final = text("""
SELECT k.county_code, k.person_no
FROM person_keys k JOIN persons p ON p.county_code = k.county_code AND p.person_no = k.person_no
WHERE k.kind = CAST(:kind AS text) AND k.key_hash = CAST(:key_hash AS bytea)
    AND k.county_code = coalesce(CAST(:county_code AS text), k.county_code)
ORDER BY (
    SELECT max(lower(i.valid)) FROM insured_periods i
    WHERE i.county_code = k.county_code AND i.person_no = k.person_no AND i.superseded_at IS NULL
) DESC NULLS LAST, p.recorded_at DESC
LIMIT 1
""")


async def visit_facts(tx: AsyncConnection, asked: FactsAsked) -> VisitFacts:
    """
    The facts that decide a visit, as known now.

    A person known in several counties is the one insured on the last day, else the one insured last.
    """
    return facts_of(orjson.loads(await FACTS.scalar(tx, facts_values(asked))))


def facts_values(asked: FactsAsked) -> dict[str, Any]:
    """The values of a statement made of `KNOWN` and `SAID`."""
    kind, key_hash = asked.person_key
    return {
        "kind": kind,
        "key_hash": key_hash,
        "hospital_code": asked.hospital_code,
        "last_day": asked.last_day,
        "referral_no": asked.referral_no,
        "disease_code": asked.disease_code,
        "item_codes": list(asked.item_codes),
        "charged_from": asked.charged_from,
        "charged_to": asked.charged_to,
        "county_code": asked.county_code,
    }


async def find_person(
    tx: AsyncConnection, kind: str, key_hash: bytes, *, county_code: str | None = None
) -> tuple[str, str] | None:
    """
    County and number of the person behind a key; of several counties the one that insured them last.

    With a county, only a person whom that county knows.
    """
    asked = {"kind": kind, "key_hash": key_hash, "county_code": county_code}
    row = (await tx.execute(_FIND, asked)).one_or_none()
    return None if row is None else (row.county_code, row.person_no)


def facts_of(found: dict[str, Any]) -> VisitFacts:
    """The facts from the JSON value that `SAID` makes of them."""
    return VisitFacts(
        person=_person(found["person"]),
        hospital=HospitalFacts(**found["hospital"]) if found["hospital"] else None,
        agreements=tuple(AgreementFacts(*each) for each in found["agreements"]),
        agreement_expired=found["agreement_expired"],
        referral=_referral(found["referral"]),
        card=_card(found["card"]),
        catalogue=tuple(_item(each) for each in found["catalogue"]),
    )


def _day(text_or_none: str | None) -> date | None:
    return None if text_or_none is None else date.fromisoformat(text_or_none)


def _person(found: dict[str, Any] | None) -> PersonFacts | None:
    if found is None:
        return None
    days = {name: _day(found[name]) for name in ("born_on", "died_on")}
    return PersonFacts(**found | {"identities": tuple(found["identities"])} | days)


def _referral(found: list[Any] | None) -> ReferralFacts | None:
    if found is None:
        return None
    number, person_no, hospital_code, approved_on, valid_to = found
    return ReferralFacts(number, person_no, hospital_code, date.fromisoformat(approved_on), _day(valid_to))


def _card(found: list[Any] | None) -> CardFacts | None:
    if found is None:
        return None
    card_id, valid_from, valid_to = found
    return CardFacts(UUID(card_id), date.fromisoformat(valid_from), _day(valid_to))


def _item(found: list[Any]) -> CatalogueItem:
    code, grade, ratio, ceiling, valid_from, valid_to = found
    return CatalogueItem(code, grade, Ppm(ratio), ceiling, date.fromisoformat(valid_from), _day(valid_to))
