"""Settlements that were made before there were versions become cases of their own, with their invoices."""

from uuid import UUID, uuid4

import orjson
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from service.config import Settings
from service.db import create_system_engine, transaction_on
from service.migrate import MIGRATIONS
from tests.conftest import Cluster

VERSIONS = "0010"
LIVE = """
    INSERT INTO live_visits
    VALUES ('H1', 'V1', 0, '459901', 'P1', :id, 'inpatient', '2018-06-01', '2018-06-09')
"""
SETTLED = "INSERT INTO settlements SELECT * FROM jsonb_populate_record(NULL::settlements, CAST(:row AS jsonb))"
NOTHING = [
    "self_funded",
    "over_ceiling",
    "first_pay",
    "paid_total",
    "hospital_bears",
    "hospital_advances",
    "owed_to_patient",
    "expected_aid",
    "held",
    "elsewhere",
    "other_credited",
    "other_to_patient",
]


def config_for(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def row(made: UUID) -> dict[str, object]:
    """A stay of one yuan that nobody pays, as the table was."""
    return dict.fromkeys(NOTHING, 0) | {
        "county_code": "459901",
        "id": made,
        "kind": "settlement",
        "version": 1,
        "person_no": "P1",
        "order_no": 1,
        "hospital_code": "H1",
        "visit_no": "V1",
        "interim_no": 0,
        "visit_type": "inpatient",
        "admitted_on": "2018-06-01",
        "last_day": "2018-06-09",
        "invoice_no": "PJ-1",
        "identities": [],
        "on_hold": False,
        "pack_id": "p",
        "pack_hash": "h",
        "total": 100,
        "in_scope": 100,
        "patient_pays": 100,
        "due_at_discharge": 100,
        "client_id": "c",
        "settled_at": "2018-06-09T10:00:00+08:00",
        "settled_on": "2018-06-09",
        "query_code_hash": "\\x00",
    }


async def test_what_was_settled_before_is_a_case_with_its_invoice(cluster: Cluster, settings: Settings) -> None:
    name, made = f"test_{uuid4().hex}", uuid4()
    await cluster.execute(f"CREATE DATABASE {name}")
    engine = create_system_engine(cluster.database(name), settings)
    before = ScriptDirectory(str(MIGRATIONS)).get_revision(VERSIONS).down_revision
    assert isinstance(before, str)
    async with transaction_on(engine) as tx:
        await tx.run_sync(lambda connection: command.upgrade(config_for(connection), before))
        await tx.execute(text("SET LOCAL session_replication_role = replica"))
        await tx.execute(text(SETTLED), {"row": orjson.dumps(row(made)).decode()})
        await tx.execute(text(LIVE), {"id": made})

    async with transaction_on(engine) as tx:
        await tx.run_sync(lambda connection: command.upgrade(config_for(connection), VERSIONS))
        kept = (await tx.execute(text("SELECT case_id, to_collect, replaces, cause FROM settlements"))).one()
        invoice = (await tx.execute(text("SELECT invoice_no, case_id FROM invoices"))).one()

    assert tuple(kept) == (made, 0, None, None)
    assert tuple(invoice) == ("PJ-1", made)
    await engine.dispose()
    await cluster.execute(f"DROP DATABASE {name} WITH (FORCE)")
