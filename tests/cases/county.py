"""A county made through the API, as an agency would: hospitals of every kind, people, referrals, cards; then visits."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import uuid4

import httpx

from service.money import PRICE_PLACES, QUANTITY_PLACES, price_times_quantity, scaled, yuan

COUNTY = "459901"
INSURED_FROM = "2015-01-01"

Call = Callable[..., Awaitable[httpx.Response]]

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def id_no(serial: int) -> str:
    """A fictional identity number of the unassigned area 459901 with a right check character (GB 11643)."""
    body = f"{COUNTY}1960{serial // 1000 + 1:02d}01{serial % 1000:03d}"
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, _WEIGHTS, strict=True)) % 11]


async def done(response: httpx.Response, status: int = 201) -> Any:
    """The body of an answer that must have succeeded."""
    assert response.status_code == status, f"{response.status_code}: {response.text}"
    return response.json()


def wire_line(number: int, line: Mapping[str, Any], day: str) -> dict[str, Any]:
    """A fee line of a case as a hospital posts it."""
    price, quantity = scaled(line["unit_price"], PRICE_PLACES), scaled(line["quantity"], QUANTITY_PLACES)
    # Lines of the same terms are the same item, so that a return meets its original.
    terms = "-".join(str(line.get(name, "")) for name in ("grade", "unit_price", "self_pay_ratio", "price_ceiling"))
    return {
        "line_no": number,
        "item_code": f"T-{terms}",
        "item_name": "测试项目",
        "category": "western_medicine",
        "grade": line["grade"],
        "unit_price": line["unit_price"],
        "quantity": line["quantity"],
        "amount": line.get("amount") or yuan(price_times_quantity(price, quantity)),
        "self_pay_ratio": line.get("self_pay_ratio"),
        "price_ceiling": line.get("price_ceiling"),
        "charged_on": day,
    }


@dataclass
class County:
    """Makes what a case needs through the registers, and posts its visits."""

    agency: Call
    county_code: str = COUNTY
    hospitals: dict[tuple[str, str, bool], str] = field(default_factory=dict)
    serial: "count[int]" = field(default_factory=lambda: count(1))

    async def hospital(self, level: str, location: str, *, specialist: bool = False, **more: Any) -> str:
        """The hospital of a kind, made at its first use; one in county has an agreement with the insurer."""
        kind = (level, location, specialist)
        if more or kind not in self.hospitals:
            code = f"H4599010{next(self.serial):04d}"
            body = {
                "hospital_code": code,
                "name": "测试医院",
                "county_code": self.county_code,
                "level": level,
                "location": location,
                "specialist": specialist,
                **more,
            }
            await done(await self.agency("POST", "/v1/hospitals", body))
            if more:
                return code
            self.hospitals[kind] = code
            if location == "county":
                await self.agreement(code)
        return self.hospitals[kind]

    async def agreement(self, hospital_code: str, **dates: str) -> None:
        body = {
            "insurer": "top_up_insurer",
            "hospital_code": hospital_code,
            "policy_no": f"TU-{hospital_code}",
            "valid_from": "2018-01-01",
            **dates,
        }
        await done(await self.agency("POST", "/v1/agreements", body))

    async def person(self, identities: Sequence[Mapping[str, Any]] = (), **more: Any) -> tuple[str, str]:
        """A person insured since long ago: number in the register, identity number."""
        number = id_no(next(self.serial))
        body = {
            "county_code": self.county_code,
            "township_code": "459901101",
            "name": "测试甲",
            "id_no": number,
            "insured": [{"from": INSURED_FROM}],
            "identities": list(identities),
            **more,
        }
        made = await done(await self.agency("POST", "/v1/persons", body))
        return made["person_no"], number

    async def card(self, person_no: str, disease: str) -> None:
        """An approved card for a disease, in force since long ago."""
        certifier = await self.hospital("level2", "county")
        body = {
            "person_no": person_no,
            "disease_code": disease,
            "certificate": {"hospital_code": certifier, "issued_on": "2018-01-01"},
            "applied_on": "2018-01-01",
            "valid_from": "2018-01-01",
        }
        card = await done(await self.agency("POST", "/v1/chronic-cards", body))
        decision = {"decision": "approve", "reason": "符合条件"}
        await done(await self.agency("POST", f"/v1/chronic-cards/{card['id']}/decision", decision), 200)

    async def referral(self, person_no: str, hospital_code: str, day: str) -> str:
        number = f"ZZ{uuid4().hex[:12]}"
        body = {
            "referral_no": number,
            "person_no": person_no,
            "hospital_code": hospital_code,
            "approved_on": day,
            "valid_to": day,
        }
        await done(await self.agency("POST", "/v1/referrals", body))
        return number


def visit_body(
    visit: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], *, hospital: str, id_number: str, referral: str | None
) -> dict[str, Any]:
    """A visit of a case as a hospital posts it."""
    day = visit.get("discharged_on") or visit["service_on"]
    stay = visit["visit_type"] == "inpatient"
    dates = ("admitted_on", "discharged_on") if stay else ("service_on",)
    return {
        "hospital_code": hospital,
        "visit_no": visit["visit_no"],
        "interim_no": visit.get("interim_no", 0),
        "visit_type": visit["visit_type"],
        "person": {"id_no": id_number},
        **{name: visit[name] for name in dates},
        "disease_code": visit.get("disease"),
        "referral_no": referral,
        "fee_lines": [wire_line(number, line, day) for number, line in enumerate(lines, 1)],
        "decided_layers": [
            {"layer": layer, "paid": paid, "settlement_no": "N1", "platform": "national"}
            for layer, paid in visit.get("decided", {}).items()
        ],
        "other_compensation": [
            {"source": "charity", "amount": amount, "paid_to": "hospital"} for amount in visit.get("other", ())
        ],
    }


def wire_figures(answer: Mapping[str, Any]) -> dict[str, str]:
    """The figures of an answer, named as the cases name them."""
    by_layer = {layer["layer"]: layer for layer in answer["layers"]}
    return {
        **answer["amounts"],
        "deductible": by_layer["basic"]["deductible"],
        **{name: layer["paid"] for name, layer in by_layer.items()},
        "patient_pays": answer["patient_pays"],
    }
