"""What the database refuses, even from its owner and by hand: by the name of the law that was broken."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest
import pytest_asyncio
from sqlalchemy import make_url

from tests.cases.county import done
from tests.claims.bills import chronic, fee_line, stay
from tests.claims.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")

GROWS = ("settlements", "settlement_layers", "settlement_documents", "accumulator_entries")
POOR = [{"class": "registered_poor", "valid_from": "2015-01-01"}]
COPIED = (
    "INSERT INTO {into} SELECT (jsonb_populate_record(t, $1::jsonb)).* FROM {table} t"
    " WHERE county_code = '459901' AND {key} = $2"
)


@dataclass
class Owner:
    """The owner of the database at a prompt, and a settlement to copy from: 1 000 yuan, 900 of it paid."""

    prompt: asyncpg.Connection
    original: UUID
    person_no: str

    async def copy(self, **changed: Any) -> UUID:
        """A whole copy of the original settlement under a new id, but for what is changed of its row."""
        made: UUID = changed.pop("id", uuid4())
        case = self.original if changed.get("kind") == "reversal" else made
        await self.copy_row("settlements", "id", {"id": made, "case_id": case, "order_no": 99} | changed)
        await self.copy_row("settlement_layers", "settlement_id", {"settlement_id": made})
        await self.copy_row("settlement_documents", "settlement_id", {"settlement_id": made})
        await self.post(made)
        return made

    async def post(self, made: UUID, **changed: Any) -> None:
        """What the original makes payers owe, for another settlement."""
        of_entry = {name: changed.pop(name) for name in ("cause", "case_id") if name in changed}
        entry = {"id": made, "settlement_id": made, "case_id": made} | of_entry
        await self.copy_row("ledger_entries", "id", entry)
        await self.copy_row("postings", "origin", {"origin": made, "entry_id": made} | changed)

    async def copy_row(self, table: str, key: str, changed: dict[str, Any], *, into: str | None = None) -> None:
        values = {name: str(value) if isinstance(value, UUID) else value for name, value in changed.items()}
        await self.prompt.execute(
            COPIED.format(table=table, key=key, into=into or table), json_of(values), self.original
        )

    async def changed_copy(self, table: str, made: UUID, change: str) -> None:
        """Rows of the original for another settlement, changed by a statement on `new` before they are written."""
        await self.prompt.execute(f"CREATE TEMP TABLE new (LIKE {table}) ON COMMIT DROP")
        await self.copy_row(table, "settlement_id", {"settlement_id": made}, into="new")
        await self.prompt.execute(change)
        await self.prompt.execute(f"INSERT INTO {table} TABLE new")

    async def enter(self, **changed: Any) -> None:
        """An entry in one of the person's sums."""
        entry = {"county_code": "459901", "settlement_id": str(self.original), "position": 90, "before": 0, "cap": None}
        entry |= {"person_no": self.person_no, "period": "2018", "name": "by.hand", "delta": 1} | changed
        await self.prompt.execute(
            "INSERT INTO accumulator_entries SELECT * FROM jsonb_populate_record(NULL::accumulator_entries, $1::jsonb)",
            json_of(entry),
        )


def json_of(value: Any) -> str:
    return orjson.dumps(value).decode()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def settled(world: World) -> dict[str, Any]:
    person_no, id_number = await world.county.person(POOR)
    await world.county.card(person_no, "CD03")
    visit = chronic(world.hospital_code, id_number, fee_lines=[fee_line(quantity="1", charged_on="2018-06-05")])
    await done(await world.hospital("POST", "/v1/settlements", visit))
    answer = await done(await world.hospital("POST", "/v1/settlements", stay(world.hospital_code, id_number)))
    return {"id": UUID(answer["id"]), "person_no": person_no, "visit_no": answer["visit_no"]}


@pytest_asyncio.fixture(loop_scope="module")
async def owner(world: World, settled: dict[str, Any]) -> AsyncIterator[Owner]:
    """One transaction at the prompt, rolled back after the test."""
    url = make_url(world.app.state.settings.database_url).set(drivername="postgresql")
    prompt = await asyncpg.connect(url.render_as_string(hide_password=False))
    transaction = prompt.transaction()
    await transaction.start()
    yield Owner(prompt, settled["id"], settled["person_no"])
    await transaction.rollback()
    await prompt.close()


async def now(owner: Owner) -> None:
    """Check what would be checked at commit."""
    await owner.prompt.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize("table", GROWS)
