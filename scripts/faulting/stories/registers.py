"""Offices at work: lists of persons previewed and applied while everybody settles."""

from random import Random
from typing import Any, Final

import httpx

from scripts.faulting.cast import Cast
from scripts.faulting.stories.asked import newcomer, reads
from tests.cases.county import INSURED_FROM, Call, done
from tests.registers.examples import id_no
from tests.rosters.lists import roster_csv

_STALE: Final = "roster.stale"
_TRIES: Final = 5
_AS_OF: Final = "2018-06-01"
_DAY_BEFORE: Final = "2018-05-31"


async def listed(cast: Cast, dice: Random) -> None:
    """A list of new people, previewed and applied; previewed again where the register changed meanwhile."""
    people = [
        ["张小三", id_no(dice.randrange(1, 1000), f"19{dice.randrange(50, 99)}0307"), "建档立卡", ""] for _ in range(3)
    ]
    await _applied(cast, cast.agency, roster_csv(*people), kind="changes", source="扶贫办")


async def listed_in_full(cast: Cast, dice: Random) -> None:
    """An office's whole list: who is not on it any more has ended, who is on it goes on."""
    source = f"残联{next(cast.county.serial)}"
    held = [{"class": "severely_disabled", "valid_from": INSURED_FROM, "source": source}]
    (stays, number), (goes, _) = [await newcomer(cast, identities=held) for _ in range(2)]
    content = roster_csv(["测试乙", number, "重度残疾", ""])
    made = await _applied(cast, cast.agency, content, kind="full", source=source, **{"class": "severely_disabled"})
    assert (made["counts"]["unchanged"], made["counts"]["ended"]) == (1, 1), made["counts"]
    for person_no, last in ((stays, None), (goes, _DAY_BEFORE)):
        await reads(cast.agency, f"/v1/persons/{person_no}", identities=[held[0] | {"valid_to": last}])


async def listed_for_aid(cast: Cast, dice: Random) -> None:
    """Civil affairs lists somebody who is known, for aid."""
    person_no, number = await newcomer(cast)
    content = roster_csv(["测试乙", number, "低保", ""])
    await _applied(cast, cast.civil, content, kind="changes", source="民政局")
    identity = {"class": "low_income_allowance", "valid_from": _AS_OF, "valid_to": None, "source": "民政局"}
    await reads(cast.agency, f"/v1/persons/{person_no}", identities=[identity])


async def _applied(cast: Cast, call: Call, content: bytes, **said: str) -> Any:
    """A list as it was applied; where the register changes between every preview and its application, as previewed."""
    cast.lists += 1
    for attempt in range(_TRIES):
        files = {"file": (f"名单{cast.lists}-{attempt}.csv", content)}
        again = {"again": "true"} if attempt else {}
        made = await done(await call("POST", "/v1/rosters", data=said | {"as_of": _AS_OF} | again, files=files))
        answer = await call("POST", f"/v1/rosters/{made['id']}/apply", {"accept_rejected": True})
        if answer.status_code != httpx.codes.CONFLICT or _STALE not in answer.text:
            return await done(answer, 200)
    raise AssertionError(f"the register changes under every preview of a list: {said}")
