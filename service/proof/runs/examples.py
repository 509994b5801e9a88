"""Example answers of verifications, for the API document."""

from typing import Any, Final

WRONG: Final[dict[str, Any]] = {
    "table": "settlement_layers",
    "key": "0198c7a4-5c00-7000-8000-000000000044/0",
    "column": "amount",
    "kept": "968100",
    "computed": "968000",
}
STARTED: Final[dict[str, Any]] = {
    "id": "0198c7a4-5c00-7000-8000-000000000045",
    "county_code": "459901",
    "status": "running",
    "parts": 84,
    "parts_done": 0,
    "settlements": 0,
    "sealed": 0,
    "wrong_count": 0,
    "wrongs": [],
    "client_id": "auditor",
    "operator": "clerk-07",
    "started_at": "2018-07-01T08:00:00+08:00",
    "finished_at": None,
}
CLEAN: Final[dict[str, Any]] = STARTED | {
    "status": "clean",
    "parts_done": 84,
    "settlements": 100_000,
    "sealed": 300_000,
    "finished_at": "2018-07-01T08:02:00+08:00",
}
FOUND: Final[dict[str, Any]] = CLEAN | {"status": "wrong", "wrong_count": 1, "wrongs": [WRONG]}
