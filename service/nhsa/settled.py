"""All SQL on what settled a visit: which settlement answers to which setl_id, and the lines that it settled."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.claims.courses import Changed
from service.claims.model import OrderedLine
from service.db import Direct
from service.nhsa.model import Institution
from service.nhsa.sessions import Visit, plain_uuid
from service.nhsa.tables import fee_lines, settled


@dataclass(frozen=True, slots=True)
class Settled:
    """
    A settlement under its setl_id. Amounts in fen, as first settled; `versions` are the later ones (`standing`).
    """

    setl_id: UUID
    mdtrt_id: UUID
    settlement_id: UUID
    msgid: str
    person_no: str
    insutype: str
    clr_type: str
    clr_optins: str
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
    versions: tuple[Changed, ...] = ()

    @property
    def live_id(self) -> UUID:
        """The version that stands, or stood until it was cancelled."""
        return self.versions[-1].id if self.versions else self.settlement_id


_NAMES: Final = tuple(name for name in Settled.__dataclass_fields__ if name != "versions")
_SETTLED: Final = tuple(settled.c[name] for name in _NAMES)


def _settled(row: Any) -> Settled:
    return Settled(**{name: plain_uuid(value) for name, value in row._mapping.items()})


_SETTLE: Final = Direct("""
WITH lines AS (
    UPDATE nhsa_fee_lines SET setl_id = :setl_id
    WHERE county_code = :county_code AND mdtrt_id = :mdtrt_id AND setl_id IS NULL
        AND (CAST(:chrg_bchno AS text) IS NULL OR chrg_bchno = :chrg_bchno)
), answered AS (
    UPDATE nhsa_messages SET outcome = 'done', answer_enc = :answer_enc, subject = :setl_id, person_no = :person_no
    WHERE county_code = :county_code AND fixmedins_code = :fixmedins_code AND infno = :infno AND msgid = :msgid
)
INSERT INTO nhsa_settled (county_code, setl_id, mdtrt_id, fixmedins_code, settlement_id, msgid, person_no, insutype,
    clr_type, clr_optins, interim_no, chrg_bchno, last_day, medfee_sumamt, fund_pay_sumamt, psn_cash_pay, settled_at)
VALUES (:county_code, :setl_id, :mdtrt_id, :fixmedins_code, :settlement_id, :msgid, :person_no, :insutype,
    :clr_type, :clr_optins, :interim_no, :chrg_bchno, :last_day, :medfee_sumamt, :fund_pay_sumamt,
    :psn_cash_pay, :settled_at)
