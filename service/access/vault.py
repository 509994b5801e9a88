"""
Personal data at rest: sealed with AES-256-GCM or SM4-GCM, looked up by keyed hash, shown masked.

**Keys** come from the machine (`ONESTOP_KEYS` or `ONESTOP_KEYS_FILE`) as `id:base64` entries, 32 bytes each,
newest first. The first one seals; all of them open, so that a new key is put in front and old rows stay
readable until they are sealed again. From each key a separate working key is derived (HKDF-SHA256), one per
purpose.

**Lookup.** Fingerprints must not change when the sealing key does, or nobody would be found any more. They
come from the entry with the reserved id `lookup` where there is one, else from the last key. So before a key is added,
the one there is is given a second time as `lookup`; and once every row is sealed anew its own entry goes, and
`lookup` opens nothing. A ring that finds nobody is refused at start (`registers.persons.known_keys`).

**Ciphers.** Each sealed value says in its first byte which cipher it was sealed with, so both open whichever is chosen
(`ONESTOP_CIPHER`), and `onestop keys rotate` carries old values over. The hash of fingerprints (`ONESTOP_LOOKUP_HASH`)
is chosen before the first person is entered, for good: with another one nobody would be found.

Nothing here logs, and no error carries what was to be sealed.
"""

import base64
import binascii
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from cryptography.exceptions import InvalidTag

from service.access.ciphers import CIPHER_OF, ENVELOPES, ciphers_of, derived, keyed_hash
from service.config import Settings

KEY_BYTES: Final = 32
LOOKUP_ID: Final = "lookup"
_NONCE_BYTES: Final = 12
_KEY_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,32}", re.ASCII)
_STAR: Final = "*"
_MOBILE_DIGITS: Final = 11
_BETWEEN_ENTRIES: Final = re.compile(r"[,\s]+")


class VaultError(Exception):
    """The keys are absent or malformed, or a sealed value cannot be opened with them. Says what to do."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key as configured. The material stays out of `repr`, and so out of logs."""

    key_id: str
    material: bytes = field(repr=False)


def new_key(key_id: str) -> str:
    """A fresh random entry for `ONESTOP_KEYS`: 'id:base64'."""
    return f"{key_id}:{base64.b64encode(os.urandom(KEY_BYTES)).decode()}"


def parse_keys(text: str) -> tuple[Key, ...]:
    """
    Read 'id:base64' entries, separated by commas or white space. Raises VaultError naming the entry at fault.
    """
    keys: list[Key] = []
    for entry in filter(None, _BETWEEN_ENTRIES.split(text)):
        key_id, separator, encoded = entry.partition(":")
        if not separator or not _KEY_ID.fullmatch(key_id):
            raise VaultError(
                f"key entry {len(keys) + 1} is not 'id:base64' with an id of letters, digits, '.', '_', '-'"
            )
        try:
            material = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raise VaultError(f"key '{key_id}' is not base64") from None
        if len(material) != KEY_BYTES:
            raise VaultError(f"key '{key_id}' has {len(material)} bytes; it must have {KEY_BYTES}")
        if any(known.key_id == key_id for known in keys):
            raise VaultError(f"key id '{key_id}' is given twice")
        keys.append(Key(key_id, material))
    return tuple(keys)


