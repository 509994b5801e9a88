"""The service beside the county on paper: the same steps taken through its API, and what it then has on record."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

import httpx
import orjson

from service.access.model import Caller, Role
from service.claims.actions import Desk
from service.claims.changes import actions
from service.claims.changes.actions import Asking
from service.claims.changes.model import Change
from service.claims.model import Cause
from service.clock import COUNTY_ZONE, Clock
from service.db import transaction_on
from service.policy.library import Library
from service.policy.load import SHIPPED, load_text, shipped_packs
from service.policy.model import Pack, Packs
from service.policy.read import read
from tests.access.callers import headers_of
from tests.cases.county import Call, County, done
from tests.claims.bills import Body, chronic, fee_line, stay
from tests.claims.machine.naive import QUARTERLY, Hospital, Visit
from tests.claims.world import World, caller

FIRST_DAY = date(2020, 1, 10)
HOSPITALS = (
    Hospital("A", "level2"),
    Hospital("B", "township", aid_on_application=True),
    Hospital("C", "township", agreement=False),
)
MONTHLY = ("basic_fund", "serious_insurer", "top_up_insurer")
PERCENTS = (75, 70, 82)
DECEMBER, QUARTER = 12, 3


def packs_of(percent: int) -> tuple[Pack, ...]:
    """The shipped packs, of which the first one's ratio at hospitals of level 2 is amended."""
    old = shipped_packs().by_id("guangxi-county-2018")
    assert old is not None
    if percent == PERCENTS[0]:
        return shipped_packs().packs
    amended = load_text(amended_text(percent))
    return (amended, *(pack for pack in shipped_packs().packs if pack.id != old.id))


