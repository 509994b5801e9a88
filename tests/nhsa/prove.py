"""The long forms: a storm of 50 systems with several stays each, and 2304 beside REST's settlement. Writes a report."""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx

from service.access.model import Role
from service.embedded import EmbeddedPostgres
from tests.access.callers import headers_of
from tests.cases.county import visit_body, wire_line
from tests.claims import world as worlds
from tests.claims.world import World
from tests.conftest import with_template
from tests.nhsa.his import CALL, His, complete
from tests.nhsa.hospital import Stay, connect
from tests.nhsa.storm import PATIENCE, storm

REPORT = Path(__file__).parents[2] / "scripts" / "reports" / "nhsa.md"
ROUNDS, STAYS, LINES, AT_ONCE = 5, 60, 60, 16
STORM_STAYS = 4
DAY = "2018-06-05"


async def stays(world: World, his: His, name: str) -> tuple[list[bytes], list[dict[str, Any]]]:
    """As many stays ready to be settled on the wire as bodies of the same bill for REST."""
    envelopes, bodies = [], []
    case = {"grade": "A", "unit_price": "20.00", "quantity": "3"}
    for number in range(STAYS):
        lines = [wire_line(n, case, DAY) | {"item_code": f"I{n}"} for n in range(1, LINES + 1)]
        person_no, _ = await world.county.person([{"class": "registered_poor", "valid_from": "2015-01-01"}])
        stay = await Stay(his, person_no).admit(f"{name}W{number}", "2018-06-01")
        await stay.charge(lines)
        await stay.discharge("2018-06-09")
        total = f"{60 * LINES}.00"
        asked = complete("2304", {"data": {**stay.whose, "medfee_sumamt": total}})
        envelopes.append(json.dumps(his.envelope("2304", asked)).encode())
        _, id_no = await world.county.person([{"class": "registered_poor", "valid_from": "2015-01-01"}])
        visit = {"visit_no": f"{name}R{number}", "visit_type": "inpatient", "admitted_on": "2018-06-01"}
        visit["discharged_on"] = "2018-06-09"
        body = visit_body(visit, [], hospital=his.code, id_number=id_no, referral=None)
        bodies.append(body | {"fee_lines": lines})
    return envelopes, bodies


async def timed(send: Callable[[Any], Awaitable[None]], work: list[Any]) -> float:
    """How many a second, `AT_ONCE` at a time."""
    waiting = iter(work)

    async def one() -> None:
        for item in waiting:
            await send(item)

    begin = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(AT_ONCE)))
    return len(work) / (time.perf_counter() - begin)


async def throughput(world: World, his: His) -> tuple[list[float], list[float]]:
    """Settlements a second, on the wire and through REST, round by round in one run on one server process."""
    (base,) = world.start_servers(1)
    headers = await headers_of(world.app, Role.HOSPITAL, "bench", hospital_code=his.code)
    wire: list[float] = []
    rest: list[float] = []
    limits = httpx.Limits(max_connections=AT_ONCE)
    async with httpx.AsyncClient(timeout=PATIENCE, limits=limits) as client:

        async def by_wire(body: bytes) -> None:
            response = await client.post(f"{base}{CALL}", content=body)
            assert b'"infcode":0' in response.content, response.text

        async def by_rest(body: dict[str, Any]) -> None:
            own = headers | {"Idempotency-Key": body["visit_no"]}
            response = await client.post(f"{base}/v1/settlements", json=body, headers=own)
            assert response.status_code == 201, response.text

        for number in range(ROUNDS + 1):
            envelopes, bodies = await stays(world, his, f"P{number}")
            found = [await timed(by_wire, envelopes), await timed(by_rest, bodies)]
            if number:
                wire.append(found[0])
                rest.append(found[1])
    return wire, rest


async def prove(parts: set[str]) -> list[str]:
    told: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        # As root, PostgreSQL runs as another user, who must get in.
        await asyncio.to_thread(place.chmod, 0o755)
        server = EmbeddedPostgres(place)
        try:
            cluster = await asyncio.to_thread(lambda: with_template(server.start()))
            async with worlds.made(cluster, place) as world:
                await connect(world.app, world.hospital_code)
                his = His(world.client, world.hospital_code)
                if "throughput" in parts:
                    wire, rest = await throughput(world, his)
                    ratio = statistics.median(wire) / statistics.median(rest)
                    told.append(
                        f"- 2304 beside REST, {LINES} lines, {AT_ONCE} at once, one server process, median of {ROUNDS}"
                        f" rounds of {STAYS}: {statistics.median(wire):.0f} and {statistics.median(rest):.0f} a second,"
                        f" ratio {ratio:.2f}."
                    )
                if "storm" in parts:
                    seen = await storm(world, his, world.start_servers(2), clients=50, stays=STORM_STAYS, seed=7)
                    told.append(
                        f"- Storm of 50 systems: {seen['stays']} stays, {seen['answers']} answers heard, {seen['cuts']}"
                        f" connections cut, {seen['reversed']} messages reversed; one settlement or none per stay,"
                        " every answer true, sums and ledger agree."
                    )
        finally:
            await asyncio.to_thread(server.stop)
    return told


def main() -> None:
    parts = set(sys.argv[1:]) or {"storm", "throughput"}
    told = asyncio.run(prove(parts))
    text = "# The national interface, long forms\n\n`scripts/prove/nhsa`\n\n" + "\n".join(told) + "\n"
    sys.stdout.write(text)
    if parts == {"storm", "throughput"}:
        REPORT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
