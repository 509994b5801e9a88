"""Settlements written straight into the database, with their postings as the service makes them: many, and fast."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from itertools import count, islice
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.clock import COUNTY_ZONE
from service.ledger.model import Cause, Entry, Share, hospital
from service.ledger.postings import claim, difference
from service.ledger.store import rows
from service.policy.load import shipped_packs

COUNTY = "459901"
LAYERS = {"basic": "basic_fund", "serious": "serious_insurer", "aid": "civil_affairs", "top_up": "top_up_insurer"}
AT_ONCE = 2000
PACK_HASH = next(pack.hash for pack in shipped_packs().packs if pack.id == "guangxi-county-2018")
_SERIAL = count(1)

_WRITE = text("""
WITH settled AS (
    INSERT INTO settlements SELECT * FROM jsonb_populate_recordset(NULL::settlements, CAST(:settlements AS jsonb))
), layers AS (
    INSERT INTO settlement_layers
    SELECT * FROM jsonb_populate_recordset(NULL::settlement_layers, CAST(:layers AS jsonb))
), documents AS (
    INSERT INTO settlement_documents
    SELECT * FROM jsonb_populate_recordset(NULL::settlement_documents, CAST(:documents AS jsonb))
), entries AS (
    INSERT INTO ledger_entries SELECT * FROM jsonb_populate_recordset(NULL::ledger_entries, CAST(:entries AS jsonb))
)
INSERT INTO postings SELECT * FROM jsonb_populate_recordset(NULL::postings, CAST(:postings AS jsonb))
""")


def serial_id(serial: int, day: date) -> UUID:
    """An id that sorts by day and serial, the same in every run."""
    milliseconds = int(datetime.combine(day, time(12), COUNTY_ZONE).timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62 | serial)


@dataclass(frozen=True)
class Case:
    """A settlement that a hospital advances in full: what each layer pays, in fen."""

    day: date
    hospital_code: str
    layers: dict[str, int]
    serial: int = field(default_factory=lambda: next(_SERIAL))
    kind: str = "settlement"
    version: int = 1
    original: "Case | None" = None
    visit: str | None = None

    @property
    def id(self) -> UUID:
        return serial_id(self.serial, self.day)

    @property
    def first(self) -> "Case":
        return self.original.first if self.original is not None else self

    @property
    def visit_no(self) -> str:
        return self.first.visit or f"ZY{self.first.serial:08d}"

    @property
    def paid(self) -> int:
        return sum(self.layers.values())

    def shares(self) -> list[Share]:
        payee = hospital(self.hospital_code)
        return [Share(layer, LAYERS[layer], payee, amount) for layer, amount in self.layers.items() if amount]

    def reversed_on(self, day: date) -> "Case":
        """Its reversal: the sign-flipped copy."""
        flipped = {layer: -amount for layer, amount in self.layers.items()}
        return Case(day, self.hospital_code, flipped, kind="reversal", version=self.version, original=self)

    def amended_on(self, day: date, **layers: int) -> "Case":
        """A later version of it, of which the ledger gets the difference."""
        return replace(
            self,
            day=day,
            layers=self.layers | layers,
            serial=next(_SERIAL),
            version=self.version + 1,
            original=self,
        )

    def at(self) -> datetime:
        return datetime.combine(self.day, time(8 + self.serial % 10, self.serial % 60), COUNTY_ZONE)


async def write(tx: AsyncConnection, cases: Iterable[Case]) -> None:
    """Write settlements, reversals and later versions, as the actions do, with what they post."""
    waiting = iter(cases)
    while some := list(islice(waiting, AT_ONCE)):
        made: dict[str, list[dict[str, Any]]] = {
            name: [] for name in ("settlements", "layers", "documents", "entries", "postings")
        }
        for case in some:
            _add(made, case)
        await tx.execute(
            _WRITE,
            {name: orjson.dumps(value, default=_plain).decode() for name, value in made.items()},
        )


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else str(value)


def _add(made: dict[str, list[dict[str, Any]]], case: Case) -> None:
    key = {"county_code": COUNTY, "settlement_id": case.id}
    made["settlements"].append(_row(case))
    made["layers"] += [
        {**key, "position": n, "layer": layer, "payer": payer, "amount": case.layers.get(layer, 0), "way": "hospital"}
        for n, (layer, payer) in enumerate(LAYERS.items())
    ]
    total = _total(case)
    line = [1, "X", "测试", "c", "A", 1, 1, total, 0, None, case.day.isoformat(), True, 0, 0, 0, total]
    made["documents"].append({**key, "bill": [line], "trace": {"findings": [], "awards": [], "entries": []}})
    cause = {"settlement": Cause.SETTLEMENT, "reversal": Cause.REVERSAL}[case.kind]
    if case.kind == "settlement" and case.original is not None:
        cause = Cause.READJUDICATION
    entry = Entry(COUNTY, case.id, cause, case.id, case.first.id, case.at(), case.day)
    entries, postings = rows(entry, _postings(case))
    made["entries"] += entries
    made["postings"] += postings


def _postings(case: Case) -> Sequence[Any]:
    if case.original is None:
        return claim(case.shares())
    if case.kind == "reversal":
        return difference(case.original.shares(), ())
    return difference(case.original.shares(), case.shares())


def _total(case: Case) -> int:
    """The bill: what is paid, and a tenth that the patient has; a later version keeps the bill of the first."""
    first = case.first.paid
    sign = -1 if case.kind == "reversal" else 1
    return sign * (first * 2 + 100)


def _row(case: Case) -> dict[str, Any]:
    total, paid = _total(case), case.paid
    zero = ("self_funded", "over_ceiling", "first_pay", "hospital_bears", "owed_to_patient", "expected_aid", "held")
    return {
        "county_code": COUNTY,
        "id": case.id,
        "kind": case.kind,
        "version": case.version,
        "reversal_of": case.original.id if case.kind == "reversal" and case.original else None,
        "person_no": f"P{case.first.serial % 5000:06d}",
        "order_no": case.first.serial,
        "hospital_code": case.hospital_code,
        "visit_no": case.visit_no,
        "interim_no": 0,
        "visit_type": "inpatient",
        "admitted_on": case.first.day,
        "last_day": case.first.day,
        "identities": ["registered_poor"],
        "on_hold": False,
        "pack_id": "guangxi-county-2018",
        "pack_hash": PACK_HASH,
        "total": total,
        "in_scope": total,
        "paid_total": paid,
        "patient_pays": total - paid,
        "hospital_advances": paid,
        "due_at_discharge": total - paid,
        **dict.fromkeys((*zero, "elsewhere", "other_credited", "other_to_patient"), 0),
        "client_id": "test",
        "operator": f"收费员{case.serial % 3}",
        "settled_at": case.at(),
        "settled_on": case.day,
        "query_code_hash": "\\x00",
        "case_id": case.first.id,
        "replaces": case.original.id if case.kind == "settlement" and case.original else None,
        "cause": "identity" if case.kind == "settlement" and case.original else None,
        "to_collect": 0,
    }
