"""Bills as a hospital posts them: a plain stay in June 2018, or a chronic visit, changed one field at a time."""

from itertools import count
from typing import Any

from service.money import PRICE_PLACES, QUANTITY_PLACES, price_times_quantity, scaled, yuan

Body = dict[str, Any]

_VISITS = count(1)


def fee_line(
    number: int = 1,
    item: str = "T-A",
    *,
    price: str = "100.00",
    quantity: str = "10",
    grade: str | None = "A",
    **more: Any,
) -> Body:
    """A line; its amount is price times quantity unless given."""
    exact = price_times_quantity(scaled(price, PRICE_PLACES), scaled(quantity, QUANTITY_PLACES))
    return {
        "line_no": number,
        "item_code": item,
        "unit_price": price,
        "quantity": quantity,
        "amount": yuan(exact),
        "grade": grade,
        "charged_on": "2018-06-02",
        **more,
    }


def stay(hospital: str, id_number: str, **more: Any) -> Body:
    """A stay from 2018-06-01 to 2018-06-09 of 1 000 yuan, all of it in scope."""
    return {
        "hospital_code": hospital,
        "visit_no": f"ZY{next(_VISITS):06d}",
        "visit_type": "inpatient",
        "person": {"id_no": id_number},
        "admitted_on": "2018-06-01",
        "discharged_on": "2018-06-09",
        "fee_lines": [fee_line()],
        **more,
    }


def chronic(hospital: str, id_number: str, **more: Any) -> Body:
    """A chronic visit on 2018-06-05 of 1 000 yuan."""
    return {
        "hospital_code": hospital,
        "visit_no": f"MZ{next(_VISITS):06d}",
        "visit_type": "chronic_outpatient",
        "person": {"id_no": id_number},
        "service_on": "2018-06-05",
        "disease_code": "CD03",
        "fee_lines": [fee_line(charged_on="2018-06-05")],
        **more,
    }


def layers_of(answer: Body) -> dict[str, Body]:
    """The layers of an answer by name (of a shared one the last payer's part)."""
    return {layer["layer"]: layer for layer in answer["layers"]}


def findings_of(answer: Body) -> list[str]:
    return [finding["code"] for finding in answer["findings"]]
