"""The slip on paper and the text message: what they say, for whom, and that a telephone can read them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from service.access.model import Role
from service.money import fen, yuan
from tests.cases.county import done
from tests.claims.changes.people import reversed_
from tests.claims.world import World
from tests.inquiry.patients import Patient, settled
from tests.inquiry.test_versions import decided_anew

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not here"),
]

AID = [{"class": "low_income_allowance", "valid_from": "2015-01-01"}]


async def slip_of(patient: Patient, language: str) -> bytes:
    path = f"/v1/settlements/{patient.settlement['id']}/slip.pdf?lang={language}"
    answer = await patient.world.hospital("GET", path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    return answer.content


def words_of(pdf: bytes) -> str:
    ran = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return ran.stdout.decode()


def fonts_of(pdf: bytes) -> str:
    return subprocess.run(["pdffonts", "-"], input=pdf, capture_output=True, check=True).stdout.decode()


def picture_of(pdf: bytes, folder: Path) -> Image.Image:
    command = ["pdftoppm", "-r", "100", "-png", "-singlefile", "-", str(folder / "slip")]
    subprocess.run(command, input=pdf, check=True)
    return Image.open(folder / "slip.png")


async def test_the_slip_says_who_pays_what_is_due_and_how_to_ask(world: World) -> None:
    patient = await settled(world)
    code = patient.code

    said = words_of(await slip_of(patient, "zh"))

    for words in ("测试医院", "1000.00", "800.00", "100.00", "出院应缴", "000 §四(一)", "医院垫付", "测**"[:1]):
        assert words in said, words
    assert f"{code[:4]} {code[4:8]} {code[8:]}" in said
    assert "http://onestop.test/p" in said
    assert patient.id_no not in said
    assert "测试甲" not in said


async def test_the_english_slip_has_the_same_amounts(world: World) -> None:
    patient = await settled(world)

    chinese, english = words_of(await slip_of(patient, "zh")), words_of(await slip_of(patient, "en"))

    amounts = re.compile(r"\d+\.\d{2}")
    assert "Due at discharge" in english
    table = slice(0, 18)
    assert amounts.findall(chinese)[table] == amounts.findall(english)[table]


async def test_the_glyphs_come_along(world: World) -> None:
    pdf = await slip_of(await settled(world), "zh")

    fonts = fonts_of(pdf)

    assert all("yes yes" in line for line in fonts.splitlines()[2:]), fonts
    assert len(pdf) < 200_000, "only the glyphs that are used"


async def test_a_telephone_reads_the_qr_code(world: World, tmp_path: Path) -> None:
    patient = await settled(world)

    [read] = zxingcpp.read_barcodes(picture_of(await slip_of(patient, "zh"), tmp_path))

    assert read.text == f"http://onestop.test/p?code={patient.code}"


async def test_expected_aid_is_on_the_slip_and_in_the_message_with_what_to_do(world: World) -> None:
    hospital = await world.county.hospital("level2", "county", aid="on_application")
    patient = await settled(world, hospital=hospital, person={"identities": AID})
    path = f"/v1/settlements/{patient.settlement['id']}"
    expected = patient.settlement["expected_aid"]

    printed = await world.agency("GET", f"{path}/slip.pdf")
    said = (await done(await world.agency("GET", f"{path}/sms"), 200))["parts"]

    assert expected != "0.00"
    assert "须申请" in words_of(printed.content)
    assert any(expected in part and "尚未批准" in part and "申请" in part for part in said)
    paid = fen(patient.settlement["paid_total"]) - fen(expected)
    assert f"各方承担{yuan(paid)}元" in said[0], "what is not approved is not paid"


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_message_is_short_and_leads_to_the_page(world: World, language: str) -> None:
    hospital = await world.county.hospital("level2", "county", name="名字很长的医院" * 12)
    patient = await settled(world, hospital=hospital)

    path = f"/v1/settlements/{patient.settlement['id']}/sms?lang={language}"
    said = (await done(await world.agency("GET", path), 200))["parts"]

    assert all(0 < len(part) <= 70 for part in said)
    assert patient.code in " ".join(said)
    assert patient.settlement["patient_pays"] in " ".join(said)
    assert patient.id_no[-6:] not in " ".join(said)


async def test_slips_are_printed_by_those_who_have_a_counter(world: World) -> None:
    patient = await settled(world)
    path = f"/v1/settlements/{patient.settlement['id']}/slip.pdf"
    stranger = await world.call_as(Role.HOSPITAL, hospital_code="H45990108888")

    assert (await stranger("GET", path)).status_code == 404
    for role in (Role.PAYER, Role.AUDITOR, Role.TOWNSHIP):
        assert (await (await world.call_as(role))("GET", path)).status_code == 403
    trail = await world.rows("SELECT action FROM audit_log WHERE person_no = :p", p=patient.person_no)
    assert ("slip.print",) not in {tuple(row) for row in trail}
    await slip_of(patient, "zh")
    trail = await world.rows("SELECT action FROM audit_log WHERE person_no = :p", p=patient.person_no)
    assert ("slip.print",) in {tuple(row) for row in trail}


async def test_the_slip_and_the_message_of_an_earlier_version_send_to_the_one_that_holds(world: World) -> None:
    changed = await decided_anew(world)
    old, new = (f"/v1/settlements/{each['id']}" for each in (changed.patient.settlement, changed.newest))

    async def told(path: str, language: str) -> tuple[str, list[str]]:
        printed = await world.agency("GET", f"{path}/slip.pdf?lang={language}")
        said = await done(await world.agency("GET", f"{path}/sms?lang={language}"), 200)
        return words_of(printed.content), said["parts"]

    for language, words, message in (("zh", "已由第 2 版替代", "第2版"), ("en", "REPLACED BY VERSION 2", "version 2")):
        printed, [said] = await told(old, language)
        assert words in printed
        assert message in said
        assert len(said) <= 70
        assert changed.patient.settlement["patient_pays"] not in said, "an amount that holds no more"
    printed, messages = await told(new, "zh")
    assert "替代" not in printed
    assert "第 2 版（重新核定）" in printed
    assert changed.newest["patient_pays"] in " ".join(messages)
    await reversed_(world.agency, changed.newest["id"])
    assert "已撤销" in (await told(new, "zh"))[0]
    assert "已由第 2 版替代" in (await told(old, "zh"))[0]
