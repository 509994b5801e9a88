"""
Many hospital systems on a bad line: connections cut before and after the commit, the same bodies sent again, 2601
racing its target. Afterwards one settlement or none per stay, and every answer that was received is true.
"""

import asyncio
import json
import random
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from service.db import transaction_on
from tests.cases.county import wire_line
from tests.claims.world import World, drifted
from tests.nhsa.his import CALL, His, as_text, complete
from tests.nhsa.hospital import Stay
from tests.proof.scene import found_wrong, named

LINE = {"grade": "A", "unit_price": "20.00", "quantity": "300"}
POOR = [{"class": "registered_poor", "valid_from": "2015-01-01"}]
UNLIKE = """
    SELECT owed.amount, live.amount FROM (
        SELECT coalesce(sum(CASE WHEN target = 'unbilled' THEN amount ELSE 0 END)
            - sum(CASE WHEN source = 'unbilled' THEN amount ELSE 0 END), 0) AS amount FROM postings
    ) owed, (
        SELECT coalesce(sum(s.hospital_advances), 0) AS amount FROM settlements s
        JOIN live_visits v ON v.settlement_id = s.id
    ) live WHERE owed.amount <> live.amount
"""
"""What payers owe is what the settlements that stand have advanced."""
PATIENCE = httpx.Timeout(60.0)
TRUSTED = ssl.create_default_context()
"""Read once: each client that is given none reads all certificates of the machine anew."""


@dataclass
class Told:
    """What one stay's system sent and heard."""

    number: str
    stay: Stay
    heard: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    reversed_: set[str] = field(default_factory=set)
    cuts: int = 0


async def send(told: Told, urls: Sequence[str], rng: random.Random, infno: str, msgid: str, body: bytes) -> bool:
    """Send once on a connection of its own, and perhaps cut it; whether an answer was heard."""
    patience = rng.choice((0.002, 0.01, 0.03, 0.1, None, None))
    async with httpx.AsyncClient(timeout=PATIENCE, verify=TRUSTED) as client:
        try:
            async with asyncio.timeout(patience):
                response = await client.post(f"{rng.choice(urls)}{CALL}", content=body)
        except TimeoutError:
            told.cuts += 1
            return False
    assert response.status_code == 200, response.text
    told.heard.append((infno, msgid, as_text(response.content)))
    return True


async def one_stay(told: Told, his: His, urls: Sequence[str], rng: random.Random) -> None:
    """Settle with every kind of bad luck, until the system knows how it stands."""
    asked = complete("2304", {"data": {**told.stay.whose, "medfee_sumamt": "6000.00"}})
    for _ in range(4):
        msgid = his.msgid()
        body = json.dumps(his.envelope("2304", asked, msgid)).encode()
        sending = [send(told, urls, rng, "2304", msgid, body) for _ in range(rng.randint(1, 3))]
        gives_up = rng.random() < 0.5
        if gives_up:
            reversal = {"data": {"psn_no": told.stay.psn_no, "omsgid": msgid, "oinfno": "2304"}}
            text = json.dumps(his.envelope("2601", reversal)).encode()
            sending.insert(rng.randrange(len(sending) + 1), reversing(told, urls, rng, msgid, text))
        await asyncio.gather(*sending)
        if msgid in told.reversed_:
            continue
        # No answer yet: the same body again, as often as it takes.
        while not any(heard[1] == msgid for heard in told.heard):
            await send(told, urls, rng, "2304", msgid, body)
        return


async def reversing(told: Told, urls: Sequence[str], rng: random.Random, msgid: str, text: bytes) -> bool:
    while True:
        if await send(told, urls, rng, "2601", msgid, text):
            done = next(a for i, m, a in reversed(told.heard) if (i, m) == ("2601", msgid))
            assert done["infcode"] == "0", done
            told.reversed_.add(msgid)
            return True


async def prepared(world: World, his: His, number: str) -> Told:
    person_no, _ = await world.county.person(POOR)
    stay = await Stay(his, person_no).admit(number, "2018-06-01")
    await stay.charge([wire_line(1, LINE, "2018-06-05")])
    await stay.discharge("2018-06-09")
    return Told(number, stay)


async def storm(world: World, his: His, urls: Sequence[str], *, clients: int, stays: int, seed: int) -> dict[str, int]:
    """Let it blow, then look. Gives how much of what there was."""
    told = [await prepared(world, his, f"ST{seed}-{number}") for number in range(clients * stays)]

    async def client(number: int) -> None:
        rng = random.Random(seed * 1000 + number)
        for one in told[number::clients]:
            await one_stay(one, his, urls, rng)

    await asyncio.gather(*(client(number) for number in range(clients)))
    for one in told:
        await look(world, one)
    assert await drifted(world) == []
    assert await world.rows(UNLIKE) == []
    async with transaction_on(world.system) as tx:
        wrong = await found_wrong(tx)
    assert wrong == [], named(wrong)[:3]
    taken = await world.rows("SELECT 1 FROM nhsa_messages WHERE outcome = 'taken'")
    assert taken == []
    return {
        "stays": len(told),
        "answers": sum(len(one.heard) for one in told),
        "cuts": sum(one.cuts for one in told),
        "reversed": sum(len(one.reversed_) for one in told),
    }


async def look(world: World, told: Told) -> None:
    """One settlement or none, and nothing that was heard is untrue."""
    live = await world.rows(
        "SELECT s.msgid, s.fund_pay_sumamt FROM nhsa_settled s"
        " JOIN live_visits v ON v.settlement_id = s.settlement_id WHERE v.visit_no = :number",
        number=told.number,
    )
    assert len(live) <= 1, told.number
    standing = {row.msgid: row.fund_pay_sumamt for row in live}
    kept = await world.rows("SELECT 1 FROM live_visits WHERE visit_no = :number", number=told.number)
    assert len(kept) == len(live)
    by_message: dict[str, set[str]] = {}
    for infno, msgid, answer in told.heard:
        if infno != "2304":
            assert msgid not in standing, "a reversed message stands"
            continue
        by_message.setdefault(msgid, set()).add(json.dumps(answer, sort_keys=True))
        if answer["infcode"] == "0" and msgid not in told.reversed_:
            amount = answer["output"]["setlinfo"]["fund_pay_sumamt"].replace(".", "")
            assert standing == {msgid: int(amount)}, "a success that was heard does not stand"
        if answer["infcode"] == "-1":
            assert msgid not in standing, f"a refusal that was heard stands: {answer['err_msg']}"
    for msgid, answers in by_message.items():
        if msgid not in told.reversed_:
            assert len(answers) == 1, "the same message got two answers"
