"""Cases as the kernel takes them: a year of one person, its running sums carried from visit to visit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from service.money import PRICE_PLACES, QUANTITY_PLACES, fen, ppm, price_times_quantity, scaled, yuan
from service.policy.conditions import Situation, VisitType
from service.policy.model import Pack
from service.settlement.model import Claim, DecidedLayer, FeeLine, OtherCompensation, Settlement, SumKey
from service.settlement.waterfall import settle
from service.words import HospitalLevel, Location

HERE = Path(__file__).parent


@cache
def cases(name: str) -> list[dict[str, Any]]:
    """The cases of one file of this folder; a dozen test modules ask for the same."""
    loaded: list[dict[str, Any]] = yaml.safe_load((HERE / name).read_text(encoding="utf-8"))
    return loaded


def fee_line(number: int, line: Mapping[str, Any], day: date) -> FeeLine:
    price, quantity = scaled(line["unit_price"], PRICE_PLACES), scaled(line["quantity"], QUANTITY_PLACES)
    amount = fen(line["amount"]) if "amount" in line else price_times_quantity(price, quantity)
    return FeeLine(
        line_no=number,
        item_code=line.get("item_code", f"X{number}"),
        grade=line["grade"],
        unit_price=price,
        quantity=quantity,
        amount=amount,
        first_pay=ppm(line.get("self_pay_ratio", "0")),
        ceiling=scaled(line["price_ceiling"], PRICE_PLACES) if "price_ceiling" in line else None,
        charged_on=day,
    )


@dataclass
class Person:
    """One person whose visits are settled one after another; knows the sums that the service would keep."""

    identities: frozenset[str] = frozenset()
    sums: dict[SumKey, int] = field(default_factory=dict)
    open_stays: set[str] = field(default_factory=set)

    def claim(self, visit: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> Claim:
        visit_type = VisitType(visit["visit_type"])
        day = date.fromisoformat(visit.get("discharged_on") or visit["service_on"])
        identities = frozenset(visit["identities"]) if "identities" in visit else self.identities
        stay = f"stay:{visit['visit_no']}" if "interim_no" in visit else None
        return Claim(
            situation=Situation(
                visit_type,
                identities,
                Location(visit["hospital_location"]),
                HospitalLevel(visit["hospital_level"]),
                visit.get("specialist_hospital", False),
                visit.get("referral", False),
            ),
            day=day,
            lines=tuple(fee_line(number, line, day) for number, line in enumerate(lines, 1)),
            sums=dict(self.sums),
            disease=visit.get("disease"),
            stay=stay,
            opens_stay=stay not in self.open_stays,
            decided={
                layer: DecidedLayer(layer, fen(paid), "N1", "national")
                for layer, paid in visit.get("decided", {}).items()
            },
            other=tuple(OtherCompensation("charity", fen(amount), "hospital") for amount in visit.get("other", ())),
        )

    def settle(self, claim: Claim, pack: Pack) -> Settlement:
        """Settle and carry the sums on, as the service does in one transaction."""
        settlement = settle(claim, pack)
        for entry in settlement.entries:
            assert self.sums.get((entry.period, entry.name), 0) == entry.before
            self.sums[entry.period, entry.name] = entry.before + entry.delta
        if claim.stay is not None:
            self.open_stays.add(claim.stay)
        return settlement


def figures(settlement: Settlement) -> dict[str, str]:
    """The figures of a settlement, named as the cases name them."""
    by_layer = {award.layer: award for award in settlement.awards}
    return {
        **{name: yuan(amount) for name, amount in settlement.amounts._asdict().items()},
        "deductible": yuan(by_layer["basic"].deductible),
        **{layer: yuan(award.paid) for layer, award in by_layer.items()},
        "patient_pays": yuan(settlement.split.patient_pays),
    }
