"""The national interface's settlement (2304, signed) beside REST's, of the same bills on the same server."""

import asyncio
import statistics
import tempfile
from pathlib import Path
from typing import Final

from scripts.benchmarks.figures import Figure, Report, Target
from service.db import EVERY_COUNTY, seeing
from service.embedded import EmbeddedPostgres
from tests.claims import world as worlds
from tests.conftest import with_template
from tests.nhsa.his import His
from tests.nhsa.hospital import connect
from tests.nhsa.prove import AT_ONCE, LINES, throughput

_OF_REST: Final = 0.8


async def run() -> Report:
    report = Report("wire", ("what", "settlements per second"))
    # What is done in this process, beside the server's, sees every county, as in the tests.
    with tempfile.TemporaryDirectory() as folder, seeing(EVERY_COUNTY):
        place = Path(folder)
        # As root, PostgreSQL runs as another user, who must get in.
        await asyncio.to_thread(place.chmod, 0o755)
        server = EmbeddedPostgres(place)
        try:
            cluster = await asyncio.to_thread(lambda: with_template(server.start()))
            async with worlds.made(cluster, place) as world:
                await connect(world.app, world.hospital_code)
                wire, rest = await throughput(world, His(world.client, world.hospital_code))
        finally:
            await asyncio.to_thread(server.stop)
    ours, theirs = report.keep("wire", Figure.of(wire, "/s")), report.keep("rest", Figure.of(rest, "/s"))
    report.row(f"2304, {LINES} lines, {AT_ONCE} at once", ours)
    report.row("REST, the same bills", theirs)
    # Round by round: both were measured one after the other.
    ratio = statistics.median(ours / theirs for ours, theirs in zip(wire, rest, strict=True))
    report.targets.append(Target.at_least("2304 / REST", ratio, _OF_REST))
    return report
