"""The examples of the API document are true: sent as they stand, they are answered as they stand."""

from typing import Any

from tests.document import DOCUMENT
from tests.registers.conftest import Call
from tests.registers.examples import a_hospital

Operation = tuple[str, str]

IDS_AND_INSTANTS = {"id", "decided_at", "decided_by"}


def example_of(content: dict[str, Any]) -> Any:
    return content["application/json"]["examples"]["example"]["value"]


def without_ids(value: Any) -> Any:
    """The answer without what is different each time, and without nulls, which FastAPI drops from the document."""
    if isinstance(value, dict):
        return {
            name: without_ids(item) for name, item in value.items() if name not in IDS_AND_INSTANTS and item is not None
        }
    if isinstance(value, list):
        return [without_ids(item) for item in value]
    return value


async def test_the_examples_are_answered_as_the_document_says(agency: Call) -> None:
    async def try_out(method: str, path: str, **where: str) -> Any:
        operation = DOCUMENT["paths"][path][method]
        body = example_of(operation["requestBody"]["content"]) if "requestBody" in operation else None
        status, expected = next(
            (int(status), example_of(response["content"]))
            for status, response in operation["responses"].items()
            if status.startswith("2")
        )
        answer = await agency(method.upper(), path.format(**where), body)
        assert answer.status_code == status, answer.text
        if method != "put":
            assert without_ids(answer.json()) == without_ids(expected), f"{method} {path}"
        return answer.json()

    await try_out("post", "/v1/hospitals")
    await try_out("get", "/v1/hospitals/{hospital_code}", hospital_code="H45990100101")
    await agency("POST", "/v1/hospitals", a_hospital("H45990000301"))
    await try_out("post", "/v1/persons")
    await try_out("get", "/v1/persons")
    await try_out("get", "/v1/persons/{person_no}", person_no="P459901000001")
    agreement = (await try_out("post", "/v1/agreements"))["id"]
    await try_out("get", "/v1/agreements")
    await try_out("post", "/v1/referrals")
    await try_out("get", "/v1/referrals/{referral_no}", referral_no="ZZ2018060001")
    card = (await try_out("post", "/v1/chronic-cards"))["id"]
    await try_out("post", "/v1/chronic-cards/{card_id}/decision", card_id=card)
    await try_out("get", "/v1/chronic-cards/{card_id}", card_id=card)
    await try_out("post", "/v1/catalogue")
    await try_out("get", "/v1/catalogue/{item_code}", item_code="XB01")
    recognised = DOCUMENT["paths"]["/v1/recognition"]["get"]["responses"]["200"]["content"]
    answer = await agency("GET", "/v1/recognition?person_no=P459901000001")
    assert without_ids(answer.json()) == without_ids(example_of(recognised))

    await try_out("put", "/v1/hospitals/{hospital_code}", hospital_code="H45990100101")
    await try_out("put", "/v1/persons/{person_no}", person_no="P459901000001")
    await try_out("put", "/v1/agreements/{agreement_id}", agreement_id=agreement)
    await try_out("put", "/v1/referrals/{referral_no}", referral_no="ZZ2018060001")
    await try_out("put", "/v1/chronic-cards/{card_id}", card_id=card)
    await try_out("put", "/v1/catalogue/{item_code}", item_code="XB01")
