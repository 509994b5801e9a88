"""
Protections that the bench takes out of the service, to see whether it notices: in its own database and in the processes
that it starts (`planted`), and nowhere else. The service has no switch for any of them.
"""

import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import uvicorn
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from service import lines
from service.claims import opening
from service.corrections.bulk import store as readjudications
from service.reconciliation.desk import Desk
from service.reconciliation.statements import actions as statements
from service.reconciliation.statements.gather import Bill
from service.wire import plan
from tests.cases.county import COUNTY


@dataclass(frozen=True, slots=True)
class Protection:
    """
    What is taken out: in words, by statements in the database, by a patch in each process. `kinds` and `stories` bring
    it to light soonest: these faults only, and these stories more often. `missed`: what must be found then (a pattern);
    that something else goes wrong shows nothing. `quiet`: the patch is for the quiet service only, whose callers do
    nothing but discharge, so that it is the loss that is found and not a reader who was early.
    """

    what: str
    kinds: tuple[str, ...]
    missed: str
    stories: tuple[str, ...] = ()
    statements: tuple[str, ...] = ()
    patch: Callable[[], None] | None = None
    quiet: bool = False


def _answer_before_commit() -> None:
    left: ContextVar[AsyncExitStack] = ContextVar("left")
    answer = plan.Plan.answer

    class LeftOpen(AsyncExitStack):
        async def __aexit__(self, *raised: Any) -> bool | None:
            if raised[0] is not None:
                return await super().__aexit__(*raised)
            left.set(self.pop_all())
            return None

    async def answer_first(self: plan.Plan, request: Request, body: Any) -> Response:
        response = await answer(self, request, body)
        response.background = BackgroundTask(AsyncExitStack.__aexit__, left.get(), None, None, None)
        return response

    vars(plan)["AsyncExitStack"] = LeftOpen
    type.__setattr__(plan.Plan, "answer", answer_first)


def _keep_the_key_apart() -> None:
    open_visit_once = opening.open_visit_once

    async def open_and_commit(tx: AsyncConnection, *args: Any, **named: Any) -> opening.Opened | None:
        opened = await open_visit_once(tx, *args, **named)
        for statement in ("COMMIT", "BEGIN", f"SELECT set_config('onestop.county', '{COUNTY}', true)"):
            await tx.exec_driver_sql(statement)
        return opened

    opening.open_visit_once = open_and_commit


def _begin_each_job_once() -> None:
    unfinished, folder = readjudications.unfinished, Path(os.environ["FAULTS_CLOCK"]).parent

    async def not_begun_elsewhere(tx: AsyncConnection, county_code: str) -> UUID | None:
        found = await unfinished(tx, county_code)
        if found is None:
            return None
        made = await readjudications.begun(tx, county_code, found)
        assert made is not None
        begun = folder / f"job-{found}-{made.approved_at is None}"
        if not begun.exists():
            begun.write_text(str(os.getpid()))
        return found if begun.read_text() == str(os.getpid()) else None

    readjudications.unfinished = not_begun_elsewhere


def _number_statements_at_random() -> None:
    issued, drawn = statements._issued, ContextVar[UUID]("drawn")

    async def numbered_anew(desk: Desk, bill: Bill) -> dict[str, Any] | None:
        drawn.set(uuid4())
        return await issued(desk, bill)

    def as_drawn(_bill: Bill, _county_code: str) -> UUID:
        return drawn.get()

    type.__setattr__(Bill, "id", as_drawn)
    statements._issued = numbered_anew


def _end_at_once() -> None:
    async def ended(*_given: object) -> None:
        os._exit(0)

    type.__setattr__(uvicorn.Server, "shutdown", ended)


def _wait_for_ever() -> None:
    async def none_is_dead(url: str, silence_seconds: float) -> int:  # noqa: ARG001  (in place of one that asks)
        return 0

    lines.give_up_dead = none_is_dead


# The turns are counted all the same, when a settlement has been written: only nobody waits for another.
_COUNTED_LATER: Final = """
    CREATE FUNCTION faults_counted() RETURNS trigger LANGUAGE plpgsql AS $do$ BEGIN
        UPDATE person_orders SET last_order = greatest(last_order, NEW.order_no)
        WHERE county_code = NEW.county_code AND person_no = NEW.person_no;
        RETURN NULL;
    END $do$
"""
_WHEN_WRITTEN: Final = """
    CREATE TRIGGER faults_counted AFTER INSERT ON settlements FOR EACH ROW EXECUTE FUNCTION faults_counted()
"""
_TURN_NOT_TAKEN: Final = """
    DO $do$ BEGIN EXECUTE replace(replace(pg_get_functiondef('open_person'::regproc),
        'DO UPDATE SET last_order = o.last_order + 1', 'DO NOTHING'),
        'RETURNING last_order INTO turn;', '; turn := coalesce((SELECT max(order_no) FROM settlements
            WHERE county_code = p_county AND person_no = p_person), 0) + 1;'); END $do$
"""

PROTECTIONS: Final[dict[str, Protection]] = {
    "idempotency-key": Protection(
        "the constraint that makes a key unique",
        ("cut_discharge", "cut_anywhere"),
        # What is sent twice at once is told that somebody else has settled the visit.
        "another answer to the same request|visit.already_settled",
        statements=("ALTER TABLE idempotency_keys DROP CONSTRAINT pk_idempotency_keys",),
    ),
    "persons-turn": Protection(
        "the lock that makes settlements of one person wait for each other",
        ("cut_anywhere",),
        "two settlements with one place",
        ("several_at_once",),
        statements=(_TURN_NOT_TAKEN, _COUNTED_LATER, _WHEN_WRITTEN),
    ),
    "answer-after-commit": Protection(
        "the commit before the answer leaves",
        ("cut_discharge",),
        "acknowledged and lost",
        patch=_answer_before_commit,
        quiet=True,
    ),
    "one-transaction": Protection(
        "the key and the settlement in one transaction",
        ("cut_discharge",),
        "a key that was used up",
        patch=_keep_the_key_apart,
    ),
    "resumable-job": Protection(
        "the rows that say how far a job is: each process goes on with its own jobs only",
        ("kill_job",),
        "a job that nobody goes on with",
        patch=_begin_each_job_once,
    ),
    "unique-statement": Protection(
        "the one statement of a payer, a hospital and a period: its id made of them, and the constraint",
        ("cut_anywhere",),
        "billed otherwise by another run|a period billed twice",
        ("cleared",),
        statements=("ALTER TABLE statements DROP CONSTRAINT uq_statements_period",),
        patch=_number_statements_at_random,
    ),
    "silent-lines": Protection(
        "giving up a line on which the database does not answer",
        ("silent",),
        "no answer within .* of the silence",
        patch=_wait_for_ever,
    ),
    "drain": Protection(
        "finishing what was begun at SIGTERM", ("restarted",), "begun before SIGTERM was answered", patch=_end_at_once
    ),
}


def take_out(name: str) -> None:
    """Take a protection out of this process."""
    patch = PROTECTIONS[name].patch
    if patch is not None:
        patch()
