"""All SQL on sessions: a visit from its registration to its settlement, its fee lines, and what settled it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.ext.asyncio import AsyncConnection

from service.claims.model import OrderedLine
from service.nhsa.model import Institution
from service.nhsa.tables import fee_lines, settled, visits


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


@dataclass(frozen=True, slots=True)
class Settled:
    """A settlement under its setl_id. Amounts in fen."""

    setl_id: UUID
    mdtrt_id: UUID
    settlement_id: UUID
    msgid: str
    person_no: str
    insutype: str
    clr_type: str
    interim_no: int
    chrg_bchno: str | None
    last_day: date
    medfee_sumamt: int
    fund_pay_sumamt: int
    psn_cash_pay: int
    settled_at: datetime
    cancelled_at: datetime | None = None
    cancel_msgid: str | None = None
    reversal_id: UUID | None = None


_VISIT: Final = tuple(visits.c[name] for name in Visit.__dataclass_fields__)
_SETTLED: Final = tuple(settled.c[name] for name in Settled.__dataclass_fields__)
_ORDERED: Final = tuple(fee_lines.c[name] for name in OrderedLine._fields)


def _uuid(value: Any) -> Any:
    # asyncpg has a UUID class of its own.
    return UUID(bytes=value.bytes) if hasattr(value, "bytes") else value


def _visit(row: Any) -> Visit:
    return Visit(**{name: _uuid(value) for name, value in row._mapping.items()})


def _settled(row: Any) -> Settled:
    return Settled(**{name: _uuid(value) for name, value in row._mapping.items()})


async def open_visit(tx: AsyncConnection, visit: Visit) -> bool:
    """Keep a new visit; whether its number was free."""
    row = {name: getattr(visit, name) for name in Visit.__dataclass_fields__}
    statement = insert_or(visits).values(row).on_conflict_do_nothing().returning(visits.c.mdtrt_id)
    return await tx.scalar(statement) is not None


async def visit(tx: AsyncConnection, institution: Institution, mdtrt_id: UUID, *, lock: bool) -> Visit | None:
    """A visit of this institution; with `lock`, nobody else works on it meanwhile."""
    query = select(*_VISIT).where(
        visits.c.county_code == institution.county_code,
        visits.c.mdtrt_id == mdtrt_id,
        visits.c.fixmedins_code == institution.fixmedins_code,
    )
    row = (await tx.execute(query.with_for_update() if lock else query)).one_or_none()
    return None if row is None else _visit(row)


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
        Line(row[0], row[1], row[2], _uuid(row[3]), OrderedLine(*row[4:]))
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


async def remove_lines(tx: AsyncConnection, visit: Visit, serials: list[str] | None, batch: str | None) -> int:
    """Remove unsettled lines by serial or batch, or all; how many there were."""
    f = fee_lines.c
    statement = delete(fee_lines).where(
        f.county_code == visit.county_code, f.mdtrt_id == visit.mdtrt_id, f.setl_id.is_(None)
    )
    if serials is not None:
        statement = statement.where(f.feedetl_sn.in_(serials))
    if batch is not None:
        statement = statement.where(f.chrg_bchno == batch)
    return len((await tx.execute(statement.returning(f.feedetl_sn))).all())


_SETTLE: Final = text("""
WITH lines AS (
    UPDATE nhsa_fee_lines SET setl_id = :setl_id
    WHERE county_code = :county_code AND mdtrt_id = :mdtrt_id AND setl_id IS NULL
        AND (CAST(:chrg_bchno AS text) IS NULL OR chrg_bchno = :chrg_bchno)
)
INSERT INTO nhsa_settled (county_code, setl_id, mdtrt_id, fixmedins_code, settlement_id, msgid, person_no, insutype,
    clr_type, interim_no, chrg_bchno, last_day, medfee_sumamt, fund_pay_sumamt, psn_cash_pay, settled_at)
VALUES (:county_code, :setl_id, :mdtrt_id, :fixmedins_code, :settlement_id, :msgid, :person_no, :insutype,
    :clr_type, :interim_no, :chrg_bchno, :last_day, :medfee_sumamt, :fund_pay_sumamt, :psn_cash_pay, :settled_at)
""")


async def settle(tx: AsyncConnection, visit: Visit, made: Settled) -> None:
    """Keep what settled a visit, and mark the lines that it settled: those of its batch, else all unsettled ones."""
    row = {name: getattr(made, name) for name in Settled.__dataclass_fields__}
    row |= {"county_code": visit.county_code, "fixmedins_code": visit.fixmedins_code}
    await tx.execute(_SETTLE, row)


async def settled_of(tx: AsyncConnection, visit: Visit) -> list[Settled]:
    """What settled a visit, cancelled ones too, oldest first."""
    s = settled.c
    query = select(*_SETTLED).where(s.county_code == visit.county_code, s.mdtrt_id == visit.mdtrt_id)
    return [_settled(row) for row in await tx.execute(query.order_by(s.setl_id))]


async def between(
    tx: AsyncConnection, institution: Institution, first: datetime, end: datetime, **equal: str
) -> list[Settled]:
    """What this institution settled or cancelled between two instants, the second not included."""
    s = settled.c
    query = select(*_SETTLED).where(
        s.county_code == institution.county_code,
        s.fixmedins_code == institution.fixmedins_code,
        func.greatest(s.settled_at, s.cancelled_at) >= first,
        s.settled_at < end,
        *(s[name] == value for name, value in equal.items()),
    )
    return [_settled(row) for row in await tx.execute(query.order_by(s.setl_id))]


async def cancel(
    tx: AsyncConnection, visit: Visit, setl_id: UUID, *, at: datetime, msgid: str, reversal_id: UUID
) -> None:
    """A settlement is taken back: its lines are unsettled again."""
    s, f = settled.c, fee_lines.c
    await tx.execute(
        update(settled)
        .where(s.county_code == visit.county_code, s.setl_id == setl_id)
        .values(cancelled_at=at, cancel_msgid=msgid, reversal_id=reversal_id)
    )
    await tx.execute(
        update(fee_lines)
        .where(f.county_code == visit.county_code, f.mdtrt_id == visit.mdtrt_id, f.setl_id == setl_id)
        .values(setl_id=None)
    )