""")


async def settle(tx: AsyncConnection, visit: Visit, made: Settled, infno: str, answer_enc: bytes) -> None:
    """
    Keep what settled a visit with the answer of its message, and mark the lines that it settled: those of its batch,
    else all unsettled ones.
    """
    row = {name: getattr(made, name) for name in _NAMES} | {"infno": infno, "answer_enc": answer_enc}
    row |= {"county_code": visit.county_code, "fixmedins_code": visit.fixmedins_code}
    await _SETTLE.scalar(tx, row)


_TO_SETTLE: Final = Direct("""
SELECT CAST(json_build_array(
    (SELECT coalesce(json_agg(json_build_array(interim_no, setl_id, chrg_bchno, last_day) ORDER BY setl_id), '[]')
    FROM nhsa_settled WHERE county_code = :county_code AND mdtrt_id = :mdtrt_id AND cancelled_at IS NULL),
    (SELECT coalesce(json_agg(json_build_array(line_no, item_code, item_name, category, grade, unit_price, quantity,
        amount, self_pay_ratio, price_ceiling, charged_on) ORDER BY line_no), '[]')
    FROM nhsa_fee_lines WHERE county_code = :county_code AND mdtrt_id = :mdtrt_id AND setl_id IS NULL
        AND (CAST(:chrg_bchno AS text) IS NULL OR chrg_bchno = :chrg_bchno))
) AS text)
""")


class Standing(NamedTuple):
    """A settlement of the visit that stands."""

    interim_no: int
    setl_id: UUID
    chrg_bchno: str | None
    last_day: date


async def to_settle(
    tx: AsyncConnection, visit: Visit, batch: str | None
) -> tuple[list[Standing], tuple[OrderedLine, ...]]:
    """What of a visit stands settled, and the lines that are not: in one round trip, as discharges wait for it."""
    asked = {"county_code": visit.county_code, "mdtrt_id": visit.mdtrt_id, "chrg_bchno": batch}
    standing, lines = orjson.loads(await _TO_SETTLE.scalar(tx, asked))
    return (
        [Standing(no, UUID(setl), of, date.fromisoformat(last)) for no, setl, of, last in standing],
        tuple([OrderedLine(*[*line[:-1], date.fromisoformat(line[-1])]) for line in lines]),
    )


async def settled_of(tx: AsyncConnection, visit: Visit) -> list[Settled]:
    """What settled a visit, cancelled ones too, oldest first."""
    s = settled.c
    query = select(*_SETTLED).where(s.county_code == visit.county_code, s.mdtrt_id == visit.mdtrt_id)
    return [_settled(row) for row in await tx.execute(query.order_by(s.setl_id))]


async def between(
    tx: AsyncConnection,
    institution: Institution,
    first: datetime,
    end: datetime,
    *,
    changed: Collection[UUID],
    **equal: str,
) -> list[Settled]:
    """What this institution settled or cancelled between two instants, the second not included, and `changed` cases."""
    s = settled.c
    query = select(*_SETTLED).where(
        s.county_code == institution.county_code,
        s.fixmedins_code == institution.fixmedins_code,
        or_(func.greatest(s.settled_at, s.cancelled_at) >= first, s.settlement_id.in_(changed)),
        s.settled_at < end,
        *(s[name] == value for name, value in equal.items()),
    )
    return [_settled(row) for row in await tx.execute(query.order_by(s.setl_id))]


async def cancel(
    tx: AsyncConnection, visit: Visit, made: Settled, *, at: datetime, msgid: str | None, reversal_id: UUID
) -> None:
    """A settlement is taken back: its lines are unsettled again. `msgid` None: not by this interface."""
    s, f = settled.c, fee_lines.c
    done = await tx.execute(
        update(settled)
        .where(
            s.county_code == visit.county_code,
            s.setl_id == made.setl_id,
            s.settlement_id == made.settlement_id,
            s.cancelled_at.is_(None),
        )
        .values(cancelled_at=at, cancel_msgid=msgid, reversal_id=reversal_id)
        .returning(s.setl_id)
    )
    # Somebody else may have found it taken back meanwhile, and its lines may be settled again since.
    if done.first() is None:
        return
    await tx.execute(
        update(fee_lines)
        .where(f.county_code == visit.county_code, f.mdtrt_id == visit.mdtrt_id, f.setl_id == made.setl_id)
        .values(setl_id=None)
    )


async def mdtrt_of(tx: AsyncConnection, institution: Institution, setl_id: UUID) -> UUID | None:
    """The visit that a settlement of this institution is of."""
    s = settled.c
    query = select(s.mdtrt_id).where(
        s.county_code == institution.county_code,
        s.setl_id == setl_id,
        s.fixmedins_code == institution.fixmedins_code,
    )
    found: UUID | None = plain_uuid(await tx.scalar(query))
    return found


async def restore(tx: AsyncConnection, visit: Visit, setl_id: UUID, settlement_id: UUID, line_nos: list[int]) -> None:
    """A cancellation never was: the settlement that stands in its place answers to the same setl_id."""
    s, f = settled.c, fee_lines.c
    await tx.execute(
        update(settled)
        .where(s.county_code == visit.county_code, s.setl_id == setl_id)
        .values(settlement_id=settlement_id, cancelled_at=None, cancel_msgid=None, reversal_id=None)
    )
    await tx.execute(
        update(fee_lines)
        .where(f.county_code == visit.county_code, f.mdtrt_id == visit.mdtrt_id, f.line_no.in_(line_nos))
        .values(setl_id=setl_id)
    )


async def by_setl_ids(tx: AsyncConnection, institution: Institution, setl_ids: Collection[UUID]) -> list[Settled]:
    """Settlements of this institution by their setl_id, whenever they were made."""
    s = settled.c
    query = select(*_SETTLED).where(
        s.county_code == institution.county_code,
        s.fixmedins_code == institution.fixmedins_code,
        s.setl_id.in_(setl_ids),
    )
    return [_settled(row) for row in await tx.execute(query)]
