"""Claimants at a counter: a stay at a hospital that is not connected, its papers, and the clerks who deal with it."""

import io
from itertools import count
from typing import Any, Final

from PIL import Image

from service.access.model import Role
from tests.cases.county import done
from tests.claims.bills import Body, stay
from tests.claims.changes.people import POOR
from tests.claims.world import World

CLERK: Final = {"X-Operator": "clerk-1"}
CHIEF: Final = {"X-Operator": "chief-2"}
PDF: Final = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\nstartxref\n0\n%%EOF\n"
REVIEWED: Final = ("review",)
APPROVE: Final = {"outcome": "approve", "reason": "材料齐全"}
REFUSE: Final = {"outcome": "refuse", "reason": "票据不符"}
MISSING: Final = {"reason": "缺少清单"}
_INVOICES = count(45_000_001)


def picture(kind: str = "JPEG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(file, kind)
    return file.getvalue()


async def unconnected(world: World) -> str:
    """A new hospital in county that is not connected."""
    return await world.county.hospital("level2", "county", connected=False, name="未接入医院")


def claim_body(hospital: str, id_number: str, reason: str = "not_connected", **more: Any) -> Body:
    """A claim for a stay of 1 000 yuan in scope, with an invoice of its own."""
    return {"reason": reason, "visit": stay(hospital, id_number, **{"invoice_no": f"F{next(_INVOICES)}", **more})}


async def registered(world: World, **more: Any) -> tuple[str, Any]:
    """A new poor person, and their claim: the person's number and the claim."""
    person_no, patient = await world.county.person(POOR)
    body = claim_body(await unconnected(world), patient, **more)
    return person_no, await done(await world.agency("POST", "/v1/manual-claims", body, headers=CLERK))


async def handed_in(world: World, claim: Any) -> Any:
    """The claim with every paper that it needs."""
    for kind in claim["documents_missing"]:
        claim = await hand_in(world, claim, kind)
    return claim


async def hand_in(world: World, claim: Any, kind: str, content: bytes | None = None, name: str = "a.jpg") -> Any:
    answer = await posted_paper(world, claim, kind, picture() if content is None else content, name)
    return await done(answer)


async def posted_paper(world: World, claim: Any, kind: str, content: bytes, name: str = "a.jpg") -> Any:
    path = f"/v1/manual-claims/{claim['id']}/documents"
    return await world.agency("POST", path, data={"kind": kind}, files={"file": (name, content)}, headers=CLERK)


async def acted(world: World, claim: Any, act: str, body: Any = None, **more: Any) -> Any:
    return await world.agency("POST", f"/v1/manual-claims/{claim['id']}/{act}", body, **{"headers": CHIEF, **more})


async def under_review(world: World, claim: Any) -> Any:
    return await done(await acted(world, await handed_in(world, claim), "review"), 200)


async def approved(world: World, claim: Any) -> Any:
    return await done(await acted(world, await under_review(world, claim), "decision", APPROVE), 200)


async def township(world: World, code: str = "459901101") -> Any:
    return await world.call_as(Role.TOWNSHIP, township_code=code)
