"""What can be done about expected aid: apply for it, decide, see who never asked. Each is one transaction."""

from dataclasses import replace
from uuid import UUID

import orjson

from service.claims import records
from service.claims.changes.actions import Asking, readjudicate
from service.claims.changes.model import Change
from service.claims.model import Cause, Status
from service.claims.records import View
from service.claims.refusals import SettlementUnknown
from service.errors import Text
from service.ids import new_id
from service.ledger import store as ledger
from service.payouts.aid import store
from service.payouts.aid.model import Application, Decision, Missing, Outcome
from service.payouts.aid.refusals import AidAmount, AidApplicationUnknown, AidAppliedFor, AidDecided, NoAidExpected
from service.payouts.counter import Counter
from service.payouts.items.model import Kind, Source
from service.payouts.items.store import add_source
from service.payouts.refusals import NotKnownByLaw
from service.payouts.workdays import working_days_after
from service.registers.dated import hold

_UNKNOWN = Text("查无此结算，请核对编号。", "There is no such settlement: check the id.")


async def apply(counter: Counter, settlement_id: UUID) -> Application:
    """
    Apply for the aid that a settlement expects.

    Raises settlement.unknown, aid_application.none_expected, aid_application.exists, payout.no_rules.
    """
    rules = counter.rules.aid_applications
    if rules is None:
        raise NotKnownByLaw
    record = await records.find(counter.tx, settlement_id, View(counter.county_code))
    if record is None or not await counter.is_own(record.person_no):
        raise SettlementUnknown(_UNKNOWN, pointer="/settlement_id")
    expected = record.settlement.split.expected_aid
    if record.status != Status.SETTLED or not expected:
        raise NoAidExpected("/settlement_id")

    assert record.case_id is not None
    application = Application(
        counter.county_code,
        new_id(counter.now),
        record.case_id,
        record.person_no,
        expected,
        working_days_after(counter.today, rules.decide_working_days),
        counter.caller.client_id,
        counter.caller.operator,
        counter.now,
    )
    if not await store.add(counter.tx, application):
        known = await store.find(counter.tx, counter.vault, counter.county_code, case_id=record.case_id)
        assert known is not None
        raise AidAppliedFor("/settlement_id", application_id=str(known.id))
    await _note(counter, "aid_application.apply", application)
    return application


async def decide(
    counter: Counter, application_id: UUID, outcome: Outcome, *, granted: int | None, reason: str, chain: bool
) -> Application:
    """
    Grant all, a part (fen) or nothing of what was expected: a new version of the settlement, in which the layers after
    the aid are decided with what was granted.

    Raises aid_application.unknown, .decided, .amount, payout.same_person, payout.operator_missing, and what
    `claims.changes.actions.readjudicate` raises.
    """
    await hold(counter.tx, "aid application", application_id)
    application = await _known(counter, application_id)
    if application.decision is not None:
        raise AidDecided
    counter.check_second(application.client_id, application.operator)
    live = [
        each
        for each in await records.of_case(counter.tx, counter.county_code, application.case_id)
        if each.status == Status.SETTLED
    ]
    if not live or not live[0].settlement.split.expected_aid:
        raise NoAidExpected
    amount = _granted(outcome, granted, live[0].settlement.split.expected_aid)

    cause = Cause.LATE_AID if amount else Cause.AID_REFUSED
    assert live[0].id is not None
    change = Change(cause, reason, approved_aid=amount)
    body = await readjudicate(
        counter.tx, counter.caller, live[0].id, counter.desk, Asking(), change=change, chain=chain
    )
    assert isinstance(body, bytes)
    version_id = UUID(orjson.loads(body)["id"])
    if await ledger.entry(counter.tx, counter.county_code, version_id):
        await add_source(counter.tx, counter.county_code, Source(version_id, Kind.AID, application.id), counter.now)

    by = (counter.caller.client_id, counter.caller.operator)
    decision = Decision(outcome, amount, reason, version_id, *by, counter.now)
    await store.decide(counter.tx, counter.vault, application, decision)
    await _note(counter, f"aid_application.{outcome}", application)
    return replace(application, decision=decision)


def _granted(outcome: Outcome, granted: int | None, expected: int) -> int:
    if (granted is None) == (outcome == Outcome.CUT):
        raise AidAmount("/granted")
    if granted is None:
        return expected if outcome == Outcome.APPROVED else 0
    if not 0 < granted < expected:
        raise AidAmount("/granted")
    return granted


async def read(counter: Counter, application_id: UUID) -> Application:
    """One application. Raises aid_application.unknown where it is not the caller's to see."""
    application = await _known(counter, application_id)

    await _note(counter, "aid_application.read", application)
    return application


async def listed(counter: Counter, *, waiting: bool | None, after: UUID | None, rows: int) -> list[Application]:
    """The applications the caller may see, newest first."""
    found = await store.listed(
        counter.tx,
        counter.vault,
        counter.county_code,
        township_code=counter.township_code,
        waiting=waiting,
        after=after,
        rows=rows,
    )

    await counter.note_shown("aid_application.list", (each.person_no for each in found))
    return found


async def missing(counter: Counter, *, after: UUID | None, rows: int) -> list[Missing]:
    """Settlements of people the caller may act for whose expected aid nobody has applied for, the oldest first."""
    found = await store.missing(
        counter.tx, counter.county_code, township_code=counter.township_code, after=after, rows=rows
    )

    await counter.note_shown("aid_application.missing", (each.person_no for each in found))
    return found


async def _known(counter: Counter, application_id: UUID) -> Application:
    application = await store.find(
        counter.tx,
        counter.vault,
        counter.county_code,
        township_code=counter.township_code,
        application_id=application_id,
    )
    if application is None:
        raise AidApplicationUnknown
    return application


async def _note(counter: Counter, action: str, application: Application) -> None:
    await counter.note(action, person_no=application.person_no, subject=application.id)
