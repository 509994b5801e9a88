"""The county's people at work: clients of every role, hospitals, and patients with their visits one after another."""

import asyncio
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any, Final

import httpx

from scripts.faulting.asking import Client, Watch, unlimited, with_key
from scripts.faulting.gate import Gate
from scripts.faulting.place import Place
from scripts.faulting.trips import Cut
from service.access import actions
from service.access.model import Role
from service.access.vault import Vault
from service.db import transaction_on
from service.nhsa.auth import store as institutions
from service.nhsa.model import Institution
from tests.cases.county import COUNTY, Call, County
from tests.claims.bills import Body, fee_line, stay
from tests.payouts.office import account

FIRST_VISIT: Final = date(2018, 1, 3)
POOR: Final = ({"class": "registered_poor", "valid_from": "2015-01-01"},)
AID: Final = ({"class": "low_income_allowance", "valid_from": "2015-01-01"}, *POOR)
_BACK_PAID: Final = 12
_IDENTITIES: Final = ((), POOR, AID)
_BETWEEN: Final = timedelta(days=5)
_STAY: Final = timedelta(days=3)
INSURERS: Final = frozenset({"top_up_insurer", "serious_insurer", "basic_fund"})


@dataclass
class Patient:
    """A person of the register; visits follow each other without overlapping."""

    person_no: str
    id_no: str
    has_card: bool
    next_day: date = FIRST_VISIT
    visits: int = 0

    def visit(self, hospital: str, dice: Random, **more: Any) -> Body:
        """The next stay, of some yuan."""
        first, last = self.next_day, self.next_day + _STAY
        self.next_day, self.visits = first + _BETWEEN, self.visits + 1
        line = fee_line(
            price=f"{dice.randint(50, 30_000)}.{dice.randint(0, 99):02}", quantity="1", charged_on=f"{first}"
        )
        return stay(
            hospital,
            self.id_no,
            visit_no=f"{self.person_no}-{self.visits}",
            **{"admitted_on": f"{first}", "discharged_on": f"{last}", "fee_lines": [line], **more},
        )


@dataclass
class Cast:
    """
    Who calls, and whom it is about. `month_over`: the day to which the calendar is turned when all is at rest;
    `stories`: shut where none may begin and those that were begun must end; `cuts`: what is left of `every_cut`, the
    places of the discharge path; `ways_back`: from what the county is restored next.
    """

    place: Place
    watch: Watch
    http: httpx.AsyncClient
    agency: Call
    insurer: Call
    civil: Call
    auditor: Call
    his: Client
    county: County
    hospital_code: str
    without_agreement: str
    unconnected: str
    aid_later: str
    before_agreement: list[str] = field(default_factory=list)
    lists: int = 0
    month_over: date | None = None
    free: list[Patient] = field(default_factory=list)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    stories: Gate = field(default_factory=Gate)
    cuts: list[Cut] = field(default_factory=list)
    ways_back: list[str] = field(default_factory=list)
    every_cut: list[str] = field(default_factory=list)

    @property
    def hospital(self) -> Call:
        """The hospital, that sends again until it is answered."""
        return self.his.call

    def patient(self, dice: Random, *, card: bool = False) -> Patient:
        """A patient whom nobody else is busy with, until `back`."""
        found = [one for one in self.free if not card or one.has_card]
        taken = found[dice.randrange(len(found))]
        self.free.remove(taken)
        return taken

    def back(self, patient: Patient) -> None:
        self.free.append(patient)


async def assembled(place: Place, watch: Watch, patients: int) -> Cast:
    """Clients with secrets, three hospitals and the patients, entered through the service before anything breaks."""
    watch.open.set()
    http, keyed = unlimited(), with_key()
    vault = Vault.from_settings(place.settings)

    async def client(role: Role, name: str, **details: Any) -> Client:
        async with transaction_on(place.engine) as tx:
            secret = await actions.create_client(
                tx, vault, client_id=name, role=role, county_code=COUNTY, at=place.shift.now(), **details
            )
        return Client(watch, http, place.service.url, name, secret, keyed)

    agency = (await client(Role.AGENCY, "agency")).call
    county = County(agency)
    code = await county.hospital("level2", "county")
    cast = Cast(
        place=place,
        watch=watch,
        http=http,
        agency=agency,
        insurer=(await client(Role.PAYER, "insurer", payers=INSURERS)).call,
        civil=(await client(Role.PAYER, "civil", payers=frozenset({"civil_affairs"}))).call,
        auditor=(await client(Role.AUDITOR, "auditor")).call,
        his=await client(Role.HOSPITAL, "his", hospital_code=code),
        county=county,
        hospital_code=code,
        without_agreement=await county.hospital("level2", "county", name="无协议医院"),
        unconnected=await county.hospital("level2", "county", connected=False, name="未接入医院"),
        aid_later=await county.hospital("level2", "county", aid="on_application", name="申请救助医院"),
    )
    async with transaction_on(place.engine) as tx:
        one = Institution(code, COUNTY, code, "his", "hunan-1.1.27", True)
        await institutions.add_institution(tx, one, at=place.shift.now())
    cast.before_agreement = [(await county.person(POOR, bank_account=account()))[1] for _ in range(_BACK_PAID)]
    for number in range(patients):
        held = _IDENTITIES[number % len(_IDENTITIES)]
        person_no, id_no = await county.person(held, bank_account=account())
        has_card = number % 4 == 0
        if has_card:
            await county.card(person_no, "CD03")
        cast.free.append(Patient(person_no, id_no, has_card))
    return cast
