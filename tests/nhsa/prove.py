"""The long forms: a storm of 50 systems with several stays each, and 2304 beside REST's settlement. Writes a report."""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
import psutil

from service.access.model import Role
from service.db import EVERY_COUNTY, see
from service.embedded import EmbeddedPostgres
from service.nhsa.model import Auth
from tests.access.callers import headers_of
from tests.cases.county import visit_body, wire_line
from tests.claims import world as worlds
from tests.claims.world import World
from tests.conftest import with_template
from tests.nhsa.his import CALL, His, complete
from tests.nhsa.hospital import Stay, connect, give_key
from tests.nhsa.signing import by_hmac, by_tif
from tests.nhsa.storm import PATIENCE, storm

REPORT = Path(__file__).parents[2] / "scripts" / "reports" / "nhsa.md"
ROUNDS, STAYS, LINES, AT_ONCE = 9, 60, 60, 16
STORM_STAYS = 4
DAY = "2018-06-05"
REST = "REST"


BILL = [
    wire_line(number, {"grade": "A", "unit_price": "20.00", "quantity": "3"}, DAY) | {"item_code": f"I{number}"}
    for number in range(1, LINES + 1)
]
POOR = [{"class": "registered_poor", "valid_from": "2015-01-01"}]


async def connected(world: World) -> His:
    """The world's hospital with a key of each gateway."""
    await connect(world.app, world.hospital_code)
    await give_key(world.app, world.hospital_code, Auth.HMAC, f"AK-{world.hospital_code}", "secret-a")
    await give_key(world.app, world.hospital_code, Auth.TIF, f"PA-{world.hospital_code}", "secret-b")
    return His(world.client, world.hospital_code)


async def discharged(world: World, his: His, name: str) -> list[bytes]:
    """Stays on the wire, ready to be settled by these bodies."""
    envelopes = []
    for number in range(STAYS):
        person_no, _ = await world.county.person(POOR)
        stay = await Stay(his, person_no).admit(f"{name}W{number}", "2018-06-01")
        await stay.charge(BILL)
        await stay.discharge("2018-06-09")
        asked = complete("2304", {"data": {**stay.whose, "medfee_sumamt": f"{60 * LINES}.00"}})
        envelopes.append(json.dumps(his.envelope("2304", asked)).encode())
    return envelopes


async def ordered(world: World, his: His, name: str) -> list[dict[str, Any]]:
    """The same bill for REST."""
    days = {"admitted_on": "2018-06-01", "discharged_on": "2018-06-09"}
    bodies = []
    for number in range(STAYS):
        _, id_no = await world.county.person(POOR)
        visit = {"visit_no": f"{name}R{number}", "visit_type": "inpatient", **days}
        body = visit_body(visit, [], hospital=his.code, id_number=id_no, referral=None)
        bodies.append(body | {"fee_lines": BILL})
    return bodies


class Cost(NamedTuple):
    """What a settlement cost: seconds of the wall at `AT_ONCE` at a time, and of the server process's CPU."""

    wall: float
    cpu: float


async def timed(send: Callable[[Any], Awaitable[None]], work: list[Any], server: psutil.Process) -> Cost:
    waiting = iter(work)

    async def one() -> None:
        for item in waiting:
            await send(item)

    begin, before = time.perf_counter(), server.cpu_times()
    await asyncio.gather(*(one() for _ in range(AT_ONCE)))
    wall, after = time.perf_counter() - begin, server.cpu_times()
    cpu = after.user + after.system - before.user - before.system
    return Cost(wall / len(work), cpu / len(work))


async def throughput(world: World, his: His) -> dict[str, list[Cost]]:
    """
    What a settlement costs on the wire, signed by either gateway, and through REST; all in each round of one run on
    one server process, each time in another order.
    """
    (base,) = world.start_servers(1)
    server = psutil.Process(world.workers[-1].process.pid)
    headers = await headers_of(world.app, Role.HOSPITAL, "bench", hospital_code=his.code)
    limits = httpx.Limits(max_connections=AT_ONCE)
    async with httpx.AsyncClient(timeout=PATIENCE, limits=limits) as client:

        async def by_wire(sign: Callable[[], dict[str, str]], body: bytes) -> None:
            response = await client.post(f"{base}{CALL}", content=body, headers=sign())
            assert b'"infcode":0' in response.content, response.text

        async def by_rest(body: dict[str, Any]) -> None:
            own = headers | {"Idempotency-Key": body["visit_no"]}
            response = await client.post(f"{base}/v1/settlements", json=body, headers=own)
            assert response.status_code == 201, response.text

        sends: dict[str, Callable[[Any], Awaitable[None]]] = {
            "A": partial(by_wire, lambda: by_hmac(his)),
            "B": partial(by_wire, lambda: by_tif(his, uuid4().hex)),
            REST: by_rest,
        }
        costs: dict[str, list[Cost]] = {name: [] for name in sends}
        for number in range(ROUNDS + 1):
            work: dict[str, list[Any]] = {
                name: await (ordered if name == REST else discharged)(world, his, f"{name}{number}") for name in sends
            }
            names = list(sends)[number % len(sends) :] + list(sends)[: number % len(sends)]
            for name in names:
                cost = await timed(sends[name], work[name], server)
                # The first round warms up: statements are prepared, the law is kept.
                if number:
                    costs[name].append(cost)
    return costs


def told_of(costs: dict[str, list[Cost]]) -> list[str]:
    """The medians in words; a ratio above 1 says that the wire is the cheaper one."""
    how = f"{LINES} lines, {AT_ONCE} at once, one server process, {ROUNDS} rounds of {STAYS} each in turns, medians"
    lines = [f"- 2304 beside REST, {how}. Ratio: REST's cost over that of 2304, round by round."]
    for name, found in costs.items():
        wall, cpu = (statistics.median(getattr(one, part) for one in found) for part in Cost._fields)
        line = f"  - {name}: {1 / wall:.0f} a second, {cpu * 1000:.1f} ms of the server's CPU each"
        if name != REST:
            pairs = list(zip(found, costs[REST], strict=True))
            by_wall = statistics.median(theirs.wall / own.wall for own, theirs in pairs)
            by_cpu = statistics.median(theirs.cpu / own.cpu for own, theirs in pairs)
            line += f"; throughput ratio {by_wall:.2f}, CPU ratio {by_cpu:.2f}"
        lines.append(f"{line}.")
    return lines


async def prove(parts: set[str]) -> list[str]:
    told: list[str] = []
    see(EVERY_COUNTY)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        # As root, PostgreSQL runs as another user, who must get in.
        await asyncio.to_thread(place.chmod, 0o755)
        server = EmbeddedPostgres(place)
        try:
            cluster = await asyncio.to_thread(lambda: with_template(server.start()))
            async with worlds.made(cluster, place) as world:
                his = await connected(world)
                if "throughput" in parts:
                    told += told_of(await throughput(world, his))
                if "storm" in parts:
                    seen = await storm(world, his, world.start_servers(2), clients=50, stays=STORM_STAYS, seed=7)
                    told.append(
                        f"- Storm of 50 systems: {seen['stays']} stays, {seen['answers']} answers heard, {seen['cuts']}"
                        f" connections cut, {seen['reversed']} messages reversed; one settlement or none per stay,"
                        " every answer true, sums and ledger agree, the verification finds nothing wrong."
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
