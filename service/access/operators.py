"""
The person behind a client (`X-Operator`), and the client's signature by which it vouches for them.

A client that has an operator key sends `X-Operator-Signature: t=<Unix seconds>,v1=<hex>`, where v1 is the HMAC-SHA256,
under that key, of these lines joined by newlines: client id, t, method, path with query, `X-Operator` as sent, and the
SHA-256 of the body in hex (`-` for a form with files, which is not held in memory to be hashed).
"""

import hashlib
import hmac
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import unquote_to_bytes

from starlette.requests import Request

from service.access.model import Terms
from service.access.refusals import OperatorSignatureWrong, OperatorUnsigned, operator_malformed, purpose_malformed
from service.access.vault import Vault
from service.errors import Refusal
from service.wire.limits import MULTIPART

OPERATOR_LENGTH: Final = 64
TOLERANCE: Final = timedelta(minutes=5)
HEADER: Final = "X-Operator-Signature"
_KEY_BYTES: Final = 32
_EXTENDED: Final = re.compile(r"utf-8'[A-Za-z0-9-]*'(.+)", re.IGNORECASE | re.ASCII)
_BAD_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SIGNATURE: Final = re.compile(r"t=(\d{1,11}),v1=([0-9a-f]{64})", re.ASCII)
_READS: Final = frozenset({"GET", "HEAD"})
_NOT_HASHED: Final = "-"


def read_operator(header: str) -> str:
    """
    The operator's name from the header as ASGI gives it (Latin-1, RFC 9110 §5.5).

    Raises `request.invalid` for anything that is not a printable name of 1 to 64 characters.
    """
    return _readable(header, operator_malformed())


def read_purpose(header: str) -> str:
    """What a request is for, in the same spelling as an operator's name."""
    return _readable(header, purpose_malformed())


def _readable(header: str, otherwise: Refusal) -> str:
    extended = _EXTENDED.fullmatch(header)
    encoded = extended[1] if extended else header
    if _BAD_PERCENT.search(encoded):
        raise otherwise
    try:
        name = unquote_to_bytes(encoded.encode("latin-1")).decode("utf-8")
    except UnicodeError:
        raise otherwise from None
    if not 0 < len(name) <= OPERATOR_LENGTH or not name.isprintable() or name != name.strip():
        raise otherwise
    return name


def new_operator_key() -> str:
    """A fresh key for a client to sign operators with."""
    return secrets.token_urlsafe(_KEY_BYTES)


def operator_key_place(client_id: str) -> str:
    """What a client's sealed operator key is bound to."""
    return f"clients:{client_id}:operator_key"


def signature(
    key: str, *, client_id: str, at: datetime, method: str, target: str, operator: str, body: bytes | None
) -> str:
    """The value of `X-Operator-Signature`; `body` None: a form with files."""
    seconds = int(at.timestamp())
    hashed = _NOT_HASHED if body is None else hashlib.sha256(body).hexdigest()
    said = "\n".join([client_id, str(seconds), method, target, operator, hashed])
    return f"t={seconds},v1={hmac.digest(key.encode(), said.encode(), 'sha256').hex()}"


async def vouched_for(request: Request, client_id: str, terms: Terms, vault: Vault, *, at: datetime) -> bool:
    """
    Whether the client signed for the operator that it names. Of a client without an operator key nothing is believed.

    Raises `access.operator_unsigned` where its terms want that of a change and it did not, and
    `access.operator_signature` for a signature that is not right, not of this request, or older than five minutes.
    """
    given, operator = request.headers.get(HEADER), request.headers.get("x-operator")
    if given is None or terms.operator_key_enc is None:
        if terms.operator_signed and request.method not in _READS:
            raise OperatorUnsigned.missing()
        return False
    found = _SIGNATURE.fullmatch(given)
    if operator is None or found is None:
        raise OperatorSignatureWrong.wrong()
    seconds = int(found[1])
    if abs(at.timestamp() - seconds) > TOLERANCE.total_seconds():
        raise OperatorSignatureWrong.wrong()
    has_files = request.headers.get("content-type", "").lower().startswith(MULTIPART)
    query = request.scope["query_string"].decode("latin-1")
    right = signature(
        vault.decrypt(terms.operator_key_enc, bound_to=operator_key_place(client_id)),
        client_id=client_id,
        at=datetime.fromtimestamp(seconds, UTC),
        method=request.method,
        target=request.scope["raw_path"].decode("latin-1") + (f"?{query}" if query else ""),
        operator=operator,
        body=None if has_files else await request.body(),
    )
    if not hmac.compare_digest(right, given):
        raise OperatorSignatureWrong.wrong()
    return True
