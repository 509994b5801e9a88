"""Patients who come with a slip: settled at the hospital, then asking for themselves."""

from dataclasses import dataclass
from typing import Any

import httpx

from tests.cases.county import done
from tests.claims.bills import Body, stay
from tests.claims.world import World, caller

POOR = [{"class": "registered_poor", "valid_from": "2015-01-01"}]


@dataclass(frozen=True)
class Patient:
    """A person with a settlement, and what stands on their slip and their card."""

    world: World
    person_no: str
    id_no: str
    settlement: Body

    @property
    def code(self) -> str:
        return str(self.settlement["query_code"])

    @property
    def claim(self) -> str:
        return f"/v1/patient/claims/{self.settlement['id']}"

    async def enters(self, code: str | None = None, last_six: str | None = None) -> httpx.Response:
        body = {"query_code": code or self.code, "id_last6": last_six or self.id_no[-6:]}
        return await self.world.client.post("/v1/patient/session", json=body)

    async def call(self) -> Any:
        """A caller with an open session."""
        token = (await done(await self.enters(), 200))["access_token"]
        return caller(self.world.client, {"Authorization": f"Bearer {token}"})


async def settled(world: World, *, hospital: str | None = None, person: Body | None = None, **more: Any) -> Patient:
    """A registered-poor person with a stay of 1 000 yuan, or as said."""
    person_no, number = await world.county.person(**{"identities": POOR} | (person or {}))
    return await settled_again(world, person_no, number, hospital=hospital, **more)


async def settled_again(
    world: World, person_no: str, number: str, *, hospital: str | None = None, **more: Any
) -> Patient:
    body = stay(hospital or world.hospital_code, number, **more)
    made = await done(await world.agency("POST", "/v1/settlements", body))
    return Patient(world, person_no, number, made)
