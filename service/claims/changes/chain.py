"""What rests on a settlement, and the sums at its place in the order: pure (domain §6, time and order)."""

from collections.abc import Iterable, Mapping, Sequence

from service.access.model import Caller, Role
from service.claims.changes.model import Live
from service.claims.changes.refusals import HasLater
from service.claims.model import Record
from service.errors import Text
from service.settlement.model import Entry, SumKey

STAY = "stay:"
_YEAR_DIGITS = 4


def sums_before(current: Mapping[SumKey, int], lives: Sequence[Live], order_no: int) -> dict[SumKey, int]:
    """A person's sums as they were at a place in the order: without that settlement and every later one."""
    sums = dict(current)
    for live in lives:
        if live.order_no >= order_no:
            for entry in live.entries:
                sums[entry.period, entry.name] = sums.get((entry.period, entry.name), 0) - entry.delta
    return sums


def add(sums: dict[SumKey, int], entries: Iterable[Entry]) -> None:
    """Let entries take their effect on running sums."""
    for entry in entries:
        sums[entry.period, entry.name] = sums.get((entry.period, entry.name), 0) + entry.delta


def differ(before: Iterable[Entry], after: Iterable[Entry]) -> bool:
    """Whether a visit now adds something else to the sums."""
    return _deltas(before) != _deltas(after)


def _deltas(entries: Iterable[Entry]) -> dict[SumKey, int]:
    return {(entry.period, entry.name): entry.delta for entry in entries if entry.delta}


def years_of(entries: Iterable[Entry]) -> set[str]:
    """The benefit years that entries touch; those of a stay in parts are followed by its own number."""
    return {entry.period[:_YEAR_DIGITS] for entry in entries if not entry.period.startswith(STAY)}


def later_than(record: Record, lives: Sequence[Live], years: set[str]) -> list[Live]:
    """
    The live settlements that rest on one whose effect on some benefit years changes, in their order.

    Any later one of those years, in any hospital, and later parts of the same stay in any year; and what rests on
    those in turn.
    """
    touched, stays = set(years), {(record.hospital_code, record.visit_no)}
    found = []
    for live in lives:
        if live.order_no > record.order_no and (str(live.last_day.year) in touched or live.stay in stays):
            found.append(live)
            touched |= years_of(live.entries) | {str(live.last_day.year)}
            stays.add(live.stay)
    return found


def check_later(caller: Caller, record: Record, later: Sequence[Live], *, chain: bool, reversal: bool) -> None:
    """Raises settlement.has_later where later ones stand in the way of this caller."""
    if not later:
        return
    parts = [live for live in later if live.stay == (record.hospital_code, record.visit_no)]
    if reversal and parts:
        raise _has_later(
            caller,
            parts,
            "本次住院其后各段已结算，须先从最后一段起依次冲正。",
            "Later parts of this stay are settled and rest on it: reverse them first, the last one first.",
        )
    foreign = caller.role == Role.HOSPITAL and any(live.hospital_code != caller.hospital_code for live in later)
    if not chain:
        raise _has_later(
            caller,
            later,
            "该人员其后另有结算：请先从最新一笔起依次冲正，或以 chain: true 一并重新核算。",
            "Later settlements of the person rest on this one: reverse them, newest first, or send chain: true.",
        )
    if foreign:
        raise _has_later(
            caller,
            later,
            "其后的结算涉及其他医院，请由医保经办机构办理。",
            "Some of the later settlements are of other hospitals: ask the agency to make this change.",
        )


def _has_later(caller: Caller, later: Sequence[Live], zh: str, en: str) -> HasLater:
    own = [live for live in later if caller.role != Role.HOSPITAL or live.hospital_code == caller.hospital_code]
    named = [
        {
            "settlement_id": str(live.settlement_id),
            "hospital_code": live.hospital_code,
            "visit_no": live.visit_no,
            "interim_no": live.interim_no,
        }
        for live in own
    ]
    return HasLater(Text(zh, en), extra={"later": named, "others": len(later) - len(own)})
