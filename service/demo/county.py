"""The whole county as data: made of nothing but its own code, so the same on every machine and day."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.demo.catalogue import Catalogue, catalogue
from service.demo.hospitals import Hospital, hospitals
from service.demo.papers import Papers, papers
from service.demo.people import people
from service.registers.persons.bulk import NewPerson


@dataclass(frozen=True, slots=True)
class County:
    hospitals: tuple[Hospital, ...]
    catalogue: Catalogue
    people: tuple[NewPerson, ...]
    papers: Papers


def county(diseases: Sequence[str]) -> County:
    """The demo county. `diseases`: the chronic diseases of its policy pack, as `CD01`."""
    everybody = tuple(people())
    return County(hospitals(), catalogue(), everybody, papers(everybody, diseases))
