"""Who may read which settlement, and what can be read: lists, traces, the audit trail, and nobody's name."""

import logging
from typing import Any
from uuid import uuid4

import orjson
import pytest
import pytest_asyncio

from service.access.answers import decompress
from service.access.model import Role
from service.claims.model import BillLine
from service.claims.trace import awards_json, claim_of
from service.settlement.waterfall import settle
from service.wire.logs import JsonLines
from tests.cases.county import Call, done
from tests.claims.bills import Body, chronic, fee_line, stay
from tests.claims.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")

POOR = [{"class": "registered_poor", "valid_from": "2015-01-01"}]
LOW_INCOME = [*POOR, {"class": "low_income_allowance", "valid_from": "2015-01-01"}]
HIDDEN_NAME = "欧阳不可见"

ENTRIES = """
    SELECT period, name, before, delta, cap FROM accumulator_entries WHERE settlement_id = :id ORDER BY position
"""

Settled = dict[str, Body]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def settled(world: World) -> Settled:
    """Settlements of every kind, at two hospitals."""
    person_no, poor = await world.county.person(POOR, name=HIDDEN_NAME)
    _, low = await world.county.person(LOW_INCOME)
    _, ordinary = await world.county.person()
    await world.county.card(person_no, "CD03")
    other = await world.county.hospital("level3_city", "city")
    applied = await world.county.hospital("level2", "county", aid="on_application")
    mixed = [
        fee_line(),
        fee_line(2, "T-B", grade="B", self_pay_ratio="0.1", price_ceiling="90"),
        fee_line(3, "T-C", grade="C"),
    ]
    own = world.hospital_code
    late = {"admitted_on": "2018-09-01", "discharged_on": "2018-09-09"}
    long = {"admitted_on": "2018-10-01", "discharged_on": "2018-10-09", "visit_no": "LONG"}
    longer = long | {"admitted_on": "2018-10-09", "discharged_on": "2018-10-19"}
    decided = [{"layer": "basic", "paid": "700.00", "settlement_no": "N1", "platform": "national"}]
    bodies = {
        "poor": stay(own, poor, fee_lines=mixed, invoice_no="INV-1"),
        "chronic": chronic(own, poor),
        "aid": stay(own, low, other_compensation=[{"source": "charity", "amount": "10.00"}]),
        "expected": stay(applied, low, **late),
        "decided": stay(own, ordinary, decided_layers=decided),
        "elsewhere": stay(other, ordinary, **late),
        "held": stay(own, poor, injury={"third_party": "unknown", "note": "fall"}, **late),
        "part": stay(own, poor, interim_no=1, fee_lines=mixed, **long),
        "last": stay(own, poor, fee_lines=[*mixed, fee_line(4, quantity="-3")], **longer),
        "year-2022": stay(
            own, low, admitted_on="2022-03-01", discharged_on="2022-03-09", fee_lines=[fee_line(quantity="900")]
        ),
    }
    return {
        name: await done(await world.agency("POST", "/v1/settlements", body, headers={"X-Operator": "clerk-7"}))
        for name, body in bodies.items()
    }


async def ids_of(call: Call, query: str = "") -> list[str]:
    return [one["id"] for one in (await done(await call("GET", f"/v1/settlements?{query}"), 200))["items"]]


def ids(settled: Settled, *names: str) -> list[str]:
    return [settled[name]["id"] for name in names]


async def test_a_hospital_reads_its_own_and_a_foreign_one_is_absent(world: World, settled: Settled) -> None:
    foreign, absent = settled["elsewhere"]["id"], str(uuid4())

    for tail in ("", "/trace"):
        own = await world.hospital("GET", f"/v1/settlements/{settled['poor']['id']}{tail}")
        theirs = await world.hospital("GET", f"/v1/settlements/{foreign}{tail}")
        nobodys = await world.hospital("GET", f"/v1/settlements/{absent}{tail}")
        assert own.status_code == 200
        assert (theirs.status_code, theirs.content) == (nobodys.status_code, nobodys.content)
        assert (theirs.status_code, theirs.json()["code"]) == (404, "settlement.unknown")

    visible = await ids_of(world.hospital)
    assert set(visible) == {one["id"] for one in settled.values() if one["hospital_code"] == world.hospital_code}
    assert await ids_of(world.hospital, f"visit_no={settled['elsewhere']['visit_no']}") == []


