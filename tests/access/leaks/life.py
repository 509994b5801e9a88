"""The demo county lives through a season, asked only by its own clients, its patients and its hospital's system."""

import csv
import io
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from service.access.vault import mask_id_no
from service.registers.entries import Person
from tests.access.leaks.mistakes import everything_wrong
from tests.cases.county import Call, done, wire_line
from tests.claims.bills import Body, chronic, fee_line, stay
from tests.claims.changes.people import anew, reversed_, settled
from tests.nhsa.his import His
from tests.nhsa.hospital import Stay
from tests.nhsa.signing import signed_by_hmac
from tests.payouts.claimants import APPROVE, CHIEF, CLERK, claim_body, picture
from tests.payouts.office import answer_file, bank
from tests.payouts.test_backpay import csv_of, row_of

HOSPITAL, UNCONNECTED, ON_APPLICATION = "H45990100101", "DM-H105", "DM-H104"
POOR, OTHER, LIFTED = "459901195003070005", "459901195205129036", "459901196308219020"
ALLOWANCE, ILL, REFERRED = "459901196602039020", "459901195812069020", "459901195506189016"
LINE = {"grade": "A", "unit_price": "20.00", "quantity": "300"}


@dataclass
class County:
    """Whom there is to ask, everybody in the register by identity number, and every answer that was given."""

    ready: dict[str, Any]
    http: httpx.AsyncClient
    people: dict[str, Person]
    answers: list[httpx.Response] = field(default_factory=list)
    calls: dict[str, Call] = field(default_factory=dict)
    tokens: list[str] = field(default_factory=list)

    async def enter(self) -> None:
        """Everybody gets a token."""
        for name, client in self.ready["clients"].items():
            form = {key: client[key] for key in ("client_id", "client_secret")}
            granted = await done(
                await self.http.post("/oauth/token", data={"grant_type": "client_credentials", **form}), 200
            )
            self.calls[name] = self.calling({"Authorization": f"Bearer {granted['access_token']}"})
            self.tokens += [granted["access_token"], form["client_secret"]]
        self.calls["nobody"] = self.calling({})

    def calling(self, headers: dict[str, str]) -> Call:
        async def call(method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
            own = {"Idempotency-Key": str(uuid4()), **headers, **more.pop("headers", {})}
            answer = await self.http.request(method, path, json=body, headers=own, **more)
            self.answers.append(answer)
            return answer

        return call


async def live(county: County) -> None:
    """From the first discharge to the last mistake."""
    await county.enter()
    claims = await discharges(county)
    chapters: tuple[Callable[[County], Awaitable[None]], ...] = (
        lists_come,
        aid_is_granted,
        patients_are_paid,
        a_hospital_speaks_the_national_interface,
    )
    for chapter in chapters:
        await chapter(county)
    await a_patient_asks(county, claims[POOR])
    await auditors_look(county, claims)
    await everything_wrong(county.calls, county.people, claims[POOR])


async def discharges(county: County) -> dict[str, Body]:
    """Settled at the hospital; one of them reversed, one decided anew, one on a chronic card."""
    agency, hospital = county.calls["agency"], county.calls["hospital"]
    claims = {}
    for id_no in (POOR, LIFTED, REFERRED):
        body = stay(HOSPITAL, id_no)
        await done(await hospital("GET", f"/v1/recognition?id_no={id_no}"), 200)
        await done(await hospital("POST", "/v1/settlements/preview", body), 200)
        claims[id_no] = await settled(hospital, body)
    await settled(hospital, chronic(HOSPITAL, ILL))
    await reversed_(hospital, claims[LIFTED]["id"])
    held = [{"class": "extreme_poverty", "valid_from": "2018-01-01", "source": "民政局"}]
    person_no = county.people[REFERRED].person_no
    await done(await agency("PUT", f"/v1/persons/{person_no}", {"identities": held, "reason": "更正"}), 200)
    await anew(agency, claims[REFERRED]["id"])
    return claims


async def lists_come(county: County) -> None:
    """A roster with good rows and bad ones, previewed, applied and its bad rows fetched."""
    agency, people = county.calls["agency"], list(county.people.values())[40:60]
    rows = [f"{each.name},{each.id_no},低保" for each in people]
    rows += [f"{people[0].name},{people[0].id_no}9,低保", f"{people[1].name},,低保", rows[0]]
    file = {"file": ("名单.csv", "\n".join(["姓名,身份证号码,类别", *rows]).encode("gb18030"))}
    said = {"kind": "changes", "as_of": "2018-06-01", "source": "民政局"}
    made = await done(await agency("POST", "/v1/rosters", data=said, files=file))
    await done(await agency("POST", f"/v1/rosters/{made['id']}/apply", {"accept_rejected": True}), 200)
    for part in ("", "/changes", "/rows", "/rejected.csv", "/settlements-touched"):
        assert (await agency("GET", f"/v1/rosters/{made['id']}{part}")).status_code == 200


async def aid_is_granted(county: County) -> None:
    """Expected at discharge, asked for and granted by the township."""
    township = county.calls["township"]
    claim = await settled(county.calls["agency"], stay(ON_APPLICATION, ALLOWANCE))
    assert claim["expected_aid"] != "0.00"
    for path in ("persons", "claims?expected_aid=true"):
        assert (await done(await township("GET", f"/v1/township/{path}"), 200))["items"]
    asked = {"settlement_id": claim["id"]}
    made = await done(await township("POST", "/v1/aid-applications", asked, headers=CLERK))
    decision = {"outcome": "approved", "reason": "符合条件"}
    await done(await township("POST", f"/v1/aid-applications/{made['id']}/decision", decision, headers=CHIEF), 200)


async def patients_are_paid(county: County) -> None:
    """A manual claim, back-pay and a cycle; a batch, a transfer that comes back, a corrected account, out again."""
    agency, insurer = county.calls["agency"], county.calls["insurer"]
    days = {"admitted_on": "2018-07-01", "discharged_on": "2018-07-09"}
    body = claim_body(UNCONNECTED, OTHER, fee_lines=[fee_line(charged_on="2018-07-02")], **days)
    claim = await done(await agency("POST", "/v1/manual-claims", body, headers=CLERK))
    path = f"/v1/manual-claims/{claim['id']}"
    for kind in claim["documents_needed"]:
        paper = {"data": {"kind": kind}, "files": {"file": (f"{county.people[OTHER].name}.jpg", picture())}}
        await done(await agency("POST", f"{path}/documents", headers=CLERK, **paper))
    await done(await agency("POST", f"{path}/review", headers=CHIEF), 200)
    await done(await agency("POST", f"{path}/decision", APPROVE, headers=CHIEF), 200)
    content = csv_of(row_of(OTHER, "DM-H102"), row_of("459901198104169016", "DM-H102"))
    file = {"data": {"agreement_on": "2018-06-01"}, "files": {"file": ("a.csv", content)}}
    made = await done(await agency("POST", "/v1/backpay", **file))
    await done(await agency("POST", f"/v1/backpay/{made['id']}/post"), 200)
    await done(await insurer("POST", "/v1/cycles/2018-01-01/run", {}), 200)

    rows = await transfers(insurer)
    account = county.people[OTHER].bank_account
    assert account is not None
    returned = await answered(insurer, rows, {account.number: "账户不存在"})
    assert returned["returned"] != "0.00"
    new = {"holder": county.people[OTHER].name, "bank": "示范县农村信用社", "number": "6200004599010000013"}
    await done(await agency("PUT", f"/v1/persons/{county.people[OTHER].person_no}", {"bank_account": new}), 200)
    assert (await answered(insurer, await transfers(insurer)))["paid"] != "0.00"


async def transfers(insurer: Call) -> tuple[str, list[dict[str, str]]]:
    """A batch made, released and fetched: its id, and the rows of its file."""
    asked = {"payer": "top_up_insurer", "pay_on": "2018-12-14"}
    made = await done(await insurer("POST", "/v1/payout-batches", asked, headers=CLERK))
    path = f"/v1/payout-batches/{made['batch']['id']}"
    await done(await insurer("POST", f"{path}/release", headers=CHIEF), 200)
    file = await insurer("GET", f"{path}/file?format=csv")
    assert file.status_code == 200, file.text
    rows = csv.DictReader(io.StringIO(file.content.decode("utf-8-sig")))
    return path, [{name: cell.rstrip("\t") for name, cell in row.items()} for row in rows]


async def answered(insurer: Call, sent: tuple[str, list[dict[str, str]]], refused: dict[str, str] | None = None) -> Any:
    path, rows = sent
    file = {"file": ("回盘.csv", answer_file(bank(rows, refused)))}
    return await done(await insurer("POST", f"{path}/answer", files=file, data={"answered_on": "2018-12-10"}), 200)


async def a_month_is_cleared(county: County) -> None:
    """Billed, read in every form, matched against the other side's file, which names somebody."""
    await county.enter()
    agency = county.calls["agency"]
    run = await done(await agency("POST", "/v1/statements/run", {"payer": "basic_fund", "period": "2018-12"}), 200)
    path = f"/v1/statements/{run['items'][0]['id']}"
    for part in ("", "/lines", "/export?format=csv", "/export?format=xlsx", "/export?format=pdf"):
        assert (await agency("GET", f"{path}{part}")).status_code == 200, part
    other = f"结算号,金额,姓名\r\n{county.people[POOR].id_no},1.00,{county.people[POOR].name}\r\n"
    await done(await agency("POST", f"{path}/matches", files={"file": ("a.csv", other.encode())}))
    said = (await agency("GET", f"{path}/differences")).text
    assert mask_id_no(POOR) in said, "the file names a person where its number of the line should stand"
    await done(await agency("GET", "/v1/advances?payer=basic_fund"), 200)
    await done(await agency("GET", "/v1/reports/month?period=2018-12"), 200)
    statement = f"/v1/cycles/2018-01-01/persons/{county.people[ILL].person_no}/statement.pdf"
    assert (await agency("GET", statement)).status_code == 200


async def a_hospital_speaks_the_national_interface(county: County) -> None:
    """Looked up, admitted, charged, discharged, settled, and a number that is nobody's."""
    keys = county.ready["nhsa"]["A"]
    code = county.ready["nhsa"]["fixmedins_code"]
    his = His(county.http, code, profile="lenient")
    his.headers = lambda: signed_by_hmac(keys["access_key"], keys["secret_key"])
    person = county.people["459901195909099015"]
    asked = {"mdtrt_cert_no": person.id_no, "certno": person.id_no, "psn_name": person.name}
    found = await his.done("1101", data=asked)
    visit = await Stay(his, found["baseinfo"]["psn_no"]).admit("ZY-NHSA-1", "2018-06-01")
    await visit.charge([wire_line(1, LINE, "2018-06-05")])
    await visit.discharge("2018-06-09")
    await visit.settle("6000.00", certno=person.id_no, psn_name=person.name)
    wrong = asked | {"mdtrt_cert_no": f"{person.id_no}0", "psn_name": person.name * 20}
    await his.refused("1101", data=wrong)
    await his.refused("2401", mdtrtinfo={"psn_no": person.id_no, "ipt_no": person.name})


async def a_patient_asks(county: County, claim: Body) -> None:
    """The slip, the message, a new code, the session, the pages, an objection with a paper, and its decision."""
    agency, path = county.calls["agency"], f"/v1/settlements/{claim['id']}"
    for part in ("slip.pdf", "slip.pdf?lang=en", "sms", "trace", "versions"):
        assert (await agency("GET", f"{path}/{part}")).status_code == 200, part
    code = (await done(await agency("POST", f"{path}/query-code"), 201))["query_code"]
    asked = {"query_code": code, "id_last6": POOR[-6:]}
    opened = await done(await county.calls["nobody"]("POST", "/v1/patient/session", asked), 200)
    county.tokens.append(opened["access_token"])
    own = county.calling({"Authorization": f"Bearer {opened['access_token']}"})
    for part in ("claims", f"claims/{claim['id']}", "year", "accesses"):
        await done(await own("GET", f"/v1/patient/{part}"), 200)
    said = {"reason": f"我是{county.people[POOR].name}，电话{county.people[POOR].phone}，金额不对"}
    said["contact"] = str(county.people[POOR].phone)
    objection = await done(await own("POST", f"/v1/patient/claims/{claim['id']}/objection", said))
    paper = {"files": {"file": (f"{county.people[POOR].name}.jpg", picture())}}
    await done(await own("POST", f"/v1/patient/objections/{objection['id']}/documents", **paper))
    await done(await agency("POST", f"/v1/objections/{objection['id']}/review", headers=CLERK), 200)
    decision = {"outcome": "dismissed", "reason": "收费无误。"}
    await done(await agency("POST", f"/v1/objections/{objection['id']}/decision", decision, headers=CHIEF), 200)

    page = await county.http.post("/p", data={"code": code, "last_six": POOR[-6:]})
    cookie = {"Cookie": page.headers["set-cookie"].split(";")[0]}
    county.tokens.append(cookie["Cookie"].partition("=")[2])
    for part in ("claims", f"claims/{claim['id']}", "year", "accesses", f"claims/{claim['id']}/objection"):
        shown = await county.http.get(f"/p/{part}", headers=cookie)
        assert shown.status_code == 200, part
        assert not re.search(POOR, shown.text)


async def auditors_look(county: County, claims: dict[str, Body]) -> None:
    """Who looked at whom; people read, listed and joined up with their settlements."""
    auditor = county.calls["auditor"]
    person_no = county.people[POOR].person_no
    for path in (
        f"/v1/persons/{person_no}",
        f"/v1/persons/{person_no}/accesses",
        "/v1/persons?limit=200",
        f"/v1/settlements/{claims[POOR]['id']}/trace",
        "/v1/settlements?limit=50",
        "/v1/objections",
        "/v1/manual-claims",
    ):
        await done(await auditor("GET", path), 200)
