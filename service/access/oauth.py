"""
The client credentials grant as RFC 6749 says it (§2.3.1, §4.4, §5): what comes in, and how it is refused.

The endpoint's errors are RFC 6749's, not problem documents: OAuth2 libraries read them.
"""

import base64
import binascii
import re
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_plus

import orjson
from starlette.responses import Response

SCOPE: Final = r"[a-z][a-z-]{0,30}:(read|write)"
"""A scope: the part of the API, by the first word of its addresses, and whether it may change things there."""

FORM: Final = "application/x-www-form-urlencoded"
_GRANT: Final = "client_credentials"
_NOT_STORED: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_MOST_FIELDS: Final = 20
_UNAUTHORIZED: Final = 401
_SCOPE: Final = re.compile(SCOPE)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client shows to be let in. The secret stays out of `repr`."""

    client_id: str
    client_secret: str
    scopes: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"Credentials({self.client_id!r}, ...)"


class OAuthRefusedError(Exception):
    """An error answer of RFC 6749 §5.2."""

    def __init__(self, error: str, description: str, *, status: int = 400, retry_after: int | None = None) -> None:
        super().__init__(error)
        self.retry_after = retry_after
        self.error = error
        self.description = description
        self.status = status

    def response(self) -> Response:
        headers = dict(_NOT_STORED)
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        if self.status == _UNAUTHORIZED:
            headers["WWW-Authenticate"] = 'Basic realm="onestop", charset="UTF-8"'
        return answer({"error": self.error, "error_description": self.description}, self.status, headers)


def invalid_client() -> OAuthRefusedError:
    """One answer for an unknown client, a wrong or expired secret and a disabled client."""
    return OAuthRefusedError("invalid_client", "Client authentication failed.", status=_UNAUTHORIZED)


def slow_down(seconds: int) -> OAuthRefusedError:
    """Too many tries that were wrong, or too many tokens: ask again when the time is over (the code is RFC 8628's)."""
    return OAuthRefusedError("slow_down", "Too many tries: wait.", status=429, retry_after=max(1, seconds))


def invalid_scope() -> OAuthRefusedError:
    """A scope that this client does not have."""
    return OAuthRefusedError("invalid_scope", "The client does not have this scope.")


def _invalid_request(description: str) -> OAuthRefusedError:
    return OAuthRefusedError("invalid_request", description)


def answer(document: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer that no cache may keep (RFC 6749 §5.1)."""
    return Response(orjson.dumps(document), status, headers or _NOT_STORED, media_type="application/json")


def read_request(body: bytes, content_type: str | None, authorization: str | None) -> Credentials:
    """The credentials of a token request. Raises OAuthRefusedError for anything RFC 6749 does not allow."""
    fields = _fields(body, content_type)
    grant = fields.get("grant_type")
    if grant is None:
        raise _invalid_request("grant_type is missing.")
    basic = _basic(authorization)
    if basic is not None and fields.keys() & {"client_secret"}:
        raise _invalid_request("Authenticate in the header or in the body, not in both.")
    if basic is not None and fields.get("client_id", basic.client_id) != basic.client_id:
        raise _invalid_request("client_id differs from the one in the header.")
    if grant != _GRANT:
        raise OAuthRefusedError("unsupported_grant_type", f"Only {_GRANT} is supported.")
    scopes = frozenset(fields.get("scope", "").split())
    if not all(map(_SCOPE.fullmatch, scopes)):
        raise invalid_scope()
    if basic is not None:
        return replace(basic, scopes=scopes)
    if not fields.get("client_id") or not fields.get("client_secret"):
        raise invalid_client()
    return Credentials(fields["client_id"], fields["client_secret"], scopes)


def _fields(body: bytes, content_type: str | None) -> dict[str, str]:
    if (content_type or "").split(";")[0].strip().lower() != FORM:
        raise _invalid_request(f"Send the form as {FORM}.")
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:
        raise _invalid_request("The form cannot be read.") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _invalid_request("A field is given twice.")
    if any("\x00" in text for pair in pairs for text in pair):
        raise _invalid_request("The form holds a NUL character.")
    # RFC 6749 §3.2: a parameter sent without a value is treated as left out.
    return {name: value for name, value in fields.items() if value}


def _basic(authorization: str | None) -> Credentials | None:
    """The credentials of a Basic header; both halves are form-encoded (RFC 6749 §2.3.1)."""
    if authorization is None:
        return None
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise invalid_client()
    try:
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
        credentials = Credentials(unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict"))
    except (binascii.Error, UnicodeError):
        raise invalid_client() from None
    if not colon or not credentials.client_id or "\x00" in credentials.client_id:
        raise invalid_client()
    return credentials
