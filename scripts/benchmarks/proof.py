"""After a run: that no money was lost or made, whoever wrote the rows."""

from scripts.benchmarks.place import Place

_PROOFS = {
    "settlements whose parts do not add up": """
        SELECT count(*) FROM settlements WHERE total <> paid_total + hospital_bears + patient_pays""",
    "settlements whose layers do not add up": """
        SELECT count(*) FROM settlements s WHERE s.paid_total <> (SELECT coalesce(sum(amount), 0)
            FROM settlement_layers l WHERE l.county_code = s.county_code AND l.settlement_id = s.id)""",
    "sums that are not the sum of their entries": """
        SELECT count(*) FROM accumulators a FULL JOIN (SELECT county_code, person_no, period, name,
            sum(delta) AS value FROM accumulator_entries GROUP BY 1, 2, 3, 4) e
            USING (county_code, person_no, period, name) WHERE a.value IS DISTINCT FROM e.value""",
    "settlements whose postings are not what is owed": """
        SELECT count(*) FROM settlements s WHERE s.hospital_advances + s.owed_to_patient <> (
            SELECT coalesce(sum(amount), 0) FROM postings p
            WHERE p.county_code = s.county_code AND p.origin = s.id)""",
    "live visits without a settlement": """
        SELECT abs((SELECT count(*) FROM live_visits) - (SELECT count(*) FROM settlements))""",
}


async def proof(place: Place) -> list[str]:
    """What was proved, in words. Raises AssertionError where something does not hold."""
    for name, query in _PROOFS.items():
        wrong = await place.scalar(query)
        assert wrong == 0, f"{wrong} {name}"
    settled = await place.scalar("SELECT count(*) FROM settlements")
    fsync = await place.scalar("SHOW fsync")
    commit = await place.scalar("SHOW synchronous_commit")
    return [
        f"Proved over {settled:,} settlements: no {', no '.join(_PROOFS)}.",
        f"PostgreSQL: fsync {fsync}, synchronous_commit {commit}.",
    ]
