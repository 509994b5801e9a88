"""What can be done about hospitals: register, read, change from a day on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import orjson

from service.access.resealing import Sealed
from service.access.vault import Vault
from service.registers.dated import hold
from service.registers.desk import Desk
from service.registers.entries import BankAccount, Bar, HospitalTerms, SeenFrom
from service.registers.hospitals import store
from service.registers.hospitals.store import SEEN_FROM, SUSPENSIONS, TERMS, Hospital
from service.registers.periods import Dated, amended, changed_from, first_overlap
from service.registers.refusals import HospitalUnknown, LocationTwice, SuspensionOverlap
from service.registers.tables import hospital_terms


@dataclass(frozen=True, slots=True)
class Change:
    """
    What to change of a hospital from `as_of` on. `values` are columns of its terms.

    `seen_from` and `suspended` None: unchanged. Suspensions have days of their own: they replace all that were
    believed, or, where `as_of` was given, those from that day on.
    """

    values: dict[str, Any]
    seen_from: tuple[SeenFrom, ...] | None
    suspended: tuple[Dated[Bar], ...] | None
    as_of: date | None
    reason: str | None


def _place(hospital_code: str) -> str:
    return f"hospital:{hospital_code}:bank_account"


SEALED: Final = (Sealed(hospital_terms, {"bank_account_enc": lambda row: _place(row["hospital_code"])}),)
"""What the register of hospitals keeps sealed, for `access.resealing`."""


def sealed_account(vault: Vault, hospital_code: str, account: BankAccount | None) -> bytes | None:
    """A hospital's bank account as it lies in the database."""
    if account is None:
        return None
    kept = orjson.dumps({"holder": account.holder, "bank": account.bank, "number": account.number}).decode()
    return vault.encrypt(kept, bound_to=_place(hospital_code))


def opened_account(vault: Vault, hospital_code: str, kept: bytes | None) -> BankAccount | None:
    if kept is None:
        return None
    return BankAccount(**orjson.loads(vault.decrypt(kept, bound_to=_place(hospital_code))))


async def register(
    desk: Desk,
    hospital_code: str,
    terms: HospitalTerms,
    seen_from: Sequence[SeenFrom],
    suspended: Sequence[Dated[Bar]],
    reason: str | None,
) -> Hospital:
    """Enter a hospital. Its terms hold from ever on, until they are changed as of a day."""
    _refuse_twice(seen_from, suspended)

    author, scope = desk.author(reason), {"hospital_code": hospital_code}
    await store.add_hospital(desk.tx, hospital_code, desk.county_code, author)
    await TERMS.add(desk.tx, scope, [Dated(terms, None)], author)
    await SEEN_FROM.add(desk.tx, scope, [Dated(each, None) for each in seen_from], author)
    await SUSPENSIONS.add(desk.tx, scope, suspended, author)
    await desk.note("hospital.register", subject=hospital_code)
    return await _known(desk, hospital_code)


async def look_up(desk: Desk, hospital_code: str) -> Hospital:
    return await _known(desk, hospital_code)


async def list_hospitals(desk: Desk, *, level: str | None, after: tuple[Any, ...] | None, rows: int) -> list[Hospital]:
    return await store.hospitals_of(desk.tx, desk.county_code, level=level, day=desk.today, after=after, rows=rows)


async def change(desk: Desk, hospital_code: str, asked: Change) -> Hospital:
    """Change a hospital's terms from a day on; what was believed before stays on record."""
    await hold(desk.tx, "hospital", hospital_code)
    known = await _known(desk, hospital_code)
    as_of = asked.as_of or desk.today

    _refuse_twice(asked.seen_from or (), asked.suspended or ())
    terms = amended([each.fact for each in known.terms], as_of, lambda what: replace(what, **asked.values))

    author, scope = desk.author(asked.reason), {"hospital_code": hospital_code}
    if asked.values:
        await TERMS.correct(desk.tx, scope, known.terms, terms, author)
    if asked.seen_from is not None:
        seen = changed_from(
            [each.fact for each in known.seen_from], [Dated(each, None) for each in asked.seen_from], as_of
        )
        await SEEN_FROM.correct(desk.tx, scope, known.seen_from, seen, author)
    if asked.suspended is not None:
        bars: Sequence[Dated[Bar]] = asked.suspended
        if asked.as_of is not None:
            bars = changed_from([each.fact for each in known.suspended], bars, asked.as_of)
        await SUSPENSIONS.correct(desk.tx, scope, known.suspended, bars, author)
    await desk.note("hospital.change", subject=hospital_code)
    return await _known(desk, hospital_code)


async def _known(desk: Desk, hospital_code: str) -> Hospital:
    hospital = await store.hospital(desk.tx, desk.county_code, hospital_code)
    if hospital is None:
        raise HospitalUnknown
    return hospital


def _refuse_twice(seen_from: Sequence[SeenFrom], suspended: Sequence[Dated[Bar]]) -> None:
    counties = [each.county_code for each in seen_from]
    if len(set(counties)) < len(counties):
        raise LocationTwice("/locations")
    if (at := first_overlap(suspended, [()] * len(suspended))) is not None:
        raise SuspensionOverlap(f"/suspended/{at}")