def amended_text(percent: int) -> str:
    """The shipped pack of 2018 in one text, with another ratio at hospitals of level 2."""
    document = orjson.dumps(_plain(read(SHIPPED / "guangxi-county-2018")[0])).decode()
    assert document.count('"level2":"0.75"') == 1
    return document.replace('"level2":"0.75"', f'"level2":"0.{percent}"')


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {str(key): _plain(one) for key, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case date():
            return value.isoformat()
        case _:
            return value


@dataclass
class Service:
    """A county of its own in the service's database."""

    world: World
    county_code: str
    packs: dict[int, tuple[Pack, ...]]
    agency: Call = field(init=False)
    people: list[tuple[str, str]] = field(default_factory=list)
    codes: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    answers: dict[str, tuple[Body, bytes]] = field(default_factory=dict)
    today: date = FIRST_DAY

    async def begin(self, people: int) -> None:
        self.enact(PERCENTS[0])
        self.turn_to(self.today)
        headers = await headers_of(
            self.world.app, Role.AGENCY, f"agency-{self.county_code}", county_code=self.county_code
        )
        self.agency = caller(self.world.client, headers)
        # Numbers go on where the examples before stopped: hospitals and persons stand once in the whole register.
        county = County(self.agency, self.county_code, serial=self.world.county.serial)
        for hospital in HOSPITALS:
            aid = "on_application" if hospital.aid_on_application else "on_the_spot"
            self.codes[hospital.name] = await county.hospital(hospital.level, "county", aid=aid, name="测试医院")
            if hospital.agreement:
                await county.agreement(self.codes[hospital.name])
        for _ in range(people):
            person_no, id_no = await county.person()
            await county.card(person_no, "CD03")
            self.people.append((person_no, id_no))

    def enact(self, percent: int) -> None:
        """Let the law be this one from now on, also for visits of the past."""
        codes = frozenset({self.county_code})
        packs = Packs(tuple(replace(pack, county_codes=codes) for pack in self.packs[percent]))
        self.world.app.state.packs, self.world.app.state.law = packs, Library(packs)

    def turn_to(self, day: date) -> None:
        self.today = day
        noon, began = datetime(day.year, day.month, day.day, 12, tzinfo=COUNTY_ZONE), datetime.now(COUNTY_ZONE)
        self.world.app.state.clock = Clock(source=lambda: noon + (datetime.now(COUNTY_ZONE) - began))

    async def settle(self, visit: Visit) -> None:
        code, id_no = self.codes[visit.where.name], self.people[visit.person][1]
        day = visit.day.isoformat()
        lines = [fee_line(price=f"{visit.price.numerator}.00", quantity="1", charged_on=day)]
        if visit.chronic:
            body = chronic(code, id_no, service_on=day, fee_lines=lines)
        else:
            body = stay(code, id_no, admitted_on=day, discharged_on=day, fee_lines=lines)
        body["visit_no"] = visit.visit_no
        answer = await self.agency("POST", "/v1/settlements", body, key=visit.visit_no)
        self.ids[visit.visit_no] = (await done(answer))["id"]
        self.answers[visit.visit_no] = body, answer.content

    async def repeat(self, visit: Visit) -> bool:
        """Send the first request once more; whether it gets its first answer."""
        body, content = self.answers[visit.visit_no]
        answer = await self.agency("POST", "/v1/settlements", body, key=visit.visit_no)
        return (answer.status_code, answer.content) == (httpx.codes.CREATED, content)

    async def identify(self, person: int, classes: Iterable[str]) -> None:
        held = [{"class": name, "valid_from": "2015-01-01"} for name in sorted(classes)]
        await done(await self.agency("PUT", f"/v1/persons/{self.people[person][0]}", {"identities": held}), 200)

    async def reverse(self, visit: Visit, *, chain: bool) -> httpx.Response:
        body = {"reason": "录入有误", "chain": chain}
        answer = await self.agency("POST", f"/v1/settlements/{self.ids[visit.visit_no]}/reversal", body)
        if answer.status_code == httpx.codes.CREATED:
            await self.renew()
        return answer

    async def redecide(self, visit: Visit, cause: str) -> httpx.Response:
        body = {"cause": cause, "note": "更正", "chain": True}
        answer = await self.agency("POST", f"/v1/settlements/{self.ids[visit.visit_no]}/readjudication", body)
        if answer.status_code == httpx.codes.CREATED:
            await self.renew()
        return answer

    async def grant(self, visit: Visit, fen: int) -> None:
        """What the township grants of the expected aid, as the room of payouts does it."""
        state = self.world.app.state
        county, nobody = self.county_code, frozenset[str]()
        agency = Caller("agency", Role.AGENCY, county, None, nobody, None, None, "test")
        desk = Desk(state.law, state.clock, state.vault)
        change = Change(Cause.LATE_AID if fen else Cause.AID_REFUSED, approved_aid=fen)
        async with transaction_on(state.engine) as tx:
            await actions.readjudicate(
                tx, agency, UUID(self.ids[visit.visit_no]), desk, Asking(), change=change, chain=True
            )
        await self.renew()

    async def object_to(self, visit: Visit) -> str:
        """An objection under review."""
        body = {"settlement_id": self.ids[visit.visit_no], "reason": "患者认为金额有误"}
        filed = await done(await self.agency("POST", "/v1/objections", body, headers={"X-Operator": "Zhang"}))
        path = f"/v1/objections/{filed['id']}"
        await done(await self.agency("POST", f"{path}/review", headers={"X-Operator": "Li"}), 200)
        return path

    async def decide(self, objection: str, said: dict[str, str]) -> None:
        """The decision on an objection, by a third person."""
        await done(await self.agency("POST", f"{objection}/decision", said, headers={"X-Operator": "Wang"}), 200)

    async def renew(self) -> None:
        """The live version of each visit."""
        query = """
            SELECT v.visit_no, v.settlement_id::text AS id FROM live_visits v WHERE v.county_code = :county
        """
        self.ids = {row.visit_no: row.id for row in await self.world.rows(query, county=self.county_code)}

    async def close(self) -> dict[tuple[str, str], tuple[Fraction, Fraction]]:
        """Let the month end, bill it and close the books: lines and carried, by payer and hospital."""
        year, month = self.today.year, self.today.month
        self.turn_to(date(year + month // DECEMBER, month % DECEMBER + 1, 10))
        return await self.close_ended()

    async def close_ended(self) -> dict[tuple[str, str], tuple[Fraction, Fraction]]:
        """Bill the month that has ended and close its books, as `close`."""
        last = self.today.replace(day=1) - timedelta(days=1)
        year, month = last.year, last.month
        periods = [(payer, f"{year}-{month:02}") for payer in MONTHLY]
        if month % QUARTER == 0:
            periods.append((QUARTERLY, f"{year}-Q{month // QUARTER}"))
        found, names = {}, {code: name for name, code in self.codes.items()}
        for payer, period in periods:
            body = {"payer": payer, "period": period, "dry_run": False}
            run = await done(await self.agency("POST", "/v1/statements/run", body), 200)
            # Whom a fault kept from being billed is billed by running once more.
            again = await done(await self.agency("POST", "/v1/statements/run", body), 200) if run["failed"] else run
            for one in [*run["items"], *again["items"]]:
                key = payer, names[one["hospital_code"]]
                found[key] = Fraction(one["lines_total"]), Fraction(one["carried_forward"])
            await done(await self.agency("POST", "/v1/closings", {"payer": payer, "period": period}))
        return found

    async def pay(self, payer: str, where: str, amount: Fraction, reference: str) -> None:
        """Pay the oldest open statement of a payer to a hospital, whole."""
        path = f"/v1/statements?payer={payer}&hospital={self.codes[where]}&limit=200"
        items = (await done(await self.agency("GET", path), 200))["items"]
        [one] = [s for s in items if Fraction(s["outstanding"]) == amount][:1]
        total = f"{float(amount):.2f}"
        body = {
            "payer": payer,
            "hospital_code": self.codes[where],
            "bank_reference": reference,
            "paid_on": (self.today - timedelta(days=1)).isoformat(),
            "amount": total,
            "allocations": [{"statement_id": one["id"], "amount": total}],
        }
        await done(await self.agency("POST", "/v1/payments", body))
