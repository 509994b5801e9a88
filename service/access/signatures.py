"""What the service signs for others to check: a purpose and a message, which no token can be taken for."""

from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Signature(NamedTuple):
    """A signature, and the key that made it: its id, and its public half (32 bytes)."""

    kid: str
    public_key: bytes
    signature: bytes


def is_signed(purpose: str, message: bytes, public_key: bytes, signature: bytes) -> bool:
    """Whether the owner of a public key (32 bytes) signed a message for a purpose (`tokens.Tokens.sign`)."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, said_for(purpose, message))
    except (InvalidSignature, ValueError):
        return False
    return True


def said_for(purpose: str, message: bytes) -> bytes:
    """What is signed of a message: the purpose, a zero byte, the message."""
    return purpose.encode() + b"\x00" + message
