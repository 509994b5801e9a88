"""Check a county's own pack before it is used: every fault with its remedy, or what the pack says in plain words."""

from pathlib import Path
from typing import NamedTuple

from service.policy.load import load_pack, load_text
from service.policy.refusals import Fault, PackRefused
from service.policy.summary import summary


class Report(NamedTuple):
    """The faults found, or, where there are none, the pack in plain words."""

    faults: tuple[Fault, ...]
    says: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.faults

    def text(self) -> str:
        return "\n".join([fault.line() for fault in self.faults] or self.says)


def check_path(path: Path) -> Report:
    """Check a pack's folder, or a pack in one file."""
    try:
        return Report((), tuple(summary(load_pack(path))))
    except PackRefused as refused:
        return Report(refused.faults, ())


def check_text(text: str) -> Report:
    """Check a pack that arrived as text."""
    try:
        return Report((), tuple(summary(load_text(text))))
    except PackRefused as refused:
        return Report(refused.faults, ())
