"""
The floor: the smallest honest program that keeps a settlement. FastAPI and asyncpg; it reads the same body, takes the
same locks and inserts the same rows in one statement. It knows no caller, no register, no rule and no reason.

The rows are those of a settlement that the service made, with the ids, the visit and the person of this one.
Run by the bench: python -m scripts.benchmarks.floor PORT DATABASE TEMPLATE
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import uvicorn
from fastapi import FastAPI, Request
from starlette.responses import Response

from service.clock import Clock
from service.ids import new_id

_POOL = 8
_CLOCK = Clock()
_OPEN = """
    WITH reserved AS (
        INSERT INTO idempotency_keys (county_code, client_id, key, request_hash, result_id, created_at)
        VALUES ('459901', 'floor', $1, $2, $3, now()) ON CONFLICT DO NOTHING RETURNING result_id
    )
    SELECT open_person('459901', $4, true, $5, $6, $7, '2018-06-01', '2018-06-09') FROM reserved
"""


def _kind(table: str) -> str:
    """As what the rows of a table come: the documents as the text that they are kept as, like the service's."""
    return "json" if table == "settlement_documents" else "jsonb"


class Floor:
    """The rows to write, with marks where each settlement differs."""

    def __init__(self, template: Path) -> None:
        kept = orjson.loads(template.read_bytes())
        self.tables: dict[str, str] = kept["tables"]
        self.entries: list[dict[str, Any]] = kept["entries"]
        self.marks: dict[str, str] = kept["marks"]
        self.people: dict[str, str] = kept["people"]
        self.periods: list[str] = kept["periods"]
        inserts = ", ".join(
            f"t{number} AS (INSERT INTO {name} ({kept['columns'][name]}) SELECT {kept['values'][name]}"
            f" FROM {_kind(name)}_populate_recordset(NULL::{name}, ${number}::text::{_kind(name)}))"
            for number, name in enumerate([*self.tables, "accumulator_entries"], 1)
        )
        self.write = f"WITH {inserts} SELECT 1"
        self.pool: asyncpg.Pool | None = None

    def rows(self, settlement: UUID, person: str, body: dict[str, Any], opened: dict[str, Any]) -> list[str]:
        """One text for each table. The sums are those just read: the database refuses any other."""
        own = {
            "id": str(settlement),
            "person": person,
            "visit": body["visit_no"],
            "hospital": body["hospital_code"],
            "order": str(opened["order_no"]),
            "audit": str(new_id(_CLOCK.now())),
            "code": settlement.hex,
        }
        marks = [(mark, own[name]) for name, mark in self.marks.items()]
        made = [_marked(text, marks) for text in self.tables.values()]
        sums = {(period, name): value for period, name, value in opened["sums"]}
        entries = [
            {
                **entry,
                "settlement_id": settlement,
                "person_no": person,
                "before": sums.get((entry["period"], entry["name"]), 0),
            }
            for entry in self.entries
        ]
        return [*made, orjson.dumps(entries).decode()]


def _marked(text: str, marks: list[tuple[str, str]]) -> str:
    for mark, own in marks:
        text = text.replace(mark, own)
    return text


floor = Floor(Path(sys.argv[3])) if __name__ == "__main__" else None


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    assert floor is not None
    floor.pool = await asyncpg.create_pool(sys.argv[2], min_size=_POOL, max_size=_POOL)
    yield
    await floor.pool.close()


app = FastAPI(lifespan=lifespan)


@app.post("/v1/settlements")
async def settle(request: Request) -> Response:
    assert floor is not None
    assert floor.pool is not None
    body = orjson.loads(await request.body())
    settlement = new_id(_CLOCK.now())
    person = floor.people[body["person"]["id_no"]]
    async with floor.pool.acquire() as connection, connection.transaction():
        key = request.headers["idempotency-key"]
        visit = (person, floor.periods, body["hospital_code"], body["visit_no"])
        opened = orjson.loads(await connection.fetchval(_OPEN, key, b"0" * 32, settlement, *visit))
        await connection.fetchval(floor.write, *floor.rows(settlement, person, body, opened))
    return Response(orjson.dumps({"id": settlement, "visit_no": body["visit_no"]}), 201, media_type="application/json")


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=False, log_level="warning")
