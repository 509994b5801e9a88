"""The demo county in a database: there at once, there once, and good for settling."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.vault import KEY_BYTES, Key, Vault, VaultError
from service.claims.examples import REQUEST_BODY
from service.clock import Clock
from service.db import transaction_on
from service.demo import load as loading
from service.demo.hospitals import DEMO_HOSPITAL
from service.policy.load import shipped_packs
from tests.demo.conftest import Demo

pytestmark = pytest.mark.asyncio(loop_scope="module")

TABLES = ("persons", "person_keys", "hospitals", "hospital_terms", "catalogue_items", "chronic_cards", "clients")


async def rows(engine: AsyncEngine) -> dict[str, int]:
    counted = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in TABLES)  # noqa: S608 - these are our own table names
    async with transaction_on(engine) as tx:
        return {row[0]: row[1] for row in await tx.execute(text(counted))}


async def test_its_clients_are_those_that_the_contract_names(demo: Demo) -> None:
    assert list(demo.clients) == ["hospital", "agency", "insurer", "civil_affairs", "township", "auditor"]
    assert demo.clients["hospital"]["hospital_code"] == DEMO_HOSPITAL


@pytest.mark.parametrize("name", ["hospital", "agency", "insurer", "civil_affairs", "township", "auditor"])
async def test_each_client_gets_in(demo: Demo, name: str) -> None:
    call = await demo.as_(name)

    assert (await call("GET", "/v1/policies")).status_code == 200


async def test_loading_again_changes_nothing_and_tells_the_same_secrets(demo: Demo) -> None:
    before = await rows(demo.app.state.engine)

    first, second = await asyncio.gather(demo.load(), demo.load())

    assert first == second == demo.clients
    assert await rows(demo.app.state.engine) == before
    assert min(before.values()) > 5


async def test_the_county_is_not_guessed_at_with_other_keys(demo: Demo) -> None:
    other = Vault([Key("other", bytes(KEY_BYTES))])
    state = demo.app.state

    with pytest.raises(VaultError, match="data folder"):
        await loading.load(state.engine, other, state.clock, state.packs)


async def test_the_example_of_the_document_settles_to_the_figures_of_the_reference_case(demo: Demo) -> None:
    """poor-county-hospital, less 300 of charity: the top-up to 90 % of 13 644.00 is 2 599.60 - 300.00."""
    call = await demo.as_("hospital")

    settled = (await call("POST", "/v1/settlements", REQUEST_BODY)).json()

    assert {name: settled[name] for name in ("paid_total", "patient_pays", "hospital_advances", "findings")} == {
        "paid_total": "12279.60",
        "patient_pays": "1364.40",
        "hospital_advances": "11979.60",
        "findings": [],
    }
    assert {layer["layer"]: layer["paid"] for layer in settled["layers"]} == {
        "basic": "9680.00",
        "serious": "0.00",
        "aid": "0.00",
        "other": "300.00",
        "top_up": "2299.60",
    }
    assert settled["terms_used"] == {"catalogue": [1, 2, 3, 4], "caller": []}


def stay(id_no: str, **changes: Any) -> dict[str, Any]:
    return REQUEST_BODY | {"visit_no": f"T-{id_no}", "person": {"id_no": id_no}} | changes


def chronic(id_no: str, disease: str) -> dict[str, Any]:
    line = REQUEST_BODY["fee_lines"][0] | {"quantity": "30", "amount": "600.00", "charged_on": "2018-06-05"}
    return {
        "hospital_code": DEMO_HOSPITAL,
        "visit_no": f"T-{disease}-{id_no}",
        "visit_type": "chronic_outpatient",
        "person": {"id_no": id_no},
        "service_on": "2018-06-05",
        "disease_code": disease,
        "fee_lines": [line],
    }


@pytest.mark.parametrize(
    ("body", "layer", "paid"),
    [
        # (12 100.00 - 300.00) x 75 %
        (stay("459901198104169016"), "basic", "8850.00"),
        # 12 100.00 - 8 850.00, whole
        (stay("459901194711309019"), "aid", "3250.00"),
        # 3 250.00 x 85 %
        (stay("459901196602039020"), "aid", "2762.50"),
        # (12 100.00 - 9 680.00) x 85 %: poor terms come first
        (stay("459901195909099015"), "aid", "2057.00"),
        # 12 100.00 x 60 % at the regional hospital, referred
        (stay("459901195506189016", hospital_code="DM-R01", referral_no="DM-ZZ0001"), "basic", "7260.00"),
        # (600.00 - 10.00) x (65 + 5) %
        (chronic("459901195812069020", "CD03"), "basic", "413.00"),
        # (600.00 - 10.00) x 65 %
        (chronic("459901196404049025", "CD03"), "basic", "383.50"),
        # (600.00 - 20.00) x (65 + 5) %
        (chronic("459901196910259017", "CD27"), "basic", "406.00"),
    ],
)
async def test_known_people_settle_on_their_own_terms(demo: Demo, body: dict[str, Any], layer: str, paid: str) -> None:
    call = await demo.as_("hospital" if body["hospital_code"] == DEMO_HOSPITAL else "agency")

    settled = await call("POST", "/v1/settlements", body)

    assert settled.status_code == 201, settled.json()
    assert [each["paid"] for each in settled.json()["layers"] if each["layer"] == layer] == [paid]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (stay("459901197509139021", discharged_on="2019-06-09", admitted_on="2019-06-01"), "person.barred"),
        (stay("459901199002149019", discharged_on="2020-06-09", admitted_on="2020-06-01"), "person.not_insured"),
        (stay("459901195205129036", hospital_code="DM-H105"), "hospital.not_connected"),
        (
            stay("459901195205129036", hospital_code="DM-H106", admitted_on="2019-06-01", discharged_on="2019-06-09"),
            "hospital.suspended",
        ),
        (chronic("459901195003070005", "CD03"), "chronic.no_card"),
    ],
)
async def test_what_does_not_settle_is_refused_by_name(demo: Demo, body: dict[str, Any], code: str) -> None:
    call = await demo.as_("agency")

    assert (await call("POST", "/v1/settlements", body)).json()["code"] == code


async def test_a_newborn_without_identity_card_settles(demo: Demo) -> None:
    call = await demo.as_("hospital")

    settled = await call("POST", "/v1/settlements", stay("DM-B000001"))

    assert settled.json()["identities"] == ["registered_poor"]


async def test_a_township_sees_its_own_people(demo: Demo) -> None:
    call = await demo.as_("township")

    listed = (await call("GET", "/v1/persons?limit=200")).json()["items"]

    assert len(listed) == 200
    assert {person["township_code"] for person in listed} == {demo.clients["township"]["township_code"]}


async def test_a_loading_that_is_cut_off_was_never_there(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    vault, clock, packs = Vault([Key("demo", bytes(KEY_BYTES))]), Clock(), shipped_packs()

    async def cut_off(*_: Any, **__: Any) -> None:
        raise ConnectionError

    with monkeypatch.context() as cutting:
        cutting.setattr("service.demo.clients.add_clients", cut_off)
        with pytest.raises(ConnectionError):
            await loading.load(engine, vault, clock, packs)
    assert set((await rows(engine)).values()) == {0}

    await loading.load(engine, vault, clock, packs)
    assert min((await rows(engine)).values()) > 5
