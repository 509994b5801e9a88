"""What a test needs of a hospital on the wire: an institution, and visits spoken message by message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

from service.access.model import Role
from service.db import transaction_on
from service.nhsa.auth import store
from service.nhsa.model import Auth, Institution
from tests.access.callers import COUNTY, make_client
from tests.cases.county import wire_line
from tests.nhsa.his import His


async def connect(
    app: FastAPI, code: str, *, profile: str = "hunan-1.1.27", open_: bool = True, **details: Any
) -> Institution:
    """A hospital of the register becomes an institution on the wire; no proof is asked unless told."""
    client, _ = await make_client(app, Role.HOSPITAL, f"nhsa-{code}", hospital_code=code)
    institution = Institution(code, COUNTY, code, client.client_id, profile, open_, **details)
    async with transaction_on(app.state.engine) as tx:
        await store.add_institution(tx, institution, at=app.state.clock.now())
    return institution


async def give_key(app: FastAPI, code: str, auth: Auth, account: str, secret: str) -> None:
    async with transaction_on(app.state.engine) as tx:
        await store.add_credential(tx, app.state.vault, auth, account, code, secret, at=app.state.clock.now())


_LEVELS = {"A": "01", "B": "02", "C": "03"}


def fee_row(line: Mapping[str, Any], mdtrt_id: str, psn_no: str, **more: Any) -> dict[str, Any]:
    """A fee line of REST as 2301 and 2204 send it; terms that no catalogue has go in exp_content."""
    terms = {
        "chrgitm_lv": _LEVELS[line["grade"]],
        "selfpay_prop": line["self_pay_ratio"],
        "pric_uplmt_amt": line["price_ceiling"],
        "item_name": line["item_name"],
        "med_chrgitm_type": "09",
    }
    return {
        "feedetl_sn": str(line["line_no"]),
        "mdtrt_id": mdtrt_id,
        "psn_no": psn_no,
        "fee_ocur_time": f"{line['charged_on']} 09:00:00",
        "med_list_codg": line["item_code"],
        "medins_list_codg": line["item_code"],
        "det_item_fee_sumamt": line["amount"],
        "cnt": line["quantity"],
        "pric": line["unit_price"],
        "exp_content": {name: value for name, value in terms.items() if value is not None},
        **more,
    }


def total_of(lines: Sequence[Mapping[str, Any]]) -> str:
    cents = sum(int(line["amount"].replace(".", "")) for line in lines)
    return f"{cents // 100}.{cents % 100:02d}"


@dataclass
class Stay:
    """A stay on the wire, from admission on."""

    his: His
    psn_no: str
    mdtrt_id: str = ""
    lines: int = 0

    @property
    def whose(self) -> dict[str, str]:
        return {"mdtrt_id": self.mdtrt_id, "psn_no": self.psn_no}

    async def admit(self, number: str, day: str, **more: Any) -> "Stay":
        given = {"psn_no": self.psn_no, "ipt_no": number, "begntime": f"{day} 08:00:00", **more}
        self.mdtrt_id = (await self.his.done("2401", mdtrtinfo=given))["result"]["mdtrt_id"]
        return self

    async def charge(self, lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        numbered = [{**line, "line_no": self.lines + number} for number, line in enumerate(lines, 1)]
        self.lines += len(lines)
        rows = [fee_row(line, **self.whose) for line in numbered]
        found: list[dict[str, Any]] = (await self.his.done("2301", feedetail=rows))["result"]
        return found

    async def discharge(self, day: str) -> None:
        given = {**self.whose, "endtime": f"{day} 10:00:00"}
        await self.his.done("2402", dscginfo=given, diseinfo=[self.whose])

    async def settle(self, total: str, infno: str = "2304", *, msgid: str | None = None, **more: Any) -> dict[str, Any]:
        data = {**self.whose, "medfee_sumamt": total, "certno": "1", "psn_name": "1", **more}
        return await self.his.done(infno, msgid=msgid, data=data)


def lines_of(case_lines: Sequence[Mapping[str, Any]], day: str) -> list[dict[str, Any]]:
    return [wire_line(number, line, day) for number, line in enumerate(case_lines, 1)]
