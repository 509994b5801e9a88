"""What a rule of the law asks about: the visit and its hospital, as seen from the person, and who the person is."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from service.words import HospitalLevel, Location


class VisitType(StrEnum):
    """The two kinds of visit that are settled (domain §8)."""

    INPATIENT = "inpatient"
    CHRONIC_OUTPATIENT = "chronic_outpatient"


class Situation(NamedTuple):
    """What conditions ask about: the visit and its hospital, as seen from the person."""

    visit_type: VisitType
    identities: frozenset[str]
    location: Location
    level: HospitalLevel
    specialist: bool
    referred: bool


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds when everything it names holds; what it leaves out does not matter. `any_of` needs one of its own."""

    identities: frozenset[str] | None = None
    without_identities: frozenset[str] | None = None
    locations: frozenset[Location] | None = None
    levels: frozenset[HospitalLevel] | None = None
    specialist: bool | None = None
    referred: bool | None = None
    all_identities: frozenset[str] | None = None
    any_of: tuple["Condition", ...] = ()
    all_of: tuple["Condition", ...] = ()

    def holds(self, situation: Situation) -> bool:
        """Whether it holds in a situation."""
        return (
            (self.identities is None or not self.identities.isdisjoint(situation.identities))
            and (self.all_identities is None or self.all_identities <= situation.identities)
            and (self.without_identities is None or self.without_identities.isdisjoint(situation.identities))
            and (self.locations is None or situation.location in self.locations)
            and (self.levels is None or situation.level in self.levels)
            and (self.specialist is None or self.specialist == situation.specialist)
            and (self.referred is None or self.referred == situation.referred)
            and (not self.any_of or any(one.holds(situation) for one in self.any_of))
            and (not self.all_of or all(one.holds(situation) for one in self.all_of))
        )

    def identity_sets(self) -> list[tuple[frozenset[str], bool]]:
        """Every set of identity classes it asks about, and whether it asks for all of them at once."""
        asked = ((self.identities, False), (self.without_identities, False), (self.all_identities, True))
        own = [(names, needs_all) for names, needs_all in asked if names]
        return own + [pair for one in self.any_of + self.all_of for pair in one.identity_sets()]


ALWAYS = Condition()
