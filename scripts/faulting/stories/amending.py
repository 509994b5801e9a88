"""The law amended: a text of the pack checked, uploaded, previewed and put in force; then its cost."""

import re
from random import Random
from typing import Any, Final

import orjson

from scripts.faulting.cast import Cast
from scripts.faulting.stories.asked import reads, said
from scripts.faulting.stories.changes import until
from tests.cases.county import done

_PACK: Final = "guangxi-county-2018"
_FROM: Final = "2018-06-01"
_DONE: Final = 0.5
_RATIO: Final = re.compile(r'"level2":"0\.(7[0-9])"')
_OVERTAKEN: Final = "policy.not_in_force"
"""Another amendment of the same text was approved meanwhile."""


async def amended(cast: Cast, dice: Random) -> None:
    """A text with another ratio, put in force by a second person; the past is then decided anew, or left alone."""
    pack = await done(await cast.agency("GET", f"/v1/policies/{_PACK}"), 200)
    text = _with_another_ratio(orjson.dumps(pack["document"]).decode(), dice)
    assert (await done(await cast.auditor("POST", "/v1/policies/check", {"yaml": text}), 200))["faults"] == []
    body = {"yaml": text, "replaces": pack["hash"], "from": _FROM, "note": "2018年第12号文"}
    answer = await cast.agency("POST", "/v1/policy-amendments", body, operator="Zhang")
    if said(answer, _OVERTAKEN):
        return
    made = await done(answer)
    path, cost = f"/v1/policy-amendments/{made['id']}", f"/v1/readjudications/{made['readjudication_id']}"
    await until(cast, cost, "previewed")
    approved = await cast.agency("POST", f"{path}/approval", operator="Li")
    if not said(approved, _OVERTAKEN):
        await done(approved, 200)
        await reads(cast.agency, path, in_force=True, hash=made["hash"])
        if dice.random() < _DONE:
            await done(await cast.agency("POST", f"{cost}/approval", operator="Li"), 200)
            await until(cast, cost, "done")
            return
    await _withdrawn(cast, cost)


async def _withdrawn(cast: Cast, cost: str) -> None:
    """What has no key and is sent again after it was done is told in which state it finds it."""
    answer = await cast.agency("POST", f"{cost}/withdrawal", operator="Zhang")
    if not said(answer, "readjudication.state"):
        await done(answer, 200)
    await reads(cast.agency, cost, state="withdrawn")


def _with_another_ratio(text: str, dice: Random) -> str:
    """What basic insurance pays at a hospital of level 2, a few per cent more or less."""
    [ratio] = _RATIO.findall(text)
    another: Any = dice.choice([percent for percent in range(70, 80) if f"{percent}" != ratio])
    return _RATIO.sub(f'"level2":"0.{another}"', text)