@pytest.mark.parametrize("verb", ["UPDATE {} SET county_code = county_code", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
async def test_what_is_settled_is_never_changed(table: str, verb: str, owner: Owner) -> None:
    with pytest.raises(asyncpg.RestrictViolationError, match="only grows"):
        await owner.prompt.execute(verb.format(table))


async def test_the_refusal_holds_where_no_row_is_meant(owner: Owner) -> None:
    with pytest.raises(asyncpg.RestrictViolationError, match="only grows"):
        await owner.prompt.execute("DELETE FROM settlements WHERE false")


async def test_a_whole_copy_is_accepted(owner: Owner) -> None:
    """The tests below break one thing each: unbroken, the same rows are taken."""
    await owner.copy()
    await now(owner)


ROWS: list[tuple[str, dict[str, Any]]] = [
    ("ck_settlements_parts_of_bill", {"in_scope": 999_99}),
    ("ck_settlements_parts_of_bill", {"self_funded": 1}),
    ("ck_settlements_everyone_pays_the_total", {"patient_pays": 100_01}),
    ("ck_settlements_everyone_pays_the_total", {"hospital_bears": 1, "due_at_discharge": 99_99}),
    ("ck_settlements_ways_of_payment", {"hospital_advances": 899_99, "due_at_discharge": 100_01}),
    ("ck_settlements_ways_of_payment", {"owed_to_patient": 1}),
    ("ck_settlements_due_at_discharge", {"due_at_discharge": 99_99}),
    ("ck_settlements_settlement_not_negative", {"first_pay": -1, "in_scope": 1_000_01}),
    ("ck_settlements_settlement_not_negative", {"owed_to_patient": -1, "expected_aid": 1}),
    ("ck_settlements_kind", {"kind": "correction"}),
    ("ck_settlements_reversal_names_original", {"kind": "reversal"}),
    ("ck_settlements_reversal_names_original", {"reversal_of": "original"}),
    ("ck_settlements_reversal_not_positive", {"kind": "reversal", "reversal_of": "original"}),
    ("ck_settlements_dates", {"admitted_on": "2018-06-10"}),
    ("ck_settlements_version_replaces", {"version": 2, "case_id": "original"}),
    ("ck_settlements_version_replaces", {"replaces": "original", "cause": "appeal"}),
    ("ck_settlements_cause", {"version": 2, "case_id": "original", "replaces": "original"}),
    ("ck_settlements_cause", {"version": 2, "case_id": "original", "replaces": "original", "cause": "mood"}),
    ("ck_settlements_opens_case", {"case_id": "original"}),
    ("ck_settlements_to_collect", {"to_collect": -1}),
    ("fk_settlements_reversal_of", {"kind": "reversal", "reversal_of": "nothing"}),
]


@pytest.mark.parametrize(("law", "changed"), ROWS, ids=lambda part: part if isinstance(part, str) else "-".join(part))
async def test_a_row_that_contradicts_itself_is_refused(law: str, changed: dict[str, Any], owner: Owner) -> None:
    named = {"original": owner.original, "nothing": uuid4()}
    values = {name: named.get(value, value) for name, value in changed.items()}
    if law.startswith("fk_"):
        values |= await negated(owner)

    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
        await owner.copy(**values)

    assert refused.value.constraint_name == law


async def negated(owner: Owner) -> dict[str, int]:
    """The original's amounts with the sign of a reversal."""
    row = await owner.prompt.fetchrow("SELECT * FROM settlements WHERE id = $1", owner.original)
    kept = {"version", "order_no", "interim_no", "to_collect"}
    return {name: -value for name, value in row.items() if type(value) is int and name not in kept}


FLIPPED_LINES = """
    UPDATE new SET bill = (SELECT jsonb_agg((SELECT jsonb_agg(
            CASE WHEN n IN (7, 8, 13, 14, 15, 16) THEN to_jsonb(-value::text::bigint) ELSE value END ORDER BY n)
        FROM jsonb_array_elements(line) WITH ORDINALITY AS field (value, n)))
        FROM jsonb_array_elements(bill::jsonb) AS line)
"""


async def reverse(owner: Owner, **changed: Any) -> None:
    made = uuid4()
    row = {"id": made, "kind": "reversal", "reversal_of": owner.original}
    await owner.copy_row("settlements", "id", row | await negated(owner) | changed)
    await owner.prompt.execute(
        "INSERT INTO settlement_layers SELECT county_code, $1, position, layer, payer, -amount, way"
        " FROM settlement_layers WHERE settlement_id = $2",
        made,
        owner.original,
    )
    await owner.changed_copy("settlement_documents", made, FLIPPED_LINES)
    await owner.post(made, cause="reversal", case_id=owner.original, source="unbilled", target="fund")


async def test_a_settlement_is_reversed_once(owner: Owner) -> None:
    await reverse(owner)
    await now(owner)

    with pytest.raises(asyncpg.UniqueViolationError) as refused:
        await reverse(owner)

    assert refused.value.constraint_name == "uq_settlements_reversal_of"


LAYERS = {
    "more-than-the-row": "UPDATE new SET amount = amount + 1 WHERE layer = 'basic'",
    "another-way": "UPDATE new SET way = 'patient' WHERE layer = 'basic'",
    "two-that-cancel": "UPDATE new SET amount = amount + CASE layer WHEN 'basic' THEN 90000 ELSE -90000 END"
    " WHERE layer IN ('basic', 'aid')",
    "none": "DELETE FROM new",
}


@pytest.mark.parametrize("change", LAYERS.values(), ids=LAYERS.keys())
async def test_layers_that_do_not_add_up_to_the_row_are_refused(change: str, owner: Owner) -> None:
    made = uuid4()
    await owner.copy_row("settlements", "id", {"id": made, "case_id": made})
    await owner.copy_row("settlement_documents", "settlement_id", {"settlement_id": made})
    await owner.changed_copy("settlement_layers", made, change)

    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await now(owner)

    assert refused.value.constraint_name == "settlement_layers_add_up"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accumulators SET value = value + 1",
        "DELETE FROM accumulators",
        "INSERT INTO accumulators VALUES ('459901', 'P-1', '2018', 'basic.paid', 1)",
    ],
    ids=["changed", "deleted", "added"],
)
async def test_sums_change_by_their_entries_alone(statement: str, owner: Owner) -> None:
    with pytest.raises(asyncpg.RestrictViolationError, match="only grows"):
        await owner.prompt.execute(statement)


