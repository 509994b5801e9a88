"""Every router of the room."""

from typing import Final

from fastapi import APIRouter

from service.payouts.batches import item_routes as items
from service.payouts.batches import routes as batches
from service.payouts.cycles import routes as cycles
from service.payouts.papers import routes as papers

ROUTERS: Final[tuple[APIRouter, ...]] = (batches.router, items.router, cycles.router, papers.router)
TAGS: Final = [
    {"name": "Payouts", "description": "Money to patients' own accounts: batches of transfers and their answers."},
]
