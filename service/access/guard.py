"""
Who may call a route. `caller: Annotated[Caller, allow(Role.HOSPITAL)]` declares it, for the code and for
OpenAPI.

The token is checked before the body is read (`wire.routing`): strangers are not parsed.
"""

from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import Depends, Header, Request
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.security import OAuth2

from service.access.model import Caller, Role, Terms
from service.access.operators import OPERATOR_LENGTH, read_operator, read_purpose, vouched_for
from service.access.refusals import Forbidden, ScopeInsufficient, Unauthenticated
from service.access.tokens import Tokens
from service.db import EVERY_COUNTY, see
from service.errors import Text
from service.wire.address import Address, address_of
from service.wire.request_id import request_id_of

_LETTER: Final = (
    r"[!-$&-~]|%2[1-9A-F]|%[3-6][0-9A-F]|%7[0-9A-E]|%E[4-9]%[89AB][0-9A-F]%[89AB][0-9A-F]"  # the last: Chinese
)
_OPERATOR_ON_WIRE: Final = (
    rf"(UTF-8'[A-Za-z0-9-]*')?({_LETTER})((%20| |{_LETTER}){{0,{OPERATOR_LENGTH - 2}}}({_LETTER}))?"
)
_SCHEME: Final = OAuth2(
    flows=OAuthFlows(clientCredentials=OAuthFlowClientCredentials(tokenUrl="/oauth/token", scopes={})),
    scheme_name="oauth2",
    description="An access token from `POST /oauth/token`, sent as `Authorization: Bearer <token>`.",
    auto_error=False,
)

_SIGNATURE_EXAMPLE: Final = "t=1528531200,v1=" + "9f" * 32

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
Signature = Annotated[
    str | None,
    Header(
        alias="X-Operator-Signature",
        description="By which the client vouches for `X-Operator`: `t=<Unix seconds>,v1=<hex>`, where v1 is the "
        "HMAC-SHA256 under the client's operator key of these lines, joined by newlines: client id, t, method, path "
        "with query, `X-Operator` as sent, SHA-256 of the body in hex (`-` for a form with files). At most five "
        "minutes old. Some clients must send it with every change.",
        json_schema_extra={"pattern": "^t=[0-9]{1,11},v1=[0-9a-f]{64}$", "examples": [_SIGNATURE_EXAMPLE]},
    ),
]
Purpose = Annotated[
    str | None,
    Header(
        alias="X-Purpose",
        description="What the request is for, kept in the audit trail: as `X-Operator`, 1 to 64 characters.",
        json_schema_extra={"pattern": f"^{_OPERATOR_ON_WIRE}$", "examples": ["complaint-2018-17"]},
    ),
]


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
        tokens: Tokens = request.app.state.tokens
        client = await tokens.verify(bearer_of(request.headers.get("authorization")))
        terms = await tokens.terms_of(client.client_id)
        request.state.client_id, request.state.terms = client.client_id, terms
        if not is_within(terms, address_of(request)):
            raise Unauthenticated.invalid()
        if client.role not in self.roles:
            raise Forbidden(_not_for(client.role))
        if client.scopes and (scope := scope_of(request)) not in client.scopes:
            raise ScopeInsufficient.needs(scope)
        operator, purpose = request.headers.get("x-operator"), request.headers.get("x-purpose")
        if not hasattr(request.state, "caller"):
            request.app.state.pace.step(client.client_id)
        see(EVERY_COUNTY if client.role is Role.HOSPITAL else client.county_code)
        request.state.guarded_by = self
        request.state.caller = Caller(
            client_id=client.client_id,
            role=client.role,
            county_code=client.county_code,
            hospital_code=client.hospital_code,
            payers=client.payers,
            township_code=client.township_code,
            operator=None if operator is None else read_operator(operator),
            request_id=request_id_of(request.scope),
            purpose=None if purpose is None else read_purpose(purpose),
        )

    async def __call__(
        self,
        request: Request,
        _token: Annotated[str | None, Depends(_SCHEME)],
        _operator: Operator = None,
        _signature: Signature = None,
        _purpose: Purpose = None,
    ) -> Caller:
        # A router that asks no guard before it reads the body (FastAPI's own) is guarded all the same.
        if getattr(request.state, "guarded_by", None) is not self:
            await self.before_body(request)
        state = request.app.state
        caller: Caller = request.state.caller
        signed = await vouched_for(request, caller.client_id, request.state.terms, state.vault, at=state.clock.source())
        return replace(caller, operator_signed=signed)


def is_within(terms: Terms, address: Address | None) -> bool:
    """Whether a client may call from this address."""
    return not terms.networks or (address is not None and any(address in network for network in terms.networks))


def scope_of(request: Request) -> str:
    """The scope that a request needs: to read below /v1/settlements `settlements:read`, else `settlements:write`."""
    area = request.scope["route"].path.split("/")[2]
    return f"{area}:{'read' if request.method == 'GET' else 'write'}"


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
