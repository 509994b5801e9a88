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
from tests.nhsa.prove import AT_ONCE, LINES, REST, connected, throughput

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
                costs = await throughput(world, await connected(world))
        finally:
            await asyncio.to_thread(server.stop)
    rest = costs[REST]
    for name, found in costs.items():
        what = "REST, the same bills" if name == REST else f"2304 signed as {name}, {LINES} lines, {AT_ONCE} at once"
        report.row(what, report.keep(name, Figure.of([1 / one.wall for one in found], "/s")))
        if name != REST:
            # Round by round: they were measured one after the other, and the machine is not the same all the time.
            ratio = statistics.median(theirs.wall / own.wall for own, theirs in zip(found, rest, strict=True))
            report.targets.append(Target.at_least(f"2304 signed as {name} / REST", ratio, _OF_REST))
    report.notes.append("The ratio is the middle one of the rounds' ratios, not the ratio of the middle rates above.")
    return report
