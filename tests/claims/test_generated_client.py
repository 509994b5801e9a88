"""A hospital programmer's way in: a client generated from the API document, that settles over HTTP as it is."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from service.access.model import Role
from tests.access.callers import make_client
from tests.claims.bills import stay
from tests.claims.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")

DOCUMENT = Path(__file__).parents[2] / "openapi" / "openapi.json"
CONFIG = {
    "content_type_overrides": dict.fromkeys(("application/pdf", "image/jpeg, image/png"), "application/octet-stream")
}
PLAY = """
import json, sys
from onestop_client import AuthenticatedClient, Client
from onestop_client.api.settlements import read_settlement, settle_visit
from onestop_client.models import Problem, SettlementIn, SettlementOut

base, token, key = sys.argv[1:4]
caller = AuthenticatedClient(base, token)
order = SettlementIn.from_dict(json.loads(sys.argv[4]))
first = settle_visit.sync(client=caller, body=order, idempotency_key=key)
again = settle_visit.sync(client=caller, body=order, idempotency_key=key)
read = read_settlement.sync(first.id, client=caller)
other = settle_visit.sync(client=caller, body=order, idempotency_key=key[::-1])
assert isinstance(first, SettlementOut) and isinstance(other, Problem), (first, other)
assert first.to_dict() == again.to_dict()
print(json.dumps({"settled": first.to_dict(), "read": read.to_dict(), "refused": other.code}))
"""


def run(*command: str, folder: Path) -> str:
    done = subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def generate(folder: Path) -> str:
    (folder / "config.json").write_text(json.dumps(CONFIG | {"post_hooks": []}))
    command = ("-m", "openapi_python_client", "generate", "--path", str(DOCUMENT), "--config", "config.json")
    return run(*command, "--meta", "none", "--output-path", "onestop_client", folder=folder)


async def test_a_generated_client_knows_every_operation_and_settles(world: World, tmp_path: Path) -> None:
    said = await asyncio.to_thread(generate, tmp_path)
    client_id = f"his-{uuid4().hex[:8]}"
    _, secret = await make_client(world.app, Role.HOSPITAL, client_id, hospital_code=world.hospital_code)
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    token = (await world.client.post("/oauth/token", data=form)).json()["access_token"]
    _, id_no = await world.county.person([{"class": "registered_poor", "valid_from": "2015-01-01"}])
    (base,) = world.start_servers(1)
    (tmp_path / "play.py").write_text(PLAY)

    order = json.dumps(stay(world.hospital_code, id_no, visit_no="GENERATED-1"))
    played = await asyncio.to_thread(run, "play.py", base, token, str(uuid4()), order, folder=tmp_path)

    assert "WARNING" not in said, said
    told: dict[str, Any] = json.loads(played)
    assert told["settled"]["amounts"]["total"] == told["read"]["amounts"]["total"] == "1000.00"
    assert told["settled"]["due_at_discharge"] == told["read"]["due_at_discharge"]
    assert told["refused"] == "visit.already_settled"


async def test_no_two_shapes_of_the_document_share_a_name() -> None:
    shapes = json.loads(DOCUMENT.read_text())["components"]["schemas"]

    assert [name for name, shape in shapes.items() if shape["title"] != name or "__" in name] == []
    assert len({name.casefold() for name in shapes}) == len(shapes)