async def test_a_layer_that_goes_no_known_way_is_refused(owner: Owner) -> None:
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await owner.copy_row("settlement_layers", "settlement_id", {"position": 50, "way": "somewhere"})

    assert refused.value.constraint_name == "ck_settlement_layers_way"


BILLS = {
    "a-line-missing": "UPDATE new SET bill = '[]'",
    "another-amount": "UPDATE new SET bill = jsonb_set(bill::jsonb, '{0,7}', '100001')",
    "another-scope": "UPDATE new SET bill = jsonb_set(jsonb_set(bill::jsonb, '{0,15}', '99999'), '{0,14}', '1')",
    "a-line-twice": "UPDATE new SET bill = bill::jsonb || bill::jsonb",
}


@pytest.mark.parametrize("change", BILLS.values(), ids=BILLS.keys())
async def test_fee_lines_that_do_not_add_up_to_the_row_are_refused(change: str, owner: Owner) -> None:
    made = uuid4()
    await owner.copy_row("settlements", "id", {"id": made, "case_id": made})
    await owner.copy_row("settlement_layers", "settlement_id", {"settlement_id": made})
    await owner.changed_copy("settlement_documents", made, change)

    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await now(owner)

    assert refused.value.constraint_name == "settlement_lines_add_up"


async def test_a_settlement_without_its_bill_is_refused(owner: Owner) -> None:
    made = uuid4()
    await owner.copy_row("settlements", "id", {"id": made, "case_id": made})
    await owner.copy_row("settlement_layers", "settlement_id", {"settlement_id": made})

    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await now(owner)

    assert refused.value.constraint_name == "settlement_lines_add_up"


async def test_what_hangs_on_no_settlement_is_refused(owner: Owner) -> None:
    for table in ("settlement_layers", "settlement_documents"):
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            async with owner.prompt.transaction():
                await owner.copy_row(table, "settlement_id", {"settlement_id": uuid4()})
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await owner.enter(settlement_id=str(uuid4()))


async def test_an_entry_adds_nothing_above_its_cap(owner: Owner) -> None:
    await owner.enter(position=90, before=0, delta=100, cap=100)
    await owner.enter(position=91, before=100, delta=-1, cap=50)
    await owner.enter(position=92, before=99, delta=1)

    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await owner.enter(position=93, before=100, delta=1, cap=100)

    assert refused.value.constraint_name == "ck_accumulator_entries_within_cap"


@pytest.mark.parametrize(("before", "delta"), [(0, 5), (99, 1), (101, 1)])
async def test_an_entry_on_a_sum_that_moved_meanwhile_is_refused(before: int, delta: int, owner: Owner) -> None:
    await owner.enter(position=90, before=0, delta=100)

    with pytest.raises(asyncpg.SerializationError, match=r"is not .* any more"):
        await owner.enter(position=91, before=before, delta=delta)


async def test_an_entry_on_a_sum_that_never_was_is_refused(owner: Owner) -> None:
    with pytest.raises(asyncpg.SerializationError, match=r"is not .* any more"):
        await owner.enter(before=1)


async def test_a_sum_is_never_negative(owner: Owner) -> None:
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await owner.enter(delta=-1)

    assert refused.value.constraint_name == "ck_accumulators_not_negative"


async def test_a_visit_has_one_live_settlement(owner: Owner) -> None:
    made = await owner.copy()
    live = "INSERT INTO live_visits SELECT hospital_code, visit_no, interim_no, 'other', person_no, $1, visit_type,"

    with pytest.raises(asyncpg.UniqueViolationError) as refused:
        await owner.prompt.execute(
            f"{live} admitted_on, last_day FROM live_visits WHERE settlement_id = $2", made, owner.original
        )

    assert refused.value.constraint_name == "pk_live_visits"
