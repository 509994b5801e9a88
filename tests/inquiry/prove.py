"""What 10,000 guesses give, from one address and from many, on two server processes: `scripts/prove/guessing`."""

import asyncio
import os
import platform
import random
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx

from service.embedded import EmbeddedPostgres
from service.inquiry import door
from tests.claims import world as worlds
from tests.claims.world import World
from tests.conftest import FORGETFUL, Cluster, with_template
from tests.inquiry.patients import Patient, settled

REPORT = Path(__file__).parents[2] / "scripts/reports/guessing.md"
GUESSES, AT_ONCE, PATIENTS = 10_000, 40, 50
DICE = random.Random(7)


def guess(number: int, known: list[Patient]) -> tuple[str, str]:
    """Of four guesses three are blind; one aims at a code that exists, with the birthday known."""
    if number % 4:
        return str(DICE.randrange(10**12)).rjust(12, "0"), str(DICE.randrange(10**6)).rjust(6, "0")
    aimed = known[number % len(known)]
    return aimed.code, f"{aimed.id_no[-6:-4]}{DICE.randrange(10**4):04d}"


async def attack(urls: list[str], known: list[Patient], *, many: bool) -> tuple[Counter[int], float]:
    statuses: Counter[int] = Counter()
    began = time.perf_counter()
    async with httpx.AsyncClient(timeout=120) as client:

        async def send(number: int) -> None:
            code, six = guess(number, known)
            address = f"203.{number % 250}.{number // 250 % 250}.{number % 7}" if many else "203.0.113.1"
            sent = {"query_code": code, "id_last6": six}
            url = f"{urls[number % len(urls)]}/v1/patient/session"
            answer = await client.post(url, json=sent, headers={"X-Forwarded-For": address})
            statuses[answer.status_code] += 1

        for start in range(0, GUESSES, AT_ONCE):
            await asyncio.gather(*(send(number) for number in range(start, start + AT_ONCE)))
    return statuses, time.perf_counter() - began


async def served(urls: list[str], patient: Patient, address: str) -> list[int]:
    sent = {"query_code": patient.code, "id_last6": patient.id_no[-6:]}
    async with httpx.AsyncClient(timeout=60) as client:
        headers = {"X-Forwarded-For": address}
        return [
            (await client.post(f"{url}/v1/patient/session", json=sent, headers=headers)).status_code for url in urls
        ]


async def prove(world: World) -> list[str]:
    known = [await settled(world) for _ in range(PATIENTS)]
    lines = []
    for many in (False, True):
        right = [await settled(world), await settled(world)]
        urls = world.start_servers(2)
        statuses, seconds = await attack(urls, known, many=many)
        same = await served(urls, right[0], "203.0.113.1")
        other = await served(urls, right[1], "198.51.100.7")
        most = await world.rows("SELECT coalesce(max(tries), 0) FROM limit_counts WHERE kind = 'patient.code'")
        cells = (
            "many" if many else "one",
            GUESSES,
            statuses[200],
            statuses[401],
            statuses[429],
            most[0][0],
            same,
            other,
        )
        lines.append(f"| {' | '.join(map(str, cells))} | {GUESSES / seconds:.0f} |")
    return lines


def report(lines: list[str]) -> str:
    machine = f"{platform.machine()}, 2 cores shared with other work, Python {platform.python_version()}"
    head = (
        "addresses",
        "guesses",
        "let in",
        "wrong (401)",
        "shut (429)",
        "most tries judged of one code",
        "right user, same address",
        "elsewhere",
        "guesses/s",
    )
    hour, month = (limit.most for limit in door.PER_CODE)
    own, together = door.PER_ADDRESS.most, f"{door.TOGETHER.most:,}"
    return f"""# Guessing query codes

Made by `scripts/prove/guessing`: two server processes on one database, {PATIENTS} patients whose codes the guesser has
(a quarter of the guesses aim at them, knowing the day of birth), the others blind. Addresses by `X-Forwarded-For` of a
trusted proxy. Machine: {machine}.

| {" | ".join(head)} |
|{"---|" * len(head)}
{chr(10).join(lines)}

A code is judged {hour} times an hour and {month} times in 30 days, from all addresses and on all processes together. An
address has {own} wrong tries an hour of its own, then draws on {together} an hour that all
addresses share, then gets one try a minute. A blind guess is right once in about 10^11 / settlements x 3*10^5.
"""


def main() -> None:
    os.environ["ONESTOP_TRUSTED_PROXIES"] = "127.0.0.1/32"
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        # As root, PostgreSQL runs as another user, who must get in.
        place.chmod(0o755)
        server = EmbeddedPostgres(place / "postgres", options=FORGETFUL)
        try:
            found = asyncio.run(on_a_county(with_template(server.start()), place))
        finally:
            server.stop()
    REPORT.write_text(report(found), encoding="utf-8")


async def on_a_county(cluster: Cluster, place: Path) -> list[str]:
    async with worlds.made(cluster, place) as world:
        return await prove(world)


if __name__ == "__main__":
    main()
