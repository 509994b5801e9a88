"""Patients for themselves: in with the query code of a slip, they see what was settled, object, and think again."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import httpx

from scripts.faulting.asking import Client
from scripts.faulting.cast import Cast
from tests.cases.county import done
from tests.payouts.claimants import picture


@dataclass
class _Session(Client):
    """A patient with a slip in hand: the `secret` is its query code. Keys of patients are kept beside their number."""

    person_no: str = ""
    last_six: str = ""

    async def _get_token(self, url: str) -> bool:
        form = {"query_code": self.secret, "id_last6": self.last_six}
        answer = await self.http.post(str(httpx.URL(url).join("/v1/patient/session")), json=form)
        if answer.is_success:
            self.token = answer.json()["access_token"]
        elif answer.status_code == httpx.codes.UNAUTHORIZED:
            self.watch.wrong.append(f"a query code opens nothing: {answer.status_code} {answer.text}")
            # Nobody asks again with it: who found it wrong ends the run.
            await asyncio.sleep(1)
        return answer.is_success

    def _keep(
        self, method: str, path: str, key: str, answer: httpx.Response, again: Callable[[], Awaitable[httpx.Response]]
    ) -> None:
        super()._keep(method, path, f"{self.person_no}/{key}", answer, again)


async def objects(cast: Cast, dice: Random) -> None:
    """A patient who lost the slip gets another code, objects with a paper, and withdraws; the first code is void."""
    patient = cast.patient(dice)
    settled = await done(await cast.hospital("POST", "/v1/settlements", patient.visit(cast.hospital_code, dice)))
    lost = settled["query_code"]
    issued = await done(await cast.hospital("POST", f"/v1/settlements/{settled['id']}/query-code"))
    assert issued["query_code"] != lost
    session = _Session(
        cast.watch,
        cast.http,
        cast.place.service.url,
        "patient",
        issued["query_code"],
        cast.his.keyed,
        person_no=patient.person_no,
        last_six=patient.id_no[-6:],
    )
    claim = f"/v1/patient/claims/{settled['id']}"
    await done(await session.call("GET", claim), 200)
    filed = await done(await session.call("POST", f"{claim}/objection", {"reason": "金额不对"}))
    path = f"/v1/patient/objections/{filed['id']}"
    paper: dict[str, Any] = {"files": {"file": ("a.jpg", picture())}}
    handed_in = await done(await session.call("POST", f"{path}/documents", **paper))
    assert len(handed_in["documents"]) == 1, handed_in
    await done(await session.call("POST", f"{path}/withdrawal"), 200)
    [objection] = (await done(await session.call("GET", claim), 200))["objections"]
    assert objection["state"] == "withdrawn", objection
    cast.back(patient)
