"""Examples of rosters for the API document."""

from typing import Any, Final

FORM: Final[dict[str, Any]] = {
    "file": "（建档立卡名单.xlsx）",
    "kind": "full",
    "class": "registered_poor",
    "source": "扶贫办",
    "as_of": "2018-06-01",
}
_COUNTS: Final[dict[str, Any]] = {
    "rows": 3,
    "unchanged": 0,
    "added": 1,
    "changed": 0,
    "ended": 1,
    "conflicts": 0,
    "unfounded": 0,
    "rejected": 1,
    "unidentified": 1,
    "duplicates": 0,
    "new_persons": 1,
    "touched": 1,
    "interrupted": 0,
    "moved": 1,
    "uninsured": 1,
}
ROSTER: Final[dict[str, Any]] = {
    "id": "0198c7a4-5c00-7000-8000-000000000021",
    "county_code": "459901",
    "kind": "full",
    "source": "扶贫办",
    "as_of": "2018-06-01",
    "class": "registered_poor",
    "township_code": None,
    "filename": "建档立卡名单.xlsx",
    "state": "previewed",
    "rows_read": 4,
    "counts": _COUNTS,
    "uploaded_at": "2018-06-15T09:00:00+08:00",
    "uploaded_by": "agency/clerk-07",
    "applied_at": None,
    "applied_by": None,
    "round": 0,
    "purged_at": None,
}
CHANGE: Final[dict[str, Any]] = {
    "kind": "added",
    "person_no": "P4599010000000000000001",
    "new_person": True,
    "class": "registered_poor",
    "row": 2,
    "days": [{"from": "2018-06-01", "to": None}],
    "other_source": None,
}
ENDED: Final[dict[str, Any]] = CHANGE | {
    "kind": "ended",
    "person_no": "P459901000001",
    "new_person": False,
    "row": None,
}
MOVE: Final[dict[str, Any]] = {
    "person_no": "P459901000002",
    "row": 4,
    "township_before": "459901101",
    "township_after": "459901102",
    "household_before": "H0001",
    "household_after": "H0001",
}
REJECTED: Final[dict[str, Any]] = {
    "row": 3,
    "faults": [
        {
            "column": "身份证号码",
            "code": "id_no.scientific",
            "detail": "身份证号码已被表格软件改成科学记数法，末几位已丢失；请将该列设为“文本”格式后按原件重新录入。",
            "text": "4.59901195003070E+17",
        }
    ],
    "cells": ["李四", "4.59901195003070E+17"],
    "duplicate_of": None,
}
TOUCHED: Final[dict[str, Any]] = {
    "settlement_id": "0198c7a4-5c00-7000-8000-000000000001",
    "person_no": "P459901000001",
    "hospital_code": "H45990100101",
    "visit_no": "ZY201806010001",
    "last_day": "2018-06-09",
    "identities_before": ["registered_poor"],
    "identities_after": [],
    "expected_difference": [
        {"layer": "basic", "payer": "basic_fund", "way": "hospital", "before": "9680.00", "after": "8850.00"},
        {"layer": "top_up", "payer": "top_up_insurer", "way": "hospital", "before": "2599.60", "after": "0.00"},
    ],
}


def _page(*items: dict[str, Any]) -> dict[str, Any]:
    return {"items": list(items), "next_cursor": None}


PREVIEW: Final[dict[str, Any]] = ROSTER | {
    "added": _page(CHANGE),
    "changed": _page(),
    "ended": _page(ENDED),
    "conflicts": _page(),
    "unfounded": _page(),
    "interrupted": _page(),
    "moved": _page(MOVE),
    "findings": [
        {
            "code": "person.not_insured",
            "count": 1,
            "detail": "名单中的这些人在基准日没有参保期间；名单不登记参保，请另行登记，否则就诊时会被告知未参保。",
        }
    ],
    "rejected": _page(REJECTED),
    "duplicates": _page(),
    "settlements_touched": _page(TOUCHED),
}
REJECTED_CSV: Final = "姓名,身份证号码,问题\r\n李四,4.59901195003070E+17,身份证号码：已被改成科学记数法\r\n"
