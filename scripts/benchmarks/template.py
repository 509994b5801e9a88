"""The rows of one settlement that the service made, taken from the database as the pattern of the floor's."""

from functools import reduce
from pathlib import Path
from typing import Any, Final

import httpx
import orjson

from scripts.benchmarks.bills import stay
from scripts.benchmarks.place import Place

_OF_SETTLEMENT: Final = {
    "settlements": "id",
    "settlement_layers": "settlement_id",
    "settlement_documents": "settlement_id",
    "live_visits": "settlement_id",
    "ledger_entries": "id",
    "postings": "entry_id",
    "events": "subject",
    "idempotency_answers": "result_id",
    "audit_log": "subject",
}
_TXID: Final = "pg_current_xact_id()::text::bigint"


async def template(place: Place, url: str, lines: int, person: str, file: Path) -> None:
    """Settle one stay through the service and keep its rows, marked where the next one's differ."""
    body = stay(place.hospitals[0], person, lines)
    async with httpx.AsyncClient() as client:
        own = {"Idempotency-Key": f"template-{lines}"}
        made = await client.post(f"{url}/v1/settlements", json=body, headers=place.headers | own)
    made.raise_for_status()
    answer = made.json()
    kept: dict[str, Any] = {"tables": {}, "columns": {}, "values": {}}
    for name in [*_OF_SETTLEMENT, "accumulator_entries"]:
        columns = await _columns(place, name)
        kept["columns"][name] = ", ".join(columns)
        kept["values"][name] = ", ".join(_TXID if column == "txid" else column for column in columns)
    for name, column in _OF_SETTLEMENT.items():
        rows = await place.rows(f"SELECT to_jsonb(t) FROM {name} t WHERE {column}::text = :id", id=answer["id"])
        assert rows, f"a settlement without rows in {name}"
        kept["tables"][name] = orjson.dumps([row[0] for row in rows]).decode()
    entries = await place.rows(
        "SELECT to_jsonb(t) FROM accumulator_entries t WHERE settlement_id::text = :id", id=answer["id"]
    )
    # The floor knows no cap: what it adds to a year may pass one.
    kept["entries"] = [{**row[0], "cap": None} for row in entries]
    kept["marks"] = _mark(kept["tables"], await _marks(place, answer))
    kept["people"] = dict(await place.people_numbers())
    kept["periods"] = ["2018", "2018-06", f"stay:{body['hospital_code']}:{body['visit_no']}"]
    file.write_bytes(orjson.dumps(kept))


async def _columns(place: Place, name: str) -> list[str]:
    found = await place.rows(
        "SELECT column_name FROM information_schema.columns WHERE table_name = :name AND is_identity = 'NO'"
        " AND table_schema = 'public' AND is_generated = 'NEVER' ORDER BY ordinal_position",
        name=name,
    )
    return [row[0] for row in found]


async def _marks(place: Place, answer: dict[str, Any]) -> dict[str, str]:
    code = await place.scalar(
        "SELECT encode(query_code_hash, 'hex') FROM settlements WHERE id::text = :id", id=answer["id"]
    )
    audit = await place.scalar("SELECT id::text FROM audit_log WHERE subject = :id", id=answer["id"])
    return {
        "id": answer["id"],
        "person": answer["person_no"],
        "visit": answer["visit_no"],
        "hospital": answer["hospital_code"],
        "audit": audit,
        "code": code,
    }


def _mark(tables: dict[str, str], found: dict[str, str]) -> dict[str, str]:
    """Put a mark in place of each value that differs from settlement to settlement; gives the marks."""
    order = orjson.loads(tables["settlements"])[0]["order_no"]
    tables["settlements"] = tables["settlements"].replace(f'"order_no":{order}', '"order_no":"<order>"')
    marks = {name: f"<{name}>" for name in found} | {"order": "<order>"}
    for table, text in tables.items():
        tables[table] = reduce(lambda marked, name: marked.replace(found[name], marks[name]), found, text)
    return marks
