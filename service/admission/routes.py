"""Recognition over HTTP."""

from typing import Annotated, Any, Final

from fastapi import Query, Request

from service.access.guard import allow
from service.access.model import Caller, Role
from service.admission.schemas import RecognisedOut
from service.admission.year import of_year
from service.db import Tx
from service.errors import InputError, Text
from service.registers.desk import Desk
from service.registers.keys import person_key
from service.registers.model import KeyKind
from service.registers.persons.schemas import IdNo, PersonNo
from service.registers.recognition import actions
from service.registers.refusals import PersonUnknown
from service.wire.refusals import RequestInvalid
from service.wire.responses import example, refusals
from service.wire.routing import Router

router = Router(prefix="/v1/recognition", tags=["Recognition"])


def _left(layer: str, what: str, amount: str, **more: Any) -> dict[str, Any]:
    plain = {"layer": layer, "what": what, "per": "year", "visit_type": "inpatient", "disease_code": None}
    return {**plain, "limit": amount, "left": amount, **more}


_ANSWER: Final[dict[str, Any]] = {
    "person_no": "P459901000001",
    "county_code": "459901",
    "name": "张*",
    "id_no": "4599************05",
    "born_on": "1950-03-07",
    "died_on": None,
    "on": "2018-06-15",
    "insured": True,
    "insured_period": {"from": "2018-01-01", "to": None},
    "barred": None,
    "identities": [{"class": "registered_poor", "valid_from": "2018-01-01", "valid_to": None, "source": "扶贫办"}],
    "chronic_cards": [
        {
            "id": "0198c7a4-5c00-7000-8000-000000000002",
            "disease_code": "CD02",
            "valid_from": "2018-03-01",
            "valid_to": "2020-02-29",
        }
    ],
    "remaining": [
        _left("basic", "deductible", "0.00", per="stay"),
        _left("basic", "cap", "200000.00"),
        _left(
            "basic", "deductible", "10.00", visit_type="chronic_outpatient", per="disease_month", disease_code="CD02"
        ),
        _left("basic", "cap", "200000.00", visit_type="chronic_outpatient"),
        _left("basic", "cap", "2000.00", visit_type="chronic_outpatient", per="disease_year", disease_code="CD02"),
        _left("serious", "deductible", "3500.00"),
        _left("serious", "deductible", "3500.00", visit_type="chronic_outpatient"),
    ],
    "deposit_waived": True,
}
_EXACTLY_ONE: Final = Text(
    "请在 id_no、social_card_no、person_no 中填且只填一项。", "Give exactly one of id_no, social_card_no, person_no."
)


@router.get("", summary="Recognise a person", responses=refusals(PersonUnknown) | example(200, _ANSWER))
async def recognise_person(
    request: Request,
    caller: Annotated[Caller, allow(Role.HOSPITAL, Role.AGENCY)],
    tx: Tx,
    id_no: Annotated[IdNo | None, Query(description="The number of the identity document.")] = None,
    social_card_no: Annotated[IdNo | None, Query(description="The number of the social security card.")] = None,
    person_no: Annotated[PersonNo | None, Query(description="The person's number.")] = None,
) -> RecognisedOut:
    """
    What the admission desk needs in one call: insured today? which identities and cards? is a deposit to be taken? what
    is left of this year's deductibles and caps, at your hospital?

    Give exactly one number.
    """
    numbers = {KeyKind.ID_NO: id_no, KeyKind.SOCIAL_CARD_NO: social_card_no, KeyKind.PERSON_NO: person_no}
    given = [(kind, number) for kind, number in numbers.items() if number is not None]
    if len(given) != 1:
        raise RequestInvalid.at(InputError("/id_no", "recognition.exactly_one", _EXACTLY_ONE))
    desk = Desk.of(request, tx, caller)
    found = await actions.recognise(desk, *given[0])
    key = person_key(desk.vault, KeyKind.PERSON_NO, found.person.person_no)[1]
    return RecognisedOut.of(found, await of_year(tx, caller, request.app.state.packs, found, key))
