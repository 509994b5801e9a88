"""Examples for the API document."""

from typing import Any, Final

from service.corrections.bulk import examples

_OLD: Final = "sha256:dc27a993f0574bc10c74db6aeaf5f1e2442f6bc14cb6aed9b1de693928ac0379"
ASKED: Final[dict[str, Any]] = {
    "yaml": 'id: guangxi-county-2018\nlayers:\n  basic:\n    terms:\n      - ratio: [{value: "0.80"}]\n',
    "replaces": _OLD,
    "from": "2018-07-01",
    "note": "县医保局2018年第12号文：二级医院报销比例调整",
}
UPLOADED: Final[dict[str, Any]] = {
    "id": "0198c7a4-5c00-7000-8000-00000000000d",
    "hash": "sha256:6f2b8a7c1d3e4f5061728394a5b6c7d8e9f00112233445566778899aabbccdde",
    "replaces": _OLD,
    "from": "2018-07-01",
    "note": ASKED["note"],
    "in_force": False,
    "operator": "张三",
    "at": "2018-09-02T09:30:00+08:00",
    "approved_by": None,
    "approved_at": None,
    "readjudication_id": examples.ID,
    "readjudication_state": "previewing",
}
APPROVED: Final = UPLOADED | {
    "in_force": True,
    "approved_by": "李四",
    "approved_at": "2018-09-03T10:00:00+08:00",
    "readjudication_state": "previewed",
}
