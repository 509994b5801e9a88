"""What several stories ask: requests without a key, sent until they are answered, and newcomers to the register."""

from typing import Any

import httpx

from scripts.faulting.cast import Cast
from tests.cases.county import INSURED_FROM, Call, done, id_no


def said(answer: httpx.Response, *codes: str) -> bool:
    """Whether it was refused for one of these reasons."""
    return answer.status_code == httpx.codes.CONFLICT and answer.json()["code"] in codes


async def entered(call: Call, path: str, body: Any, *codes: str) -> Any:
    """
    What was entered by a request that has no key; None where one of `codes` says that it was there already.

    So says the service to whoever sends again what was cut after its commit: the caller reads what is on record.
    """
    answer = await call("POST", path, body)
    assert answer.is_success or said(answer, *codes), f"{path}: {answer.status_code} {answer.text}"
    return answer.json() if answer.is_success else None


async def reads(call: Call, path: str, **expected: Any) -> Any:
    """What is on record; these fields must be as they were entered."""
    found = await done(await call("GET", path), 200)
    differing = {name: found.get(name) for name, value in expected.items() if found.get(name) != value}
    assert not differing, f"{path} reads {differing}, not {expected}"
    return found


async def pages(call: Call, path: str) -> list[Any]:
    """All of a list."""
    found, cursor = [], ""
    while True:
        page = await done(await call("GET", f"{path}{cursor}"), 200)
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = f"{'&' if '?' in path else '?'}cursor={page['next_cursor']}"


async def newcomer(cast: Cast, **more: Any) -> tuple[str, str]:
    """A person whom nobody has settled for: number in the register, identity number."""
    serial = next(cast.county.serial)
    person_no, number = f"N{serial:06}", id_no(serial)
    body = {
        "person_no": person_no,
        "county_code": cast.county.county_code,
        "township_code": "459901101",
        "name": "测试乙",
        "id_no": number,
        "insured": [{"from": INSURED_FROM}],
        **more,
    }
    await entered(cast.agency, "/v1/persons", body, "person.exists")
    await reads(cast.agency, f"/v1/persons/{person_no}", id_no=number)
    return person_no, number
