"""
Who may call a route. `caller: Annotated[Caller, allow(Role.HOSPITAL)]` declares it, for the code and for
OpenAPI.

The token is checked before the body is read (`wire.routing`): strangers are not parsed.
"""

import re
from typing import Annotated, Any, Final
from urllib.parse import unquote_to_bytes

from fastapi import Depends, Header, Request
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.security import OAuth2

from service.access.model import Caller, Client, Role
from service.access.refusals import Forbidden, Unauthenticated, operator_malformed
from service.errors import Text
from service.wire.request_id import request_id_of

OPERATOR_LENGTH: Final = 64
_LETTER: Final = (
    r"[!-$&-~]|%2[1-9A-F]|%[3-6][0-9A-F]|%7[0-9A-E]|%E[4-9]%[89AB][0-9A-F]%[89AB][0-9A-F]"  # the last: Chinese
)
_OPERATOR_ON_WIRE: Final = (
    rf"(UTF-8'[A-Za-z0-9-]*')?({_LETTER})((%20| |{_LETTER}){{0,{OPERATOR_LENGTH - 2}}}({_LETTER}))?"
)
_EXTENDED: Final = re.compile(r"utf-8'[A-Za-z0-9-]*'(.+)", re.IGNORECASE | re.ASCII)
_BAD_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SCHEME: Final = OAuth2(
    flows=OAuthFlows(clientCredentials=OAuthFlowClientCredentials(tokenUrl="/oauth/token", scopes={})),
    scheme_name="oauth2",
    description="An access token from `POST /oauth/token`, sent as `Authorization: Bearer <token>`.",
    auto_error=False,
)

Operator = Annotated[
    str | None,
    Header(
        alias="X-Operator",
        description="The person behind the client: 1 to 64 printable characters. Names beyond ASCII in UTF-8 "
        "with percent encoding (`%E5%BC%A0%E4%B8%89`), also in the form of RFC 8187 "
        "(`UTF-8''%E5%BC%A0`); plain "
        "UTF-8 bytes are understood too. A percent sign itself is `%25`.",
        json_schema_extra={
            "pattern": f"^{_OPERATOR_ON_WIRE}$",
            "examples": ["%E5%BC%A0%E4%B8%89", "clerk-07"],
        },
    ),
]


def read_operator(header: str) -> str:
    """
    The operator's name from the header as ASGI gives it (Latin-1, RFC 9110 §5.5).

    Raises `request.invalid` for anything that is not a printable name of 1 to 64 characters.
    """
    extended = _EXTENDED.fullmatch(header)
    encoded = extended[1] if extended else header
    if _BAD_PERCENT.search(encoded):
        raise operator_malformed()
    try:
        name = unquote_to_bytes(encoded.encode("latin-1")).decode("utf-8")
    except UnicodeError:
        raise operator_malformed() from None
    if not 0 < len(name) <= OPERATOR_LENGTH or not name.isprintable() or name != name.strip():
        raise operator_malformed()
    return name


def bearer_of(header: str | None) -> str:
    """The token of an Authorization header. Raises `access.unauthenticated`."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated.missing()
    return token.strip()


class Guard:
    """A dependency that lets the given roles pass and says who is calling."""

    def __init__(self, roles: frozenset[Role]) -> None:
        assert roles, "a route that nobody may call"
        self.roles = roles

    @property
    def openapi(self) -> dict[str, Any]:
        """What the API document says of a guarded operation (`wire.routing` puts it there)."""
        return {"x-roles": sorted(self.roles)}

    async def before_body(self, request: Request) -> None:
        """Check the token while the body is still unread (`wire.routing` calls it first)."""
        client: Client = await request.app.state.tokens.verify(bearer_of(request.headers.get("authorization")))
        request.state.client_id = client.client_id
        if client.role not in self.roles:
            raise Forbidden(_not_for(client.role))
        operator = request.headers.get("x-operator")
        request.state.caller = Caller(
            client_id=client.client_id,
            role=client.role,
            county_code=client.county_code,
            hospital_code=client.hospital_code,
            payers=client.payers,
            township_code=client.township_code,
            operator=None if operator is None else read_operator(operator),
            request_id=request_id_of(request.scope),
        )

    async def __call__(
        self, request: Request, _token: Annotated[str | None, Depends(_SCHEME)], _operator: Operator = None
    ) -> Caller:
        # Again, where the body was read meanwhile: remembered tokens cost nothing, a forgotten check would.
        await self.before_body(request)
        caller: Caller = request.state.caller
        return caller


def _not_for(role: Role) -> Text:
    return Text(
        f"角色 {role} 无权执行此操作；请使用有权角色的客户端。",
        f"Role {role} may not do this: use a client of a role that may.",
    )


def allow(*roles: Role) -> Any:
    """
    The dependency for a route that these roles may call: `caller: Annotated[Caller, allow(Role.AGENCY)]`.

    401 `access.unauthenticated` without a valid token, 403 `access.forbidden` for another role.
    """
    return Depends(Guard(frozenset(roles)))