class Vault:
    """Seals and opens personal data, and makes the fingerprints by which it is found."""

    def __init__(self, keys: Sequence[Key], *, cipher: str = "aes-gcm", lookup_hash: str = "sha256") -> None:
        sealing = [key for key in keys if key.key_id != LOOKUP_ID]
        if not sealing:
            raise VaultError(
                "no key for personal data: set ONESTOP_KEYS or ONESTOP_KEYS_FILE to 'id:base64' with 32 "
                "random bytes, "
                "for example k1:$(openssl rand -base64 32), and keep a copy in a safe place"
            )
        lookup = next((key for key in keys if key.key_id == LOOKUP_ID), sealing[-1])
        self._ciphers = {key.key_id: ciphers_of(key.material) for key in sealing}
        self._newest = sealing[0].key_id
        self._envelope = ENVELOPES[cipher]
        self._lookup = derived(lookup.material, b"lookup")
        self._lookup_hash = lookup_hash

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The vault of this machine. Raises VaultError when keys are absent, unreadable or malformed."""
        if settings.keys is None and settings.keys_file is None:
            return cls(())
        return cls(cls._keys_of(settings), cipher=settings.cipher, lookup_hash=settings.lookup_hash)

    @staticmethod
    def _keys_of(settings: Settings) -> tuple[Key, ...]:
        if settings.keys is not None:
            return parse_keys(settings.keys.get_secret_value())
        assert settings.keys_file is not None
        try:
            text = settings.keys_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise VaultError(f"the key file {settings.keys_file} cannot be read: {error}") from error
        return parse_keys(text)

    @property
    def newest_header(self) -> bytes:
        """With what a value begins that is sealed with the newest key and the cipher of today."""
        return self._envelope + bytes([len(self._newest)]) + self._newest.encode()

    def encrypt(self, text: str, *, bound_to: str = "") -> bytes:
        """
        Seal a text with the newest key.

        `bound_to` names the place it belongs to (such as 'person:P1:name'): it opens only with the same name,
        so that a sealed value copied to another person's row is noticed.
        """
        header = self.newest_header
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[self._newest][self._envelope].encrypt(nonce, text.encode(), header + bound_to.encode())
        return header + nonce + sealed

    def decrypt(self, sealed: bytes, *, bound_to: str = "") -> str:
        """
        Open a sealed text. Raises VaultError when its key is unknown, or it was altered or belongs elsewhere.
        """
        envelope = sealed[:1]
        if envelope not in CIPHER_OF:
            raise VaultError("not a sealed value of a known kind")
        key_id = self.key_id_of(sealed)
        if key_id not in self._ciphers:
            raise VaultError(f"sealed with key '{key_id}', which is not among the keys of this machine")
        cipher = self._ciphers[key_id][envelope]
        start = len(envelope) + 1 + len(key_id)
        header, nonce, body = (
            sealed[:start],
            sealed[start : start + _NONCE_BYTES],
            sealed[start + _NONCE_BYTES :],
        )
        try:
            return cipher.decrypt(nonce, body, header + bound_to.encode()).decode()
        except (InvalidTag, ValueError):
            raise VaultError(f"a value sealed with key '{key_id}' was altered or belongs to another place") from None

    @staticmethod
    def key_id_of(sealed: bytes) -> str:
        """Which key sealed it: what a rotation still has to seal anew."""
        length = sealed[1] if len(sealed) > 1 else 0
        return sealed[2 : 2 + length].decode("ascii", "replace")

    def reseal(self, sealed: bytes, *, bound_to: str = "") -> bytes:
        """The same, sealed with the newest key and the cipher of today. Raises VaultError as `decrypt` does."""
        return self.encrypt(self.decrypt(sealed, bound_to=bound_to), bound_to=bound_to)

    @classmethod
    def kind_of(cls, sealed: bytes) -> str:
        """With which cipher and key a value was sealed, as `cipher/key id`."""
        return f"{CIPHER_OF.get(sealed[:1], 'unknown')}/{cls.key_id_of(sealed)}"

    def fingerprint(self, kind: str, text: str) -> bytes:
        """
        A keyed hash (32 bytes) for lookup and comparison: same kind and text, same hash; useless without the
        key.
        """
        return self.fingerprint_bytes(kind, text.encode())

    def fingerprint_bytes(self, kind: str, value: bytes) -> bytes:
        """As `fingerprint`, of bytes."""
        return keyed_hash(self._lookup_hash, self._lookup, kind.encode() + b"\x00" + value)


def _masked(text: str, *, head: int, tail: int) -> str:
    """Keep some characters at both ends; show nothing at all of a text too short for that."""
    kept = head + tail
    if len(text) <= kept:
        return _STAR * len(text)
    return text[:head] + _STAR * (len(text) - kept) + text[len(text) - tail :]


def mask_id_no(id_no: str) -> str:
    """
    459901195003070005 becomes 4599************05.

    Not the customary last four: the last six open a patient's session together with the query code (api.md),
    and a slip shows both.
    """
    return _masked(id_no, head=4, tail=2)


def mask_name(name: str) -> str:
    """张三 becomes 张*, 欧阳小明 becomes 欧**明."""
    return _masked(name, head=1, tail=len(name[2:3]))


def mask_phone(phone: str) -> str:
    """13800001234 becomes 138****1234."""
    return _masked(phone, head=3, tail=4) if len(phone) >= _MOBILE_DIGITS else _masked(phone, head=0, tail=2)


def mask_account(number: str) -> str:
    """6222000011112222 becomes ************2222."""
    return _masked(number, head=0, tail=4)
