"""Back-pay: the bureau's file previewed, posted once and whole, each stay raised to the guarantee, none paid twice."""

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from service.access.model import Role
from service.backpay_run import Backpay, run_backpay, told
from service.console import CommandRefused
from tests.cases.county import COUNTY, done, id_no
from tests.claims.bills import fee_line, layers_of, stay
from tests.claims.changes.people import POOR, settled
from tests.claims.world import World, drifted
from tests.payouts.claimants import unconnected

pytestmark = pytest.mark.asyncio(loop_scope="module")

HEADINGS = (
    "身份证号码",
    "医院编码",
    "住院号",
    "入院日期",
    "出院日期",
    "医疗费总额",
    "符合政策范围费用",
    "先行自付",
    "超限价自付",
    "基本医保支付",
    "大病保险支付",
    "医疗救助支付",
    "发票号",
)
AGREED = {"agreement_on": "2018-06-01"}
NOBODY = id_no(11_900)
ABSENT = "0198c7a4-5c00-7000-8000-00000000dead"


def row_of(id_number: str, hospital: str, **more: str) -> dict[str, str]:
    """A stay in March 2018: 10 000 in all, 9 000 in scope, 500 first-pay, 200 over ceiling, 300 self-funded."""
    return {
        "身份证号码": id_number,
        "医院编码": hospital,
        "住院号": f"BP{id_number[-6:]}{len(more)}",
        "入院日期": "2018-03-01",
        "出院日期": "2018年3月9日",
        "医疗费总额": "10,000.00",
        "符合政策范围费用": "9000",
        "先行自付": "500.00",
        "超限价自付": "200.00",
        "基本医保支付": "7200.00",
        "大病保险支付": "300.50",
        "医疗救助支付": "0",
        **more,
    }


def csv_of(*rows: dict[str, str]) -> bytes:
    lines = [HEADINGS, *([row.get(name, "") for name in HEADINGS] for row in rows)]
    return "\r\n".join(",".join(f'"{cell}"' for cell in line) for line in lines).encode("gb18030")


async def uploaded(world: World, content: bytes, name: str = "补支付.csv", **said: str) -> Any:
    return await world.agency("POST", "/v1/backpay", data={**AGREED, **said}, files={"file": (name, content)})


async def previewed(world: World, *rows: dict[str, str]) -> Any:
    return await done(await uploaded(world, csv_of(*rows)))


async def rows_of(world: World, made: Any, **filters: str) -> Sequence[Any]:
    query = "&".join(f"{name}={value}" for name, value in {"limit": "200", **filters}.items())
    page = await done(await world.agency("GET", f"/v1/backpay/{made['id']}/rows?{query}"), 200)
    items: Sequence[Any] = page["items"]
    return items


async def posted(world: World, made: Any, **more: Any) -> Any:
    return await world.agency("POST", f"/v1/backpay/{made['id']}/post", **more)


async def poor(world: World) -> tuple[str, str]:
    return await world.county.person(POOR)


