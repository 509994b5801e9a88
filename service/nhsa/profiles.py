"""What differs by province, as data: a profile is chosen per institution (interface §4)."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

_HERE: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Fund:
    """What a layer is called on the wire."""

    type: str
    name: str


@dataclass(frozen=True, slots=True)
class Profile:
    """
    One province's edition.

    `required`: "edition" asks for every field that the edition requires, "common" only for those that all editions
    share. `lengths` and `codes`: refuse what is longer or in no code list. `reversible`: what 2601 may name.
    """

    id: str
    name: str
    infcode: str
    amounts: str
    required: str
    lengths: bool
    codes: bool
    sign_in: bool
    trial_before_discharge: bool
    fees_after_discharge: bool
    reversible: frozenset[str]
    dictionaries: dict[str, dict[str, str]]
    stays: frozenset[str]
    chronic: frozenset[str]
    insutype: str
    psn_type: str
    clr_way: str
    clr_type: dict[str, str]
    hosp_lv: dict[str, str]
    dedc_hosp_lv: dict[str, str]
    identities: dict[str, str]
    funds: dict[str, Fund]
    result_codes: dict[str, str] = field(default_factory=dict)


@cache
def profiles() -> dict[str, Profile]:
    """Every profile by its id."""
    found = [_profile(path) for path in sorted((_HERE / "profiles").glob("*.yaml"))]
    return {profile.id: profile for profile in found}


def _profile(path: Path) -> Profile:
    raw: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    shipped = yaml.safe_load((_HERE / "dictionaries" / f"{raw.pop('dictionary')}.yaml").read_text(encoding="utf-8"))
    additions = raw.pop("additions", {})
    raw["dictionaries"] = {name: shipped.get(name, {}) | additions.get(name, {}) for name in {*shipped, *additions}}
    raw["funds"] = {layer: Fund(**fund) for layer, fund in raw["funds"].items()}
    for name in ("reversible", "stays", "chronic"):
        raw[name] = frozenset(raw[name])
    return Profile(**raw)
