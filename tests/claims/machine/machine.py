"""The rules: whatever can happen to settlements, taken by both sides, which are compared after every step."""

from asyncio import Runner
from collections.abc import Callable, Coroutine, Iterator
from datetime import date, timedelta
from fractions import Fraction
from itertools import count
from typing import Any, ClassVar

import httpx
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.claims.machine.comparing import on_paper, on_record
from tests.claims.machine.driving import HOSPITALS, MONTHLY, PERCENTS, Service, packs_of
from tests.claims.machine.naive import QUARTERLY, County, Visit
from tests.claims.world import World

PEOPLE = 2
LAST_MONTH_OF_A_QUARTER = 3
IDENTITIES = st.sampled_from(
    [
        (),
        ("registered_poor",),
        ("low_income_allowance",),
        ("registered_poor", "low_income_allowance"),
        ("key_aid",),
        ("extreme_poverty",),
        ("registered_poor", "severely_disabled"),
    ]
)
PRICES = st.sampled_from([1, 137, 1_000, 4_321, 12_345, 40_000, 88_888, 250_000])
SLOTS = st.integers(0, 115)
_LIVE = precondition(lambda self: any(visit.live for visit in self.paper.visits))


class Settlements(RuleBasedStateMachine):
    """`world` and `runner` are lent by whoever runs it; each example has a county of its own."""

    world: ClassVar[World]
    runner: ClassVar[Runner]
    counties: ClassVar[Iterator[int]] = count(460_001)
    visits: ClassVar[Iterator[int]] = count(1)
    packs: ClassVar[dict[int, Any]] = {}
    steps: ClassVar[dict[str, int]] = {}

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    def note(self, step: str) -> None:
        self.steps[step] = self.steps.get(step, 0) + 1

    @initialize()
    def begin(self) -> None:
        if not self.packs:
            self.packs.update({percent: packs_of(percent) for percent in PERCENTS})
        self.paper = County([frozenset()] * PEOPLE)
        self.service = Service(self.world, str(next(self.counties)), self.packs)
        self.run(self.service.begin(PEOPLE))

    def one_of(self, pick: int, which: Callable[[Visit], bool] = lambda _: True) -> Visit | None:
        some = [visit for visit in self.paper.visits if visit.live and which(visit)]
        return some[pick % len(some)] if some else None

    @rule(
        person=st.integers(0, PEOPLE - 1),
        where=st.sampled_from(HOSPITALS),
        slot=SLOTS,
        price=PRICES,
        chronic=st.booleans(),
    )
    def settle(self, person: int, where: Any, slot: int, price: int, chronic: bool) -> None:
        self.settled(person, where, slot, price, chronic=chronic)

    def settled(self, person: int, where: Any, slot: int, price: int, *, chronic: bool) -> None:
        day = date(2018, 1, 3) + timedelta(days=6 * slot)
        if any(visit.day == day for visit in self.paper.of(person)):
            return
        self.note("settle")
        visit = Visit(
            f"V{next(self.visits):06d}",
            person,
            where,
            day,
            chronic,
            Fraction(price),
            self.paper.people[person],
            self.paper.level2_percent,
        )
        self.run(self.service.settle(visit))
        self.paper.settle(visit)

    @rule(stays=st.lists(st.tuples(st.integers(0, PEOPLE - 1), st.sampled_from(HOSPITALS), SLOTS, PRICES), max_size=4))
    def settle_some(self, stays: list[tuple[int, Any, int, int]]) -> None:
        for person, where, slot, price in stays:
            self.settled(person, where, slot, price, chronic=False)

    @_LIVE
    @rule(pick=st.integers(0, 50), classes=IDENTITIES)
    def recognise_late(self, pick: int, classes: tuple[str, ...]) -> None:
        visit = self.one_of(pick)
        assert visit is not None
        self.identified(visit.person, classes)
        self.redecided(visit, "identity")

    @_LIVE
    @rule(pick=st.integers(0, 50), percent=st.sampled_from(PERCENTS))
    def amend_for_the_past(self, pick: int, percent: int) -> None:
        visit = self.one_of(pick)
        assert visit is not None
        self.amend_policy_to(percent)
        self.redecided(visit, "policy_amendment")

    @rule(person=st.integers(0, PEOPLE - 1), classes=IDENTITIES)
    def change_identity(self, person: int, classes: tuple[str, ...]) -> None:
        self.identified(person, classes)

    def identified(self, person: int, classes: tuple[str, ...]) -> None:
        self.note("change identity")
        self.run(self.service.identify(person, classes))
        self.paper.people[person] = frozenset(classes)

    @rule(percent=st.sampled_from(PERCENTS))
    def amend_policy(self, percent: int) -> None:
        self.amend_policy_to(percent)

    def amend_policy_to(self, percent: int) -> None:
        self.note("amend policy")
        self.service.enact(percent)
        self.paper.level2_percent = percent

    @_LIVE
    @rule(pick=st.integers(0, 50), chain=st.booleans())
    def reverse(self, pick: int, chain: bool) -> None:
        visit = self.one_of(pick)
        assert visit is not None
        answer = self.run(self.service.reverse(visit, chain=chain))
        if self.paper.later(visit) and not chain:
            self.note("reverse refused")
            assert (answer.status_code, answer.json()["code"]) == (409, "settlement.has_later")
            return
        self.note("reverse with chain" if chain else "reverse")
        assert answer.status_code == httpx.codes.CREATED, answer.text
        self.paper.reverse(visit)

    @_LIVE
    @rule(pick=st.integers(0, 50), cause=st.sampled_from(["identity", "policy_amendment", "catalogue"]))
    def redecide(self, pick: int, cause: str) -> None:
        visit = self.one_of(pick)
        assert visit is not None
        self.redecided(visit, cause)

    def redecided(self, visit: Visit, cause: str) -> bool:
        answer = self.run(self.service.redecide(visit, cause))
        if not self.paper.outdated(visit):
            self.note("redecide unchanged")
            assert (answer.status_code, answer.json()["code"]) == (409, "settlement.unchanged"), answer.text
            return False
        self.note(f"redecide for {cause}")
        assert answer.status_code == httpx.codes.CREATED, answer.text
        self.paper.redecide(visit)
        return True

    @_LIVE
    @rule(pick=st.integers(0, 50))
    def appeal(self, pick: int) -> None:
        visit = self.one_of(pick)
        assert visit is not None
        path = self.run(self.service.object_to(visit))
        upheld = self.redecided(visit, "appeal")
        said = {"outcome": "upheld" if upheld else "dismissed", "reason": "经复核"}
        if upheld:
            said["version_id"] = self.service.ids[visit.visit_no]
        self.note("appeal")
        self.run(self.service.decide(path, said))

    @_LIVE
    @rule(pick=st.integers(0, 50), part=st.sampled_from([0, 1, 3, 4]))
    def late_aid(self, pick: int, part: int) -> None:
        visit = self.one_of(pick, lambda one: one.expected_aid > 0)
        if visit is None:
            return
        self.note("late aid")
        fen = int(visit.expected_aid * 100) * part // 4
        self.run(self.service.grant(visit, fen))
        self.paper.grant(visit, Fraction(fen, 100))

    @precondition(lambda self: self.paper.visits)
    @rule(pick=st.integers(0, 50))
    def repeat_the_first_request(self, pick: int) -> None:
        self.note("repeat the first request")
        visit = self.paper.visits[pick % len(self.paper.visits)]
        assert self.run(self.service.repeat(visit)), "whatever has become of it, the first answer is given again"

    @rule()
    def close_month(self) -> None:
        self.note("close month")
        ends_quarter = self.service.today.month % LAST_MONTH_OF_A_QUARTER == 0
        found = self.run(self.service.close())
        made = self.paper.bill([*MONTHLY, QUARTERLY] if ends_quarter else MONTHLY)
        assert found == {(one.payer, one.where): (one.lines, one.carried) for one in made}

    @rule(pick=st.integers(0, 50))
    def pay(self, pick: int) -> None:
        owed = [one for one in self.paper.statements if one.total > one.paid]
        if not owed:
            return
        self.note("pay")
        one = owed[pick % len(owed)]
        reference = f"R{next(self.visits):06d}"
        self.run(self.service.pay(one.payer, one.where, one.total, reference))
        one.paid = one.total

    @invariant()
    def both_sides_are_equal(self) -> None:
        if not hasattr(self, "paper"):
            return
        record, paper = self.run(on_record(self.service)), on_paper(self.paper, self.service)
        assert record == paper, {name: (record[name], paper[name]) for name in paper if record[name] != paper[name]}