async def test_a_payer_sees_those_in_which_it_pays(world: World, settled: Settled) -> None:
    civil_affairs = await world.call_as(Role.PAYER, payers=frozenset({"civil_affairs"}))
    insurers = await world.call_as(Role.PAYER, payers=frozenset({"top_up_insurer", "serious_insurer"}))
    paid: dict[str, set[str]] = {}
    for one in settled.values():
        for layer in one["layers"]:
            if layer["paid"] != "0.00":
                paid.setdefault(layer["payer"], set()).add(one["id"])

    assert set(await ids_of(civil_affairs)) == paid["civil_affairs"]
    assert set(await ids_of(insurers)) == paid["top_up_insurer"] | paid["serious_insurer"]
    path = f"/v1/settlements/{settled['elsewhere']['id']}"
    assert [(await call("GET", path)).status_code for call in (civil_affairs, insurers)] == [404, 404]
    path = f"/v1/settlements/{settled['aid']['id']}"
    assert (await civil_affairs("GET", path)).status_code == 200


async def test_agency_and_auditor_see_the_county_and_no_other(world: World, settled: Settled) -> None:
    auditor = await world.call_as(Role.AUDITOR)
    stranger = await world.call_as(Role.AUDITOR, county_code="459902")

    assert set(await ids_of(auditor)) == set(await ids_of(world.agency)) == {one["id"] for one in settled.values()}
    assert await ids_of(stranger) == []
    assert (await stranger("GET", f"/v1/settlements/{settled['poor']['id']}")).status_code == 404


async def test_who_may_not_ask_is_told_so(world: World, settled: Settled) -> None:
    township, auditor = await world.call_as(Role.TOWNSHIP), await world.call_as(Role.AUDITOR)
    payer = await world.call_as(Role.PAYER)
    before = await world.counts()

    for path in ("/v1/settlements", f"/v1/settlements/{settled['poor']['id']}", f"/v1/settlements/{uuid4()}/trace"):
        assert (await township("GET", path)).json()["code"] == "access.forbidden"
    for call in (township, auditor, payer):
        for path in ("/v1/settlements", "/v1/settlements/preview"):
            refused = await call("POST", path, {})
            assert (refused.status_code, refused.json()["code"]) == (403, "access.forbidden")
    assert (await world.client.get("/v1/settlements")).status_code == 401
    assert await world.counts() == before


async def test_lists_are_filtered(world: World, settled: Settled) -> None:
    call, today = world.agency, settled["poor"]["settled_at"][:10]
    who = settled["poor"]["person_no"]

    assert await ids_of(call, f"visit_no={settled['poor']['visit_no']}") == ids(settled, "poor")
    assert await ids_of(call, "visit_no=LONG") == ids(settled, "last", "part")
    assert await ids_of(call, f"person_no={who}") == ids(settled, "last", "part", "held", "chronic", "poor")
    assert await ids_of(call, "invoice_no=INV-1") == ids(settled, "poor")
    assert await ids_of(call, "status=on_hold") == ids(settled, "held")
    assert len(await ids_of(call, "status=settled")) == len(settled) - 1
    assert len(await ids_of(call, f"from={today}&to={today}")) == len(settled)
    assert await ids_of(call, "to=2018-01-01") == await ids_of(call, "from=2999-01-01") == []
    assert await ids_of(call, f"person_no={who}&status=on_hold&from={today}") == ids(settled, "held")
    assert await ids_of(call, "visit_no=NONE") == []


async def test_lists_come_in_pages_newest_first(world: World, settled: Settled) -> None:
    whole, pages, cursor = await ids_of(world.agency), [], ""
    while cursor is not None:
        page = await done(await world.agency("GET", f"/v1/settlements?limit=3{cursor and '&cursor=' + cursor}"), 200)
        pages.append([one["id"] for one in page["items"]])
        cursor = page["next_cursor"]

    assert [one for page in pages for one in page] == whole == [one["id"] for one in reversed(settled.values())]
    assert [len(page) for page in pages] == [3, 3, 3, 1]
    for query in ("limit=0", "limit=201", "limit=x", "cursor=x", "from=x", "status=x", "nothing=1"):
        refused = await world.agency("GET", f"/v1/settlements?{query}")
        if query != "nothing=1":
            assert (refused.status_code, refused.json()["code"]) == (422, "request.invalid"), query


async def test_what_is_read_is_what_was_answered(world: World, settled: Settled) -> None:
    listed = (await done(await world.agency("GET", "/v1/settlements"), 200))["items"]

    assert listed == list(reversed(settled.values()))
    for answer in settled.values():
        assert await done(await world.agency("GET", f"/v1/settlements/{answer['id']}"), 200) == answer
        assert answer["operator"] == "clerk-7"