async def test_each_stay_is_raised_to_the_guarantee_and_its_decided_layers_feed_the_sums(world: World) -> None:
    # 90 % of 10 000 is 9 000; 7 500.50 is paid: 1 499.50 is still due.
    person_no, patient = await poor(world)
    made = await previewed(world, row_of(patient, world.hospital_code))
    assert (made["ready"], made["settled"], made["rejected"], made["amount"]) == (1, 0, 0, "1499.50")
    assert (made["due_on"], made["posted_at"]) == ("2018-08-01", None)
    assert await world.rows("SELECT 1 FROM settlements WHERE person_no = :p", p=person_no) == []

    done_ = await done(await posted(world, made), 200)

    assert done_["posted_at"] is not None
    [row] = await rows_of(world, made)
    settlement = await done(await world.agency("GET", f"/v1/settlements/{row['settlement_id']}"), 200)
    assert settlement["amounts"] == {
        "total": "10000.00",
        "self_funded": "300.00",
        "over_ceiling": "200.00",
        "first_pay": "500.00",
        "in_scope": "9000.00",
    }
    layers = layers_of(settlement)
    assert {name: (layer["paid"], layer["decided"]) for name, layer in layers.items()} == {
        "basic": ("7200.00", True),
        "serious": ("300.50", True),
        "aid": ("0.00", True),
        "other": ("0.00", False),
        "top_up": ("1499.50", False),
    }
    assert settlement["owed_to_patient"] == "1499.50"
    sums = await world.rows(
        "SELECT name, value FROM accumulators WHERE person_no = :p AND name IN ('basic.paid', 'serious.paid')",
        p=person_no,
    )
    assert dict(map(tuple, sums)) == {"basic.paid": 7_200_00, "serious.paid": 300_50}
    sources = await world.rows("SELECT kind, due_on::text FROM payout_sources WHERE origin = :o", o=settlement["id"])
    assert [tuple(each) for each in sources] == [("backpay", "2018-08-01")]
    assert await drifted(world) == []


async def test_a_content_is_posted_once_however_often_it_is_uploaded(world: World) -> None:
    _, patient = await poor(world)
    content = csv_of(row_of(patient, world.hospital_code))
    one, two = [await done(await uploaded(world, content)) for _ in range(2)]
    first = await done(await posted(world, one), 200)
    before = await world.counts()

    again = await done(await posted(world, one), 200)
    other = await done(await posted(world, two), 200)
    third = await done(await uploaded(world, content))

    assert again == other == third == first
    after = await world.counts()
    assert {name for name in after if after[name] != before[name]} <= {"idempotency_keys", "idempotency_answers"}


async def test_the_same_request_posts_once(world: World) -> None:
    _, patient = await poor(world)
    made = await previewed(world, row_of(patient, world.hospital_code))

    answers = [await posted(world, made, key="bp-once") for _ in range(2)]

    assert answers[0].content == answers[1].content
    assert answers[1].headers["Idempotent-Replayed"] == "true"


async def test_it_is_posted_whole_or_not_at_all(world: World) -> None:
    _, one = await poor(world)
    _, two = await poor(world)
    made = await previewed(world, row_of(one, world.hospital_code), row_of(two, world.hospital_code))
    body = stay(world.hospital_code, two, admitted_on="2018-03-05", discharged_on="2018-03-12")
    await settled(world.agency, body | {"fee_lines": [fee_line(charged_on="2018-03-06")]})
    before = await world.counts()

    answer = await posted(world, made)

    assert (answer.status_code, answer.json()["code"]) == (409, "backpay.stale")
    assert (answer.json()["row"], answer.json()["reason"]) == (3, "visit.overlap")
    assert await world.counts() == before


