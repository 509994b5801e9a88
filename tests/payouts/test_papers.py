"""Letters in Chinese: what was decided, why, where the money goes, how to object, and the code that opens the rest."""

import shutil
import subprocess
from dataclasses import replace

import pytest

from service.policy.library import Library
from tests.cases.county import done
from tests.payouts.claimants import MISSING, REFUSE, claim_body
from tests.payouts.office import Office
from tests.payouts.test_cycles import patient, run, visit

pytestmark = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not here")


async def words_of(office: Office, path: str) -> str:
    answer = await office.agency("GET", path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf"), answer.text
    return text_of(answer.content)


def text_of(pdf: bytes) -> str:
    ran = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return ran.stdout.decode()


async def test_the_decision_letter_says_what_goes_where_and_how_to_object(office: Office) -> None:
    _, settlement_id = await office.owed("10000.00")
    settled = await done(await office.agency("GET", f"/v1/settlements/{settlement_id}"), 200)

    said = await words_of(office, f"/v1/settlements/{settlement_id}/decision.pdf")

    assert "补偿决定书" in said
    assert "1000.00" in said
    assert "000 §四" in said
    assert "待付款" in said
    assert "60 日内答复" in said
    assert settled["query_code"] in said.replace(" ", "")
    assert "测试甲" not in said, "names are masked"


async def test_the_statement_of_a_cycle_shows_every_visit_and_every_difference(office: Office) -> None:
    person_no, id_number = await patient(office)
    first = await visit(office, id_number, "2000.00", "2018-03-05")
    await visit(office, id_number, "1000.00", "2018-04-05")
    item = (await run(office, "2018-01-01"))["items"][0]
    path = f"/v1/cycles/2018-01-01/persons/{person_no}/statement.pdf"

    said = await words_of(office, path)
    assert "年度补偿对账单" in said
    stands = ("2018-03-05", "2018-04-05", item["amount"], "2018-12-15", "000 §四(四)2(4)", "总费用的 80%")
    assert all(text in said for text in stands)
    assert "差额" not in said

    await done(await office.agency("POST", f"/v1/settlements/{first}/reversal", {"reason": "误结算", "chain": True}))
    await run(office, "2018-01-01")
    said = await words_of(office, path)
    assert "2018-03-05" not in said
    assert f"-{item['amount']}" in said


async def test_nobody_has_a_statement_of_a_cycle_they_are_not_in(office: Office) -> None:
    person_no, _ = await patient(office)
    answer = await office.agency("GET", f"/v1/cycles/2018-01-01/persons/{person_no}/statement.pdf")
    assert (answer.status_code, answer.json()["code"]) == (404, "cycle.person_unknown")


async def test_a_decision_that_holds_no_more_says_so_and_one_that_owes_nothing_promises_nothing(office: Office) -> None:
    person_no, settlement_id = await office.owed("10000.00")
    await done(await office.agency("PUT", f"/v1/persons/{person_no}", {"identities": [], "reason": "更正"}), 200)
    path = f"/v1/settlements/{settlement_id}/readjudication"
    body = {"cause": "identity", "note": "名册更正后重核"}
    version = await done(await office.agency("POST", path, body))

    before = await words_of(office, f"/v1/settlements/{settlement_id}/decision.pdf")
    after = await words_of(office, f"/v1/settlements/{version['id']}/decision.pdf")

    assert "金额以第 2 版为准" in before
    assert ("无应付本人款项" in after, "待付款" in after, "名册更正后重核" in after) == (True, False, True)


async def test_who_is_refused_is_told_why_by_which_clause_and_how_to_object(office: Office) -> None:
    hospital = await office.county.hospital("level2", "county", connected=False, name="未接入医院")
    _, patient_ = await office.county.person()
    claim = await done(
        await office.agency("POST", "/v1/manual-claims", claim_body(hospital, patient_), operator="clerk")
    )
    path = f"/v1/manual-claims/{claim['id']}"
    early = await office.agency("GET", f"{path}/refusal.pdf")
    await done(await office.agency("POST", f"{path}/request", MISSING, operator="chief"), 200)
    await done(await office.agency("POST", f"{path}/decision", REFUSE, operator="chief"), 200)

    said = await words_of(office, f"{path}/refusal.pdf")

    assert (early.status_code, early.json()["code"]) == (409, "manual_claim.state")
    assert all(text in said for text in ("不予支付决定书", REFUSE["reason"], "未接入医院", "60 日内答复", "001 篇八"))
    assert "查询码" not in said, "there is nothing to be seen with one"


async def test_a_statement_is_read_after_the_county_has_edited_its_law(office: Office) -> None:
    person_no, id_number = await patient(office)
    await visit(office, id_number, "4000.00", "2018-03-05")
    await run(office, "2018-01-01")
    state = office.app.state
    loaded, law = state.packs, state.law
    edited = replace(loaded, packs=tuple(replace(pack, hash=f"sha256:{pack.id}") for pack in loaded.packs))
    state.packs, state.law = edited, Library(edited)

    said = await words_of(office, f"/v1/cycles/2018-01-01/persons/{person_no}/statement.pdf")

    state.packs, state.law = loaded, law
    assert "年度补偿对账单" in said
