"""Who owes patients what, how it is ordered, and what a bank says to it."""

import csv
import io
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from fastapi import FastAPI

from service.claims.query_code import check_digit
from tests.cases.county import Call, County, done, visit_body

POOR = ({"class": "registered_poor", "valid_from": "2015-01-01"},)
PAYER = "top_up_insurer"
_SERIAL = count(1)


def account(holder: str = "测试甲", serial: int | None = None) -> dict[str, str]:
    """An account that no bank has, with a right check digit."""
    digits = f"620000459901{next(_SERIAL) if serial is None else serial:06}"
    return {"holder": holder, "bank": "示范县农村信用社", "number": digits + check_digit(digits)}


@dataclass
class Office:
    """The agency and the insurer at work."""

    app: FastAPI
    agency: Call
    insurer: Call
    county: County
    rows: Callable[..., Awaitable[list[Any]]]

    async def owed(self, price: str = "10000.00", *, day: str = "2018-06-09", **person: Any) -> tuple[str, str]:
        """A poor person whose top-up is owed to them: their number, and the settlement's id."""
        person = {"bank_account": account()} | person
        person_no, id_number = await self.county.person(POOR, **person)
        return person_no, await self.stay(id_number, price, day=day)

    async def stay(self, id_number: str, price: str, *, day: str = "2018-06-09") -> str:
        """A stay at a hospital without an agreement, so that the top-up goes to the patient: a tenth of the price."""
        hospital = await self.county.hospital("level2", "county", name="无协议医院")
        visit = {
            "visit_no": f"V{next(_SERIAL)}",
            "visit_type": "inpatient",
            "admitted_on": day[:8] + "01",
            "discharged_on": day,
        }
        lines = [{"grade": "A", "unit_price": price, "quantity": "1"}]
        body = visit_body(visit, lines, hospital=hospital, id_number=id_number, referral=None)
        settled = await done(await self.agency("POST", "/v1/settlements", body))
        return str(settled["id"])

    async def batch(self, *, status: int = 201, operator: str = "maker", **more: Any) -> Any:
        body = {"payer": PAYER, "pay_on": "2018-12-14"} | more
        return await done(await self.insurer("POST", "/v1/payout-batches", body, operator=operator), status)

    async def release(self, batch_id: str, *, operator: str = "checker", status: int = 200) -> Any:
        path = f"/v1/payout-batches/{batch_id}/release"
        return await done(await self.insurer("POST", path, operator=operator), status)

    async def released(self, **more: Any) -> Any:
        made = await self.batch(**more)
        return await self.release(made["batch"]["id"])

    async def file(self, batch_id: str) -> list[dict[str, str]]:
        """The file of transfers as the bank reads it."""
        found = await self.insurer("GET", f"/v1/payout-batches/{batch_id}/file?format=csv")
        assert found.status_code == 200, found.text
        return [
            {name: cell.rstrip("\t") for name, cell in row.items()}
            for row in csv.DictReader(io.StringIO(found.content.decode("utf-8-sig")))
        ]

    async def answer(
        self, batch_id: str, rows: list[dict[str, str]], *, status: int = 200, trailer: bool = True, cut: int = 0
    ) -> Any:
        """Send the bank's answer: rows as `bank` makes them."""
        content = answer_file(rows, trailer=trailer)
        return await self.send(batch_id, content[: len(content) - cut], status=status)

    async def send(self, batch_id: str, content: bytes, *, status: int = 200) -> Any:
        path = f"/v1/payout-batches/{batch_id}/answer"
        files, data = {"file": ("回盘.csv", content)}, {"answered_on": "2018-12-14"}
        return await done(await self.insurer("POST", path, files=files, data=data), status)

    async def states(self) -> dict[str, int]:
        """What stands between the top-up insurer and patients, by state."""
        found = await self.rows("""
            SELECT m.state, sum(m.signed)::bigint FROM postings p
            CROSS JOIN LATERAL (VALUES (p.target, p.amount), (p.source, -p.amount)) m (state, signed)
            WHERE p.payee LIKE 'person:%' AND p.payer = 'top_up_insurer' GROUP BY 1 HAVING sum(m.signed) <> 0""")
        return {row[0]: row[1] for row in found}

    async def items(self, query: str = "") -> list[Any]:
        return list((await done(await self.insurer("GET", f"/v1/payout-items{query}"), 200))["items"])


def bank(rows: list[dict[str, str]], refused: Mapping[str, str] | None = None) -> list[dict[str, str]]:
    """What a bank makes of a file of transfers: everything paid but the accounts in `refused`, with why."""
    return [
        {
            "业务编号": row["业务编号"],
            "金额": row["金额"],
            "处理结果": "失败" if row["收款账号"] in (refused or {}) else "成功",
            "失败原因": (refused or {}).get(row["收款账号"], ""),
        }
        for row in rows
    ]


def answer_file(rows: list[dict[str, str]], *, trailer: bool = True) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, ["业务编号", "金额", "处理结果", "失败原因"])
    writer.writeheader()
    writer.writerows(rows)
    if trailer:
        total = sum(int(row["金额"].replace(".", "")) for row in rows)
        writer.writerow(
            {"业务编号": "合计", "金额": f"{total // 100}.{total % 100:02}", "处理结果": str(len(rows)), "失败原因": ""}
        )
    return out.getvalue().encode("gbk")
