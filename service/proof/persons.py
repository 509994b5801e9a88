"""
A person's settlements in their order: the running sums chain, and end where they stand on record. Pure.

Settlements of one person wait for each other (`open_person`), so there is one true order. Changes keep their
original's place in it, and act on the sums when they are made: the order in which rows acted is found from the sums
that each of them met, first versions in the order of their numbers.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple, Self

from service.proof.model import Wrong, differing, wrong
from service.proof.replay import Kept

Sums = Counter[tuple[str, str]]
_TURNINGS = 100
"""How many other ways are kept, and tried, where the first one leads nowhere."""
_LIVE = ("hospital_code", "visit_no", "interim_no", "visit_type", "admitted_on", "last_day")


class Standing(NamedTuple):
    """What stands on record of a person beside the settlements: sums by period and name, the last number, visits."""

    sums: dict[tuple[str, str], int]
    last_order: int | None
    live: list[dict[str, Any]]


def person_wrong(person_no: str, found: list[Kept], standing: Standing) -> Iterator[Wrong]:
    """What is wrong with a person's order, sums and live visits. `found`: all rows of the person."""
    yield from _order_wrong(person_no, found, standing.last_order)
    sums: Sums = Counter()
    yield from _chain_wrong(found, sums)
    for period, name in sorted(standing.sums.keys() | sums.keys()):
        kept, computed = standing.sums.get((period, name)), sums[period, name]
        if (kept or 0) != computed:
            yield wrong("accumulators", f"{person_no}/{period}/{name}", "value", kept, computed)
    yield from _live_wrong(found, standing.live)


def _order_wrong(person_no: str, found: list[Kept], last_order: int | None) -> Iterator[Wrong]:
    first = Counter(one.row["order_no"] for one in found if is_first(one))
    numbered = iter(sorted(first.elements()))
    for expected, number in enumerate(numbered, 1):
        if number != expected:
            # One gap shifts all that follow: the first is named.
            says = f"settlement {number} of the person stands where number {expected} should"
            yield wrong("settlements", f"{person_no}/{expected}", "order_no", says, "numbers without gap and double")
            break
    if (last_order or 0) != max(first, default=0):
        yield wrong("person_orders", person_no, "last_order", last_order, max(first, default=0))


def is_first(kept: Kept) -> bool:
    """Whether a row is the first version of its visit, which gave the person a number of its own."""
    return bool(kept.row["kind"] == "settlement" and kept.row["version"] == 1)


def ends(kept: Kept) -> str | None:
    """The row that this one reverses or replaces."""
    return kept.row["reversal_of"] or kept.row.get("replaces")


def _chain_wrong(found: list[Kept], sums: Sums) -> Iterator[Wrong]:
    """
    Where no order lets every row meet the sums that it says it met; `sums` is what they come to.

    More than one row may fit at a place, and clocks are set back: where the one that says it is the earliest leads
    nowhere, the others are tried. If none of them leads to the end, what is told is what is wrong with the first way.
    """
    way, others, stuck = _Way.of(found), deque[tuple[_Way, list[Kept]]](maxlen=_TURNINGS), None
    tries, trying = 0, True
    while able := way.able():
        fits = [some for some in able if way.fits(some)] if trying else []
        if fits:
            others.extend((way.copy(), some) for some in reversed(fits[1:]))
            way.go(fits[0])
            continue
        stuck = stuck or way.copy()
        if trying and others and tries < _TURNINGS:
            tries += 1
            way, turning = others.pop()
            way.go(turning)
            continue
        if trying:
            way, trying = stuck, False
            able = way.able()
        chosen = next((some for some in able if not any(_unfit(some, way.sums))), able[0])
        yield from (*_unfit(chosen, way.sums), *way.misread(chosen))
        way.go(chosen)
    sums.update(way.sums)


@dataclass
class _Way:
    """How far a person's rows have acted: first versions by number, changes, what is live, and the sums."""

    firsts: list[Kept]
    changes: list[list[Kept]]
    turn: int
    live: dict[str, Kept]
    sums: Sums

    @classmethod
    def of(cls, found: list[Kept]) -> Self:
        firsts = sorted((one for one in found if is_first(one)), key=lambda one: (one.row["order_no"], one.id))
        return cls(firsts, _changes(found), 0, {}, Counter())

    def copy(self) -> Self:
        return replace(self, changes=self.changes[:], live=self.live.copy(), sums=self.sums.copy())

    def able(self) -> list[list[Kept]]:
        """What may act next, the earliest first; what has lost the row that it ends acts at last."""
        able = [some for some in self.changes if all(ends(one) in self.live for one in some)]
        able += [[one] for one in self.firsts[self.turn : self.turn + 1]]
        return sorted(able, key=lambda some: str(some[0].row["settled_at"])) or self.changes[:1]

    def fits(self, some: list[Kept]) -> bool:
        return not any(_unfit(some, self.sums)) and not any(self.misread(some))

    def misread(self, some: list[Kept]) -> Iterator[Wrong]:
        """What is wrong with the sums that rows were decided on, if they act now."""
        if is_first(some[0]):
            yield from _read_wrong(some[0], self.sums)
            return
        live = self.live.copy()
        for one in some:
            _supersede(one, live)
            if one.row["kind"] == "settlement":
                yield from _read_wrong(one, _sums_at(one, live.values()))

    def go(self, some: list[Kept]) -> None:
        """Let rows act."""
        for one in some:
            _supersede(one, self.live)
        for _, entry in _in_order(some):
            self.sums[entry["period"], entry["name"]] += entry["delta"]
        if is_first(some[0]):
            self.turn += 1
        else:
            self.changes.remove(some)


