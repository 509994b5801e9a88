"""1901 the code lists of the profile, 1201 who is an institution."""

from service.nhsa.auth import store
from service.nhsa.desk import Desk, Done
from service.nhsa.refusals import needed, not_found
from service.registers.hospitals.store import terms_on

_HOSPITAL = "1"
_VALID = "1"


async def codes(desk: Desk) -> Done:
    """1901: a code list, as this institution's profile has it."""
    (asked,) = needed(desk.input["data"], "type")
    found = desk.profile.dictionaries.get(asked.lower())
    if found is None:
        raise not_found(f"没有字典 {asked[:30]}，请核对字典类型 type。", "There is no such code list: check type.")
    rows = [
        {
            "type": asked,
            "value": value,
            "label": label,
            "sort": str(number),
            "valiflag": _VALID,
            "version": desk.profile.id,
        }
        for number, (value, label) in enumerate(found.items(), 1)
    ]
    return Done({"list": rows})


async def institution(desk: Desk) -> Done:
    """1201: an institution by its code, its own where none is given."""
    asked = desk.input["medinsinfo"]
    code = asked.get("fixmedins_code", desk.institution.fixmedins_code)
    found = await store.institution(desk.tx, code)
    terms = await terms_on(desk.tx, found.hospital_code, desk.today) if found else None
    if terms is None or asked.get("fixmedins_name", terms.name) != terms.name:
        raise not_found("查无此机构，请核对机构编号与名称。", "There is no such institution: check code and name.")
    row = {
        "fixmedins_code": code,
        "fixmedins_name": terms.name,
        "uscc": code,
        "fixmedins_type": _HOSPITAL,
        "hosp_lv": desk.profile.hosp_lv[terms.level],
    }
    return Done({"medinsinfo": row})
