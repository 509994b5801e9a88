"""Every router of the room."""

from typing import Final

from fastapi import APIRouter

from service.payouts.aid import routes as aid
from service.payouts.backpay import routes as backpay
from service.payouts.batches import item_routes as items
from service.payouts.batches import routes as batches
from service.payouts.cycles import routes as cycles
from service.payouts.encounters import routes as encounters
from service.payouts.injuries import routes as injuries
from service.payouts.manual import routes as manual
from service.payouts.papers import routes as papers

ROUTERS: Final[tuple[APIRouter, ...]] = (
    batches.router,
    items.router,
    cycles.router,
    papers.router,
    manual.router,
    aid.router,
    backpay.router,
    injuries.router,
    encounters.router,
)
TAGS: Final = [
    {"name": "Payouts", "description": "Money to patients' own accounts: batches of transfers and their answers."},
    *manual.TAGS,
    *aid.TAGS,
    *backpay.TAGS,
    *injuries.TAGS,
    *encounters.TAGS,
]
