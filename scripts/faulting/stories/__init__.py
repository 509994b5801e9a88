"""What the county does meanwhile: a story is a few requests that belong together, each asked until it is answered."""

from collections.abc import Awaitable, Callable
from random import Random
from typing import Final

from scripts.faulting.cast import Cast
from scripts.faulting.stories import (
    amending,
    bank,
    changes,
    clearing,
    counter,
    national,
    patients,
    payments,
    reconciling,
    registering,
    registers,
    visits,
)

Story = Callable[[Cast, Random], Awaitable[None]]

STORIES: Final[tuple[tuple[Story, int], ...]] = (
    (visits.settled, 10),
    (visits.previewed, 2),
    (visits.several_at_once, 4),
    (visits.in_parts, 2),
    (visits.chronic_visit, 2),
    (changes.reversed_, 3),
    (changes.decided_anew, 3),
    (changes.many_decided_anew, 1),
    (changes.verified, 1),
    (changes.objected, 2),
    (counter.taken_back, 1),
    (patients.objects, 1),
    (clearing.cleared, 2),
    (reconciling.matched, 1),
    (reconciling.retained, 1),
    (reconciling.refused, 1),
    (reconciling.sent_back, 1),
    (reconciling.closed, 1),
    (payments.at_the_counter, 2),
    (payments.owed_to_the_patient, 2),
    (payments.late_aid, 2),
    (payments.paid_back, 1),
    (payments.yearly_top_up, 1),
    (payments.paid_out, 2),
    (bank.given_up, 1),
    (bank.came_back, 1),
    (counter.injured, 1),
    (counter.two_encounters, 1),
    (counter.sent_away, 1),
    (counter.invoiced, 1),
    (registers.listed, 1),
    (registers.listed_in_full, 1),
    (registers.listed_for_aid, 1),
    (registering.corrected, 1),
    (registering.joined, 1),
    (registering.referred, 1),
    (registering.certified, 1),
    (registering.contracted, 1),
    (registering.priced, 1),
    (amending.amended, 1),
    (national.on_the_wire, 2),
    (national.asked_to_be_billed, 1),
)
"""Each with how often it is told beside the others."""
