"""The query code: digits on every slip, with which a patient opens their own claims (api.md, Patients)."""

from uuid import UUID

from service.access.vault import Vault

LENGTH = 12
_DIGITS = LENGTH - 1
_HASH_BYTES = 16


def query_code(vault: Vault, settlement_id: UUID, serial: int = 0) -> str:
    """
    The code of a settlement: eleven digits that nobody can guess from its id, and a check digit (Luhn).

    It is made from the id with a key, so that it can be printed again and stands nowhere in the database. `serial`
    counts the codes issued anew for it: each is another one.
    """
    nth = b"" if serial == 0 else b"/%d" % serial
    secret = vault.fingerprint_bytes("query_code", settlement_id.bytes + nth)
    digits = str(int.from_bytes(secret[:8]) % 10**_DIGITS).rjust(_DIGITS, "0")
    return digits + check_digit(digits)


def query_code_hash(vault: Vault, code: str) -> bytes:
    """The keyed hash under which a code is looked up."""
    return vault.fingerprint("query_code_lookup", code)[:_HASH_BYTES]


def check_digit(digits: str) -> str:
    """The digit that belongs behind these (Luhn, ISO/IEC 7812-1): it finds every single digit that is mistyped."""
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits))]
    return str(-sum(value // 10 + value % 10 for value in doubled) % 10)
