"""All SQL on sessions: a visit from its registration to its settlement, and its fee lines."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Text, any_, delete, insert, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.ext.asyncio import AsyncConnection

from service.claims.model import OrderedLine
from service.db import Direct
from service.nhsa.model import Institution
from service.nhsa.tables import fee_lines, visits


@dataclass(frozen=True, slots=True)
class Visit:
    """A stay or an outpatient visit in progress. `extension`: what exp_content said of it (injury, referral)."""

    county_code: str
    mdtrt_id: UUID
    fixmedins_code: str
    kind: str
    state: str
    ipt_otp_no: str
    visit_no: str
    person_county: str
    person_no: str
    insutype: str
    cert_type: str
    med_type: str
    begins_on: date
    ends_on: date | None
    disease_code: str | None
    diagnoses: list[list[str]]
    extension: dict[str, Any]
    last_line: int
    opened_at: datetime

    @property
    def is_stay(self) -> bool:
        return self.kind == "stay"


class Line(NamedTuple):
    """A fee line as uploaded; `returns` names the line that it takes back."""

    feedetl_sn: str
    chrg_bchno: str | None
    returns: str | None
    setl_id: UUID | None
    ordered: OrderedLine


_VISIT: Final = tuple(visits.c[name] for name in Visit.__dataclass_fields__)
_ORDERED: Final = tuple(fee_lines.c[name] for name in OrderedLine._fields)


def plain_uuid(value: Any) -> Any:
    """The value, as a UUID of Python's where it is one of asyncpg's own class."""
    return UUID(bytes=value.bytes) if hasattr(value, "bytes") else value


def _visit(row: Any) -> Visit:
    return Visit(**{name: plain_uuid(value) for name, value in row._mapping.items()})


_ONE: Final = """
    SELECT to_jsonb(v) FROM nhsa_visits v
    WHERE county_code = :county_code AND mdtrt_id = :mdtrt_id AND fixmedins_code = :fixmedins_code
"""
_FOUND: Final = Direct(_ONE)
_LOCKED: Final = Direct(f"{_ONE} FOR UPDATE")


async def open_visit(tx: AsyncConnection, visit: Visit) -> bool:
    """Keep a new visit; whether its number was free."""
    row = {name: getattr(visit, name) for name in Visit.__dataclass_fields__}
    statement = insert_or(visits).values(row).on_conflict_do_nothing().returning(visits.c.mdtrt_id)
    return await tx.scalar(statement) is not None


async def visit(tx: AsyncConnection, institution: Institution, mdtrt_id: UUID, *, lock: bool) -> Visit | None:
    """A visit of this institution; with `lock`, nobody else works on it meanwhile."""
    asked = {"county_code": institution.county_code, "fixmedins_code": institution.fixmedins_code}
    found = await (_LOCKED if lock else _FOUND).scalar(tx, asked | {"mdtrt_id": mdtrt_id})
    if found is None:
        return None
    read = {name: found[name] for name in Visit.__dataclass_fields__}
    days = {name: None if found[name] is None else date.fromisoformat(found[name]) for name in ("begins_on", "ends_on")}
    opened_at = datetime.fromisoformat(found["opened_at"])
    return Visit(**read | days | {"mdtrt_id": UUID(found["mdtrt_id"]), "opened_at": opened_at})


async def of_number(tx: AsyncConnection, institution: Institution, kind: str, ipt_otp_no: str) -> list[Visit]:
    """The visits under a hospital's own number, cancelled ones left out, newest first."""
    v = visits.c
    query = select(*_VISIT).where(
        v.county_code == institution.county_code,
        v.fixmedins_code == institution.fixmedins_code,
        v.kind == kind,
        v.ipt_otp_no == ipt_otp_no,
        v.state != "cancelled",
    )
    return [_visit(row) for row in await tx.execute(query.order_by(v.mdtrt_id.desc()))]


async def in_hospital(
    tx: AsyncConnection, institution: Institution, person_no: str | None, first: date, last: date, most: int
) -> list[Visit]:
    """Stays that are not discharged, admitted between two days."""
    v = visits.c
    query = select(*_VISIT).where(
        v.county_code == institution.county_code,
        v.fixmedins_code == institution.fixmedins_code,
        v.kind == "stay",
        v.state == "open",
        v.begins_on.between(first, last),
    )
    if person_no is not None:
        query = query.where(v.person_no == person_no)
    return [_visit(row) for row in await tx.execute(query.order_by(v.begins_on, v.mdtrt_id).limit(most))]


def _is(visit: Visit) -> tuple[Any, Any]:
    return visits.c.county_code == visit.county_code, visits.c.mdtrt_id == visit.mdtrt_id


async def change(tx: AsyncConnection, visit: Visit, **values: Any) -> None:
    """Change what is known of a visit."""
    await tx.execute(update(visits).where(*_is(visit)).values(**values))


async def lines_of(tx: AsyncConnection, visit: Visit) -> list[Line]:
    """All fee lines of a visit, settled ones too, in the order in which they came."""
    f = fee_lines.c
    query = select(f.feedetl_sn, f.chrg_bchno, f.returns, f.setl_id, *_ORDERED).where(
        f.county_code == visit.county_code, f.mdtrt_id == visit.mdtrt_id
    )
    return [
        Line(row[0], row[1], row[2], plain_uuid(row[3]), OrderedLine(*row[4:]))
        for row in await tx.execute(query.order_by(f.line_no))
    ]


async def add_lines(tx: AsyncConnection, visit: Visit, lines: list[Line]) -> None:
    """Add fee lines whose serials are new."""
    where = {"county_code": visit.county_code, "mdtrt_id": visit.mdtrt_id}
    rows = [
        {
            **where,
            "feedetl_sn": line.feedetl_sn,
            "chrg_bchno": line.chrg_bchno,
            "returns": line.returns,
            **line.ordered._asdict(),
        }
        for line in lines
    ]
    await tx.execute(insert(fee_lines), rows)
    await change(tx, visit, last_line=lines[-1].ordered.line_no)


async def remove_lines(tx: AsyncConnection, visit: Visit, serials: Collection[str]) -> None:
    """Remove unsettled lines by their serials."""
    f = fee_lines.c
    await tx.execute(
        delete(fee_lines).where(
            f.county_code == visit.county_code,
            f.mdtrt_id == visit.mdtrt_id,
            f.setl_id.is_(None),
            f.feedetl_sn == any_(literal(list(serials), ARRAY(Text))),
        )
    )
