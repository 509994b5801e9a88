"""Offices at work: a list of persons previewed and applied while everybody settles."""

from random import Random
from typing import Final

import httpx

from scripts.faulting.cast import Cast
from tests.cases.county import done
from tests.registers.examples import id_no
from tests.rosters.lists import roster_csv

_STALE: Final = "roster.stale"
_TRIES: Final = 5


async def listed(cast: Cast, dice: Random) -> None:
    """A list of new people, previewed and applied; previewed again where the register changed meanwhile."""
    cast.lists += 1
    people = [
        ["张小三", id_no(dice.randrange(1, 1000), f"19{dice.randrange(50, 99)}0307"), "建档立卡", ""] for _ in range(3)
    ]
    content = roster_csv(*people)
    said = {"kind": "changes", "source": "扶贫办", "as_of": "2018-06-01"}
    for attempt in range(_TRIES):
        files = {"file": (f"名单{cast.lists}-{attempt}.csv", content)}
        more = {"again": "true"} if attempt else {}
        made = await done(await cast.agency("POST", "/v1/rosters", data=said | more, files=files))
        body = {"accept_rejected": True}
        answer = await cast.agency("POST", f"/v1/rosters/{made['id']}/apply", body)
        if answer.status_code != httpx.codes.CONFLICT or _STALE not in answer.text:
            await done(answer, 200)
            return
