"""Every router of the room."""

from typing import Final

from fastapi import APIRouter

from service.reconciliation.closings import routes as closings
from service.reconciliation.deductions import routes as deductions
from service.reconciliation.matching import routes as matching
from service.reconciliation.papers import routes as papers
from service.reconciliation.payments import routes as payments
from service.reconciliation.reports import routes as reports
from service.reconciliation.requests import routes as requests
from service.reconciliation.statements import routes as statements

ROUTERS: Final[tuple[APIRouter, ...]] = (
    statements.router,
    requests.router,
    papers.router,
    matching.router,
    deductions.router,
    payments.router,
    closings.router,
    reports.router,
)
TAGS: Final = [
    {"name": "Statements", "description": "What a payer owes a hospital for a period: billed, matched, confirmed."},
    {"name": "Payments", "description": "Bank transfers from payers to hospitals."},
    {"name": "Closings", "description": "Periods whose books are closed."},
    {"name": "Reports", "description": "What is owed, what is due, the month and the day, and what happened."},
]
