"""Files that are none of what was asked for: refused by name on every way in, and nothing is left, nor on the disk."""

import io
import tempfile
import zipfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from service.payouts.backpay import actions
from tests.claims.world import World
from tests.payouts.claimants import registered
from tests.payouts.office import POOR, account
from tests.payouts.test_backpay import AGREED, csv_of, poor, row_of, uploaded

pytestmark = pytest.mark.asyncio(loop_scope="module")

Send = Callable[[bytes, str], Awaitable[httpx.Response]]


def bomb() -> bytes:
    """50 MB of nothing in 50 kB, under the names that a workbook has."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", bytes(50_000_000))
    return file.getvalue()


@pytest.fixture(autouse=True)
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Where whatever is written beside the database goes; empty afterwards, and nothing of it is held open."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield
    held = [str(file.readlink()) for file in Path("/proc/self/fd").iterdir() if file.is_symlink()]
    assert [name for name in held if name.startswith(str(tmp_path))] == []
    assert list(tmp_path.iterdir()) == []


async def to_claim(world: World) -> Send:
    _, claim = await registered(world)
    path = f"/v1/manual-claims/{claim['id']}/documents"
    return lambda content, name: world.agency("POST", path, data={"kind": "invoice"}, files={"file": (name, content)})


async def to_backpay(world: World) -> Send:
    return lambda content, name: world.agency("POST", "/v1/backpay", data=AGREED, files={"file": (name, content)})


async def to_batch(world: World) -> Send:
    """The answer to a batch that is at the bank."""
    headers = {"X-Operator": "maker"}
    person_no, patient = await world.county.person(POOR, bank_account=account())
    made = await uploaded(world, csv_of(row_of(patient, world.hospital_code)))
    await world.agency("POST", f"/v1/backpay/{made.json()['id']}/post")
    today = world.app.state.clock.now().date().isoformat()
    body = {"payer": "top_up_insurer", "pay_on": today, "filter": {"person_nos": [person_no]}}
    batch = (await world.agency("POST", "/v1/payout-batches", body, headers=headers)).json()["batch"]
    released = await world.agency("POST", f"/v1/payout-batches/{batch['id']}/release", headers={"X-Operator": "other"})
    assert released.status_code == 200, released.text
    path, said = f"/v1/payout-batches/{batch['id']}/answer", {"answered_on": today}
    return lambda content, name: world.agency("POST", path, data=said, files={"file": (name, content)})


WAYS: Final = {"a manual claim": to_claim, "back-pay": to_backpay, "a bank's answer": to_batch}
BAD: Final[dict[str, tuple[bytes, str]]] = {
    "nothing": (b"", "a.pdf"),
    "a wrong type under a right name": (b"MZ\x90\x00" + bytes(4096), "a.xlsx"),
    "a programme that calls itself a picture": (b"\x7fELF" + bytes(4096), "a.jpg"),
    "a zip bomb": (bomb(), "a.xlsx"),
    "a path in the name": (b"\x00", "../../../../tmp/a.csv"),
    "a longer path in the name": (b"\x00", "/etc/cron.d/" + "x" * 300),
    "more than the spool holds": (b"\x00" * 2_000_000, "a.bin"),
}
CODES: Final = {"document.refused", "sheet.empty", "sheet.encoding", "sheet.unreadable", "sheet.too_large"}


@pytest.mark.parametrize("fault", BAD)
@pytest.mark.parametrize("way", WAYS)
async def test_what_is_no_such_file_is_refused_and_leaves_nothing(world: World, way: str, fault: str) -> None:
    send = await WAYS[way](world)
    before = await world.counts()

    answer = await send(*BAD[fault])

    assert (answer.status_code, answer.json()["code"] in CODES) == (422, True), answer.text
    assert answer.json()["errors"][0]["pointer"] == "/file"
    assert await world.counts() == before


@pytest.mark.parametrize("way", WAYS)
async def test_more_than_the_limit_is_refused_before_it_is_read(world: World, way: str) -> None:
    send = await WAYS[way](world)
    before = await world.counts()
    as_much_and_the_form = bytes(world.app.state.settings.max_file_bytes)

    answer = await send(as_much_and_the_form, "a.csv")

    assert (answer.status_code, answer.json()["code"]) == (413, "request.too_large")
    assert await world.counts() == before


async def test_a_file_of_more_rows_than_are_posted_at_once_is_refused_with_how_to_split_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MOST_ROWS", 2)
    rows = [row_of((await poor(world))[1], world.hospital_code) for _ in range(3)]
    before = await world.counts()

    answer = await uploaded(world, csv_of(*rows))
    fits = await uploaded(world, csv_of(*rows[:2]))

    assert (answer.status_code, answer.json()["code"], answer.json()["most"]) == (422, "backpay.too_many", 2)
    assert "拆分" in answer.json()["detail"]
    assert fits.status_code == 201
    after = await world.counts()
    assert after["backpay_imports"] == before["backpay_imports"] + 1