async def test_a_settlement_can_be_decided_again_from_its_trace(world: World, settled: Settled) -> None:
    for answer in settled.values():
        traced = await done(await world.agency("GET", f"/v1/settlements/{answer['id']}/trace"), 200)
        assert (traced["settlement_id"], traced["policy"]) == (answer["id"], answer["policy"])
        pack = world.app.state.packs.by_hash(traced["policy"]["hash"])
        bill = [BillLine(**line) for line in traced["bill"]]

        again = settle(claim_of(traced["claim"], bill), pack)

        assert plain(awards_json(again.awards)) == traced["awards"]
        assert plain([list(entry) for entry in again.entries]) == traced["entries"]
        row = (await world.rows("SELECT to_jsonb(s) FROM settlements s WHERE id = :id", id=answer["id"]))[0][0]
        for name, amount in (again.amounts._asdict() | again.split._asdict()).items():
            assert row[name] == amount, name
        for line, parts in zip(bill, again.line_amounts, strict=True):
            assert (line.amount, line.self_funded, line.over_ceiling, line.first_pay, line.in_scope) == parts
        assert [list(entry) for entry in await world.rows(ENTRIES, id=answer["id"])] == traced["entries"]


def plain(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value, default=list))


async def test_the_sums_before_a_visit_are_those_its_person_had(world: World, settled: Settled) -> None:
    sums: dict[str, dict[tuple[str, str], int]] = {}
    for answer in settled.values():
        traced = await done(await world.agency("GET", f"/v1/settlements/{answer['id']}/trace"), 200)
        kept = sums.setdefault(answer["person_no"], {})
        for period, name, value in traced["claim"]["sums"]:
            assert kept[period, name] == value
        for period, name, before, delta, _ in traced["entries"]:
            assert kept.get((period, name), 0) == before
            kept[period, name] = before + delta


async def test_every_reading_leaves_its_audit_row(world: World, settled: Settled) -> None:
    auditor = await world.call_as(Role.AUDITOR)
    one, who = settled["poor"]["id"], settled["poor"]["person_no"]
    asked = {
        f"/v1/settlements/{one}": ("settlement.read", who, one),
        f"/v1/settlements/{one}/trace": ("settlement.trace", who, one),
        "/v1/settlements": ("settlement.list", None, None),
        f"/v1/settlements?person_no={who}": ("settlement.list", who, None),
    }
    for path, expected in asked.items():
        answer = await auditor("GET", path, headers={"X-Operator": "inspector-1"})
        found = await world.rows(
            "SELECT action, person_no, subject, role, operator, county_code FROM audit_log WHERE request_id = :id",
            id=answer.headers["x-request-id"],
        )
        rows = [tuple(row) for row in found]
        if expected[1] is None:
            # A list leaves a row with each person whom it shows.
            assert {row[1] for row in rows} == {each["person_no"] for each in answer.json()["items"]}
            rows = [(row[0], None, *row[2:]) for row in rows[:1]]
        assert rows == [(*expected, "auditor", "inspector-1", "459901")]

    created = "SELECT action, person_no, operator FROM audit_log WHERE subject = :id AND action = 'settlement.create'"
    assert [tuple(row) for row in await world.rows(created, id=one)] == [("settlement.create", who, "clerk-7")]


async def test_no_name_and_no_number_of_a_person_is_kept_logged_or_answered(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    more = {"social_card_no": "SC459901777", "phone": "13800007777"}
    person_no, id_number = await world.county.person(POOR, name=HIDDEN_NAME, **more)
    secrets = (HIDDEN_NAME, id_number, *more.values())
    texts = []
    with caplog.at_level(logging.DEBUG):
        for who in ({"id_no": id_number}, {"social_card_no": more["social_card_no"]}, {"person_no": person_no}):
            body = stay(world.hospital_code, id_number, person=who)
            for path in ("/v1/settlements/preview", "/v1/settlements", "/v1/settlements"):
                texts.append((await world.hospital("POST", path, body)).text)
            texts.append(
                (await world.hospital("POST", "/v1/settlements", body | {"fee_lines": "x", "person": who})).text
            )
        for path in ("", f"?person_no={person_no}"):
            texts.append((await world.hospital("GET", f"/v1/settlements{path}")).text)
    texts += [JsonLines().format(record) for record in caplog.records]

    for table in await world.counts():
        texts += await world.contents(table)
    answers = await world.rows("SELECT body FROM idempotency_answers")
    texts += [decompress(body).decode() for (body,) in answers]

    assert len(caplog.records) > 10
    assert len(texts) > 100
    assert [text[:200] for text in texts if any(secret in text for secret in secrets)] == []
