"""The ciphers and hashes that personal data is kept with: the international ones, and China's own (SM3, SM4)."""

import hmac
from typing import Final, Protocol

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256, SM3, HashAlgorithm
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_KEY_BYTES: Final = 32
_TAG_BYTES: Final = 16
_SM4_KEY_BYTES: Final = 16


class Sealing(Protocol):
    """A cipher that seals and notices any change (AEAD)."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes: ...

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes: ...


class _Sm4Gcm:
    """SM4 (GB/T 32907) in GCM (RFC 8998), as `AESGCM` is for AES: the tag follows the text."""

    def __init__(self, key: bytes) -> None:
        self._key = algorithms.SM4(key)

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes:
        sealing = Cipher(self._key, modes.GCM(nonce)).encryptor()
        sealing.authenticate_additional_data(associated_data)
        return sealing.update(data) + sealing.finalize() + sealing.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes:
        tag = data[-_TAG_BYTES:]
        opening = Cipher(self._key, modes.GCM(nonce, tag)).decryptor()
        opening.authenticate_additional_data(associated_data)
        return opening.update(data[:-_TAG_BYTES]) + opening.finalize()


def derived(material: bytes, purpose: bytes, length: int = _KEY_BYTES, algorithm: HashAlgorithm | None = None) -> bytes:
    """A working key of its own for each purpose (HKDF, RFC 5869)."""
    hkdf = HKDF(algorithm=algorithm or SHA256(), length=length, salt=None, info=b"onestop " + purpose)
    return hkdf.derive(material)


ENVELOPES: Final = {"aes-gcm": b"\x01", "sm4-gcm": b"\x02"}
"""With which byte a sealed value begins, by the cipher's name."""

CIPHER_OF: Final = {envelope: name for name, envelope in ENVELOPES.items()}


def ciphers_of(material: bytes) -> dict[bytes, Sealing]:
    """Every cipher by its envelope, each under a working key of its own."""
    return {
        ENVELOPES["aes-gcm"]: AESGCM(derived(material, b"seal")),
        ENVELOPES["sm4-gcm"]: _Sm4Gcm(derived(material, b"seal sm4", _SM4_KEY_BYTES, SM3())),
    }


def keyed_hash(name: str, key: bytes, message: bytes) -> bytes:
    """HMAC of 32 bytes with SHA-256 or SM3 (GB/T 32905)."""
    if name == "sha256":
        return hmac.digest(key, message, "sha256")
    keyed = HMAC(key, SM3())
    keyed.update(message)
    return keyed.finalize()
