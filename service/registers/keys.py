"""How a person is found by a number: one spelling, one keyed hash, no plaintext in the index."""

from service.access.vault import Vault
from service.registers.model import KeyKind


def normal_number(text: str) -> str:
    """The one spelling of an identity or card number: no space around it, letters in capitals."""
    return text.strip().upper()


def person_key(vault: Vault, kind: KeyKind | str, number: str) -> tuple[str, bytes]:
    """What `person_keys` holds for a number, as `FactsAsked.person_key` and `find_person` want it."""
    known = KeyKind(kind)
    spelled = number if known is KeyKind.PERSON_NO else normal_number(number)
    return known.value, vault.fingerprint(known.value, spelled)