async def test_what_is_settled_already_is_recognised_and_the_rest_rejected_with_its_reason(world: World) -> None:
    _, same_number = await poor(world)
    _, same_days = await poor(world)
    _, near = await poor(world)
    _, fine = await poor(world)
    elsewhere = await unconnected(world)
    line = fee_line(charged_on="2018-03-02")
    days = {"admitted_on": "2018-03-01", "discharged_on": "2018-03-09", "fee_lines": [line]}
    await settled(world.agency, stay(world.hospital_code, same_number, visit_no="BP-KNOWN", **days))
    await settled(world.agency, stay(world.hospital_code, same_days, invoice_no="INV-BP", **days))
    await settled(world.agency, stay(world.hospital_code, near, **days))
    hospital = world.hospital_code
    rows = {
        "visit.already_settled": row_of(same_number, hospital, 住院号="BP-KNOWN"),
        "visit.overlap": row_of(same_days, hospital),
        "visit.overlap ": row_of(near, elsewhere),
        "invoice.used": row_of(fine, hospital, 发票号="INV-BP"),
        "person.unknown": row_of(NOBODY, hospital),
        "hospital.unknown": row_of(fine, "H-NOWHERE"),
        "stay.period": row_of(fine, hospital, 出院日期="2018-06-02"),
        "row.parts": row_of(fine, hospital, 符合政策范围费用="9999"),
        "amount.unreadable": row_of(fine, hospital, 基本医保支付="-1"),
        "row.incomplete": row_of(fine, hospital, 大病保险支付=""),
        "visit.dates": row_of(fine, hospital, 入院日期="2018-04-01"),
        "decided_layers.parts_mismatch": row_of(fine, hospital, 基本医保支付="9500"),
        "": row_of(fine, hospital),
        "row.twice": row_of(fine, elsewhere, 入院日期="2018-03-08", 出院日期="2018-03-20"),
    }

    made = await previewed(world, *rows.values())

    found = await rows_of(world, made)
    assert [each["code"] or "" for each in found] == [code.strip() for code in rows]
    assert [each["outcome"] for each in found[:4]] == ["settled", "settled", "rejected", "rejected"]
    assert (made["ready"], made["settled"], made["rejected"]) == (1, 2, 11)
    assert all(each["reason"] for each in found if each["outcome"] != "ready")
    assert [each["row"] for each in await rows_of(world, made, outcome="ready")] == [14]


async def test_an_agency_pays_back_its_own_countys_people_alone(world: World) -> None:
    other = await world.call_as(Role.AGENCY, county_code="459999")
    _, patient = await poor(world)
    made = await previewed(world, row_of(patient, world.hospital_code))

    unseen = await other("GET", f"/v1/backpay/{made['id']}")
    absent = await other("GET", f"/v1/backpay/{ABSENT}")

    assert (unseen.status_code, unseen.json()) == (404, absent.json())
    assert (await other("POST", f"/v1/backpay/{made['id']}/post")).status_code == 404


async def test_nothing_ready_posts_nothing(world: World) -> None:
    made = await previewed(world, row_of(NOBODY, world.hospital_code))

    answer = await posted(world, made)

    assert (answer.status_code, answer.json()["code"]) == (409, "backpay.nothing")


async def test_it_is_overdue_until_it_is_paid(world: World) -> None:
    _, patient = await poor(world)
    made = await previewed(world, row_of(patient, world.hospital_code))
    late = await done(await world.agency("GET", "/v1/backpay?overdue=true&limit=200"), 200)

    assert made["overdue"] is True, "two months of 2018 are long over"
    assert made["id"] in [each["id"] for each in late["items"]]


@pytest.mark.parametrize("day", ["2017-12-31", "2999-01-01"])
async def test_the_day_of_the_agreement_is_one_that_can_be(world: World, day: str) -> None:
    _, patient = await poor(world)
    before = await world.counts()

    answer = await uploaded(world, csv_of(row_of(patient, world.hospital_code)), agreement_on=day)

    assert answer.status_code == 422
    assert answer.json()["code"] in {"backpay.agreement_on", "payout.no_rules"}
    assert await world.counts() == before


def workbook(*rows: dict[str, Any]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["某县社保局补支付名单"])
    sheet.append(HEADINGS)
    for row in rows:
        sheet.append([row.get(name) for name in HEADINGS])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


async def test_a_workbook_is_read_under_its_title_and_a_code_kept_as_a_number_is_not_guessed(world: World) -> None:
    _, patient = await poor(world)
    fine = row_of(patient, world.hospital_code) | {"医疗费总额": 10000, "基本医保支付": 7200}
    lost = row_of(patient, world.hospital_code) | {"住院号": 12345}

    made = await done(await uploaded(world, workbook(fine, lost), "补支付.xlsx"))

    assert [each["code"] for each in await rows_of(world, made)] == [None, "row.number"]
    assert made["amount"] == "1499.50"


