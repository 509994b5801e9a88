"""A hospital system that speaks the national interface, and sends a message again until it knows what became of it."""

import asyncio
import re
from datetime import timedelta
from random import Random
from typing import Any, Final
from typing import cast as as_type

import httpx

from scripts.faulting.cast import Cast
from scripts.faulting.stories.asked import pages
from service.nhsa.conversation import BUSY
from tests.cases.county import done, wire_line
from tests.nhsa.his import His
from tests.nhsa.hospital import Stay

_PASSING: Final = ("稍候以同一报文",)
_FAULT: Final = "系统内部错误"
_PAUSE: Final = 0.15
_LINE: Final = {"grade": "A", "unit_price": "20.00", "quantity": "300"}
_REVERSED: Final = 0.3
_REFUSED: Final = 0.5
_TRIES: Final = 5
_CENTRES: Final = re.compile(r"中心 (-?\d+) 人次，总额 (-?[\d.]+)，基金 (-?[\d.]+)")
assert all(words in BUSY for words in _PASSING)


class _Line:
    """What a hospital's system posts with: the same envelope again, until an answer says what became of it."""

    def __init__(self, cast: Cast) -> None:
        self._cast = cast

    async def post(self, url: str, *, content: bytes, headers: dict[str, str]) -> httpx.Response:
        watch = self._cast.watch
        await watch.open.wait()
        with watch.request(f"POST {url}"):
            while True:
                answer = await self._try(f"{self._cast.place.service.url}{url}", content, headers)
                if answer is not None and not self._is_passing(answer):
                    return answer
                await asyncio.sleep(_PAUSE)

    async def _try(self, url: str, content: bytes, headers: dict[str, str]) -> httpx.Response | None:
        try:
            return await self._cast.http.post(url, content=content, headers=headers)
        except httpx.TransportError as error:
            self._cast.watch.heard[type(error).__name__] += 1
            return None

    def _is_passing(self, answer: httpx.Response) -> bool:
        self._cast.watch.heard[f"nhsa {answer.status_code}"] += 1
        if _FAULT in answer.text:
            self._cast.watch.wrong.append(f"the national interface: {answer.text[:300]}")
        return answer.status_code != httpx.codes.OK or any(words in answer.text for words in _PASSING)


async def on_the_wire(cast: Cast, dice: Random) -> None:
    """A stay told message by message and settled (2304); now and then taken back by its message (2601)."""
    patient = cast.patient(dice)
    first = patient.next_day
    last = first + timedelta(days=3)
    patient.next_day, patient.visits = last + timedelta(days=2), patient.visits + 1
    his = His(as_type(Any, _Line(cast)), cast.hospital_code)
    visit_no = f"W{patient.person_no}-{patient.visits}"
    stay = await Stay(his, patient.person_no).admit(visit_no, f"{first}")
    await stay.charge([wire_line(1, _LINE, f"{first}")])
    await stay.discharge(f"{last}")
    msgid = his.msgid()
    await stay.settle("6000.00", msgid=msgid)
    cast.watch.on_the_wire.add(visit_no)
    if dice.random() < _REVERSED:
        await his.done("2601", data={"psn_no": patient.person_no, "omsgid": msgid, "oinfno": "2304"})
    cast.back(patient)


async def asked_to_be_billed(cast: Cast, dice: Random) -> None:
    """A hospital asks to be paid for today (3203), and takes it back (3204) or has it sent back by the agency."""
    async with cast.turn:
        listed = f"/v1/statement-requests?hospital={cast.hospital_code}&open=true"
        for one in await pages(cast.agency, listed):
            # Brought back by a restore to the midst of this story.
            await _sent_back(cast, one)
        his = His(as_type(Any, _Line(cast)), cast.hospital_code)
        number = await _asked(cast, his)
        if number is None:
            return
        [one] = await pages(cast.agency, listed)
        if dice.random() < _REFUSED:
            await _sent_back(cast, one)
        else:
            await his.done("3204", data={"clr_appy_evt_id": number})
        assert not await pages(cast.agency, listed), f"the request {one['id']} has not ended"


async def _sent_back(cast: Cast, one: Any) -> None:
    found = await done(
        await cast.agency("POST", f"/v1/statement-requests/{one['id']}/refusal", {"reason": "不平"}), 200
    )
    assert found["status"] == "refused", found


async def _asked(cast: Cast, his: His) -> str | None:
    """The number of a request with the centre's figures; None where somebody settles between every two messages."""
    day = f"{cast.place.shift.today()}"
    asked = {"begndate": day, "enddate": day, "clr_type": "21"}
    figures = ("0", "0.00", "0.00")
    for _ in range(_TRIES):
        named = dict(zip(("psntime", "medfee_sumamt", "fund_appy_sum"), figures, strict=True))
        answer = await his.say("3203", data=asked | named)
        if answer["infcode"] == "0":
            return str(answer["output"]["result"]["clr_appy_evt_id"])
        found = _CENTRES.search(answer["err_msg"])
        assert found is not None, answer["err_msg"]
        figures = found.group(1), found.group(2), found.group(3)
    return None
