"""Every router of the registers, for the application."""

from typing import Final

from service.registers.agreements.routes import router as agreements
from service.registers.cards.routes import router as cards
from service.registers.catalogue.imports.routes import router as catalogue_imports
from service.registers.catalogue.routes import router as catalogue
from service.registers.hospitals.routes import router as hospitals
from service.registers.persons.access_routes import router as accesses
from service.registers.persons.history_routes import router as person_histories
from service.registers.persons.routes import router as persons
from service.registers.referrals.routes import router as referrals
from service.wire.routing import Router

ROUTERS: Final[tuple[Router, ...]] = (
    person_histories,
    accesses,
    persons,
    hospitals,
    agreements,
    referrals,
    cards,
    catalogue,
    catalogue_imports,
)

TAGS: Final = [
    {"name": "Persons", "description": "Who is insured, and on which rosters."},
    {"name": "Hospitals", "description": "Levels, places, connections, suspensions; dated."},
    {"name": "Agreements", "description": "Through which hospitals an insurer advances its part."},
    {"name": "Referrals", "description": "Who was sent to which hospital."},
    {"name": "Chronic cards", "description": "Applications for chronic outpatient treatment, and their decision."},
    {"name": "Catalogue", "description": "Grades, first-pay ratios and ceilings of fee items; dated."},
    {"name": "Recognition", "description": "What the admission desk needs to know of a person."},
]