BAD = {
    "empty": (b"", "sheet.empty"),
    "no headings": ("姓名,金额\r\n甲,1\r\n".encode(), "sheet.headings"),
    "no encoding": (b"\xff\xfe\x00\x80,\x81\r\n", "sheet.encoding"),
    "a broken workbook": (b"PK\x03\x04" + bytes(64), "sheet.unreadable"),
}


@pytest.mark.parametrize("name", BAD)
async def test_what_is_no_table_is_refused_and_leaves_nothing(world: World, name: str) -> None:
    content, code = BAD[name]
    before = await world.counts()

    answer = await uploaded(world, content)

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert await world.counts() == before


async def test_what_the_file_says_lies_sealed_and_never_changes(world: World) -> None:
    _, patient = await poor(world)
    made = await previewed(world, row_of(patient, world.hospital_code))
    await done(await posted(world, made), 200)
    kept = " ".join([*await world.contents("backpay_rows"), *await world.contents("backpay_imports")])
    assert patient not in kept
    for table in ("backpay_imports", "backpay_rows", "backpay_posts", "backpay_stays"):
        for statement in (f"UPDATE {table} SET county_code = 'x'", f"DELETE FROM {table}"):  # noqa: S608 - our own names
            with pytest.raises(Exception, match=r"only grows|keeps its history"):
                await world.rows(statement)


async def test_the_command_previews_and_posts_as_the_api_does(world: World, tmp_path: Path) -> None:
    _, patient = await poor(world)
    file = tmp_path / "补支付.csv"
    file.write_bytes(csv_of(row_of(patient, world.hospital_code), row_of(NOBODY, world.hospital_code)))
    settings = world.app.state.settings
    asked = Backpay(file, COUNTY, date(2018, 6, 1), "clerk", post=False)

    seen = await run_backpay(world.system, settings, asked)
    done_ = await run_backpay(world.system, settings, replace(asked, post=True))
    again = await run_backpay(world.system, settings, replace(asked, post=True))

    assert (seen["posted_at"], seen["ready"], seen["rejected"], seen["amount"]) == (None, 1, 1, "1499.50")
    assert [each["code"] for each in done_["left"]] == ["person.unknown"]
    assert done_["posted_at"] is not None
    assert again == done_
    assert "1 ready (1499.50 yuan, 0.00 paid)" in told(done_)
    file.write_bytes(b"")
    with pytest.raises(CommandRefused, match="no row"):
        await run_backpay(world.system, settings, asked)


async def test_what_comes_out_otherwise_than_previewed_is_not_posted(world: World) -> None:
    person_no, patient = await poor(world)
    made = await previewed(world, row_of(patient, world.hospital_code))
    body = {"identities": [], "reason": "更正身份"}
    await done(await world.agency("PUT", f"/v1/persons/{person_no}", body), 200)
    before = await world.counts()

    answer = await posted(world, made)

    assert (answer.status_code, answer.json()["code"]) == (409, "backpay.stale")
    assert (answer.json()["row"], answer.json()["reason"]) == (2, "row.amount")
    assert await world.counts() == before


async def test_what_is_overdue_is_what_is_left_to_pay_and_no_page_hides_it(world: World) -> None:
    _, one = await poor(world)
    _, other = await poor(world)
    open_one = await previewed(world, row_of(one, world.hospital_code))
    content = csv_of(row_of(other, world.hospital_code))
    preview_alone, reversed_one = [await done(await uploaded(world, content)) for _ in range(2)]
    await done(await posted(world, reversed_one), 200)
    [row] = await rows_of(world, reversed_one)
    await done(await world.agency("POST", f"/v1/settlements/{row['settlement_id']}/reversal", {"reason": "误"}))

    late, cursor = [], ""
    while True:
        page = await done(await world.agency("GET", f"/v1/backpay?overdue=true&limit=1{cursor}"), 200)
        late += [each["id"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert open_one["id"] in late, "also behind newer files that are not overdue"
    assert not {preview_alone["id"], reversed_one["id"]} & set(late)
