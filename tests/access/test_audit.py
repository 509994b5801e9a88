"""The audit trail only grows, and nobody can make it say otherwise."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access import audit
from service.access.model import Caller, Role

AT = datetime(2018, 6, 9, 8, 30, tzinfo=UTC)
CLERK = Caller("agency-1", Role.AGENCY, "459901", None, frozenset(), None, operator="张三", request_id="r-1")


async def test_a_row_says_who_did_what_to_whom_when_and_in_which_request(tx: AsyncConnection) -> None:
    await audit.record(tx, CLERK, "person.read", at=AT, person_no="P1", county_code="459901", subject="P1")

    row = (await tx.execute(text("SELECT * FROM audit_log"))).mappings().one()
    assert {name: value for name, value in row.items() if name != "id"} == {
        "county_code": "459901",
        "at": AT,
        "client_id": "agency-1",
        "role": "agency",
        "operator": "张三",
        "request_id": "r-1",
        "action": "person.read",
        "person_no": "P1",
        "subject": "P1",
        "operator_signed": False,
        "purpose": None,
    }


async def test_the_same_thing_twice_is_two_rows(tx: AsyncConnection) -> None:
    for _ in range(2):
        await audit.record(tx, CLERK, "person.read", at=AT, person_no="P1", county_code="459901")

    assert await tx.scalar(text("SELECT count(*) FROM audit_log")) == 2


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_log SET action = ''", "DELETE FROM audit_log", "TRUNCATE audit_log"]
)
async def test_what_was_written_stays(tx: AsyncConnection, statement: str) -> None:
    await audit.record(tx, CLERK, "person.read", at=AT, person_no="P1", county_code="459901")

    with pytest.raises(IntegrityError, match="audit_log is append-only"):
        await tx.execute(text(statement))


async def test_who_looked_at_a_person_is_found_by_index(tx: AsyncConnection) -> None:
    await tx.execute(text("SET LOCAL enable_seqscan = off"))

    plan = await tx.scalars(
        text("EXPLAIN SELECT * FROM audit_log WHERE county_code = '459901' AND person_no = 'P1' ORDER BY at")
    )
    assert any("ix_audit_log_county_code_person_no_at" in line for line in plan)
