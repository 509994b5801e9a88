"""The guide for HIS vendors names what is there, and nothing else."""

import re
from pathlib import Path

from service.nhsa.profiles import profiles
from service.nhsa.registry import HANDLERS, PATHS

FOLDER = Path(__file__).parents[2] / "openapi"
GUIDE = (FOLDER / "nhsa.md").read_text(encoding="utf-8")


def test_the_guide_has_every_transaction_with_its_examples() -> None:
    listed = re.findall(r"^\| (\d{4,6}) \|", GUIDE, re.MULTILINE)
    links = re.findall(r"\]\((nhsa/[^)]+)\)", GUIDE)

    assert sorted(listed) == sorted(HANDLERS)
    assert len(links) == len(HANDLERS) * len(profiles())
    assert [link for link in links if not (FOLDER / link).exists()] == []


def test_the_guide_has_every_address_and_profile() -> None:
    assert [path for path in PATHS if f"`{path}`" not in GUIDE] == []
    assert [name for name in profiles() if f"`{name}`" not in GUIDE] == []
