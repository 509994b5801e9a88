"""What a settlement posts: positive amounts from a source to a target, and a reversal that swaps the ends."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.model import Role
from service.db import transaction_on
from service.ledger.model import Posting, Share, State
from service.ledger.postings import claim, difference, move
from tests.cases.county import Call, County, done

FUND, UNBILLED = State.FUND, State.UNBILLED
H, P = "hospital:H1", "person:P1"

shares = st.lists(
    st.builds(
        Share,
        st.sampled_from(["basic", "aid", "top_up"]),
        st.sampled_from(["basic_fund", "civil_affairs"]),
        st.sampled_from([H, P]),
        st.integers(0, 10_000_00),
    ),
    max_size=6,
)


def sums(postings: Any) -> dict[tuple[str, str, str], int]:
    """What postings add to unbilled, per layer, payer and payee."""
    found: dict[tuple[str, str, str], int] = {}
    for one in postings:
        key = (one.layer, one.payer, one.payee)
        found[key] = found.get(key, 0) + (one.amount if one.target == UNBILLED else -one.amount)
    return {key: amount for key, amount in found.items() if amount}


def test_a_settlement_posts_from_the_fund_to_what_is_owed_and_nothing_for_nothing() -> None:
    assert claim([Share("basic", "basic_fund", H, 9_680_00), Share("serious", "serious_insurer", H, 0)]) == (
        Posting("basic", "basic_fund", H, FUND, UNBILLED, 9_680_00),
    )


def test_a_reversal_swaps_the_ends() -> None:
    assert difference([Share("top_up", "top_up_insurer", P, 7)], ()) == (
        Posting("top_up", "top_up_insurer", P, UNBILLED, FUND, 7),
    )


def test_a_later_version_posts_the_net_difference_per_payer_and_payee() -> None:
    before = [Share("basic", "basic_fund", H, 100), Share("aid", "civil_affairs", H, 50), Share("top_up", "x", H, 9)]
    after = [Share("basic", "basic_fund", H, 80), Share("aid", "civil_affairs", P, 50), Share("top_up", "x", H, 9)]

    assert difference(before, after) == (
        Posting("basic", "basic_fund", H, UNBILLED, FUND, 20),
        Posting("aid", "civil_affairs", H, UNBILLED, FUND, 50),
        Posting("aid", "civil_affairs", P, FUND, UNBILLED, 50),
    )


@given(shares, shares)
def test_what_is_posted_adds_up_whatever_happens(before: list[Share], after: list[Share]) -> None:
    first, change, undone = claim(before), difference(before, after), difference(after, ())

    assert sums([*first, *change]) == sums(claim(after))
    assert sums([*first, *change, *undone]) == {}
    assert all(one.amount > 0 and one.source != one.target for one in [*first, *change, *undone])


def test_nothing_cannot_move() -> None:
    with pytest.raises(AssertionError):
        move(Share("basic", "basic_fund", H, 0), FUND, UNBILLED)


def stay(hospital: str, number: str) -> dict[str, Any]:
    lines = [("A", "20.00", "300", "6000.00", None), ("A", "12200.00", "0.5", "6100.00", None)]
    return {
        "hospital_code": hospital,
        "visit_no": "ZY1",
        "visit_type": "inpatient",
        "person": {"id_no": number},
        "admitted_on": "2018-06-01",
        "discharged_on": "2018-06-09",
        "fee_lines": [
            {
                "line_no": n,
                "item_code": f"P{n}",
                "item_name": "项目",
                "grade": grade,
                "unit_price": price,
                "quantity": quantity,
                "amount": amount,
                "self_pay_ratio": ratio,
            }
            for n, (grade, price, quantity, amount, ratio) in enumerate(lines, 1)
        ],
    }


async def test_a_settlement_is_posted_with_it_and_told(
    app: FastAPI, county: County, agency: Call, as_role: Callable[..., Awaitable[Call]], engine: AsyncEngine
) -> None:
    """The example of api.md without charity: 9,680.00 basic and 2,599.60 top-up, both advanced."""
    _, number = await county.person([{"class": "registered_poor", "valid_from": "2018-01-01"}])
    hospital = await county.hospital("level2", "county")
    body = stay(hospital, number)
    settled = await done(await agency("POST", "/v1/settlements", body))
    async with transaction_on(engine) as tx:
        rows = await tx.execute(text("SELECT layer, payer, payee, source, target, amount FROM postings ORDER BY 1"))
        found = [tuple(row) for row in rows]

    paid = {one["layer"]: one["paid"] for one in settled["layers"]}
    assert found == [
        ("basic", "basic_fund", f"hospital:{hospital}", "fund", "unbilled", int(paid["basic"].replace(".", ""))),
        ("top_up", "top_up_insurer", f"hospital:{hospital}", "fund", "unbilled", int(paid["top_up"].replace(".", ""))),
    ]
    insurer = await as_role(Role.PAYER, client_id="insurer", payers=frozenset({"top_up_insurer"}))
    civil = await as_role(Role.PAYER, client_id="civil", payers=frozenset({"civil_affairs"}))
    told = [(await done(await call("GET", "/v1/events"), 200))["items"] for call in (insurer, civil)]
    assert [[(one["kind"], one["subject"]) for one in items] for items in told] == [
        [("settlement.settled", settled["id"])],
        [],
    ]


async def test_what_is_owed_to_a_patient_stands_on_the_patients_account(county: County, agency: Call) -> None:
    """Without an agreement the top-up is owed to the patient: it enters no statement."""
    person_no, number = await county.person([{"class": "registered_poor", "valid_from": "2018-01-01"}])
    hospital = await county.hospital("level2", "county", aid="on_the_spot")
    settled = await done(await agency("POST", "/v1/settlements", stay(hospital, number)))

    own = await done(await agency("GET", f"/v1/advances?person={person_no}"), 200)
    hospitals = await done(await agency("GET", f"/v1/advances?hospital={hospital}"), 200)

    assert [(one["payer"], one["unbilled"]) for one in own["items"]] == [("top_up_insurer", settled["owed_to_patient"])]
    assert [(one["payer"], one["unbilled"]) for one in hospitals["items"]] == [
        ("basic_fund", settled["hospital_advances"])
    ]