def _supersede(one: Kept, live: dict[str, Kept]) -> None:
    """Let a row end the one that it reverses or replaces, and live itself if it is no reversal."""
    live.pop(ends(one) or "", None)
    if one.row["kind"] == "settlement":
        live[one.id] = one


def _changes(found: list[Kept]) -> list[list[Kept]]:
    """Reversals and later versions, those of one change together, in the order of the person's numbers."""
    made: dict[str, list[Kept]] = {}
    for one in sorted(found, key=lambda one: (str(one.row["settled_at"]), one.row["order_no"], one.row["version"])):
        if not is_first(one):
            made.setdefault(str(one.row["settled_at"]), []).append(one)
    return list(made.values())


def _in_order(some: list[Kept]) -> Iterator[tuple[Kept, dict[str, Any]]]:
    """
    The entries of a change as they were written (`changes.store.carry`): first all is given back, newest first, then
    added, oldest first.
    """
    for one in reversed(some):
        yield from ((one, entry) for entry in one.entries[: _given_back(one)])
    for one in some:
        yield from ((one, entry) for entry in one.entries[_given_back(one) :])


def _given_back(kept: Kept) -> int:
    """How many of the entries of a row give back: all but those that its own decision adds."""
    own = len(kept.trace["entries"]) if kept.trace is not None and isinstance(kept.trace.get("entries"), list) else 0
    return max(0, len(kept.entries) - own)


def _unfit(some: list[Kept], sums: Sums) -> Iterator[Wrong]:
    """Entries that met other sums than those that stood."""
    met: Sums = Counter()
    for one, entry in _in_order(some):
        key = entry["period"], entry["name"]
        if entry["before"] != sums[key] + met[key]:
            at = f"{one.id}/{entry['position']}"
            yield wrong("accumulator_entries", at, "before", entry["before"], sums[key] + met[key])
        met[key] += entry["delta"]


def _sums_at(kept: Kept, live: Iterable[Kept]) -> Sums:
    """The sums at a place in the order: what the live settlements before it add."""
    sums: Sums = Counter()
    for one in live:
        if one.row["order_no"] < kept.row["order_no"] and one.trace is not None:
            for period, name, _, delta, _ in one.trace["entries"]:
                sums[period, name] += delta
    return sums


def _read_wrong(kept: Kept, sums: Sums) -> Iterator[Wrong]:
    """The sums that a settlement was decided on are those that stood at its place in the order."""
    if kept.trace is None:
        return
    try:
        day = date.fromisoformat(kept.row["last_day"])
        read = {(period, name): value for period, name, value in kept.trace["claim"]["sums"]}
    except (KeyError, TypeError, ValueError):
        yield wrong("settlement_documents", kept.id, "trace.claim.sums", "unreadable", "the sums that were read")
        return
    stay = f"stay:{kept.row['hospital_code']}:{kept.row['visit_no']}"
    periods = (str(day.year), f"{day:%Y-%m}", stay)
    stood = {key: value for key, value in sums.items() if key[0] in periods and value}
    if read != stood:
        key = min(key for key in read.keys() | stood.keys() if read.get(key) != stood.get(key))
        column = f"trace.claim.sums[{'/'.join(key)}]"
        yield wrong("settlement_documents", kept.id, column, read.get(key), stood.get(key))


def _live_wrong(found: list[Kept], live: list[dict[str, Any]]) -> Iterator[Wrong]:
    ended = {ends(one) for one in found}
    alive = {one.id: one for one in found if one.row["kind"] == "settlement" and one.id not in ended}
    have: dict[str, dict[str, Any]] = {}
    for visit in live:
        if visit["settlement_id"] in have:
            yield wrong("live_visits", visit["settlement_id"], None, visit, "one live visit of a settlement")
        have.setdefault(visit["settlement_id"], visit)
    for id_, one in alive.items():
        row = have.get(id_)
        if row is None:
            yield wrong(
                "live_visits", id_, None, "missing", "a visit that is settled and neither reversed nor replaced"
            )
        else:
            yield from differing("live_visits", id_, row, {name: one.row[name] for name in _LIVE})
    for id_, row in have.items():
        if id_ not in alive:
            yield wrong("live_visits", id_, None, row, "no live settlement of this person")
