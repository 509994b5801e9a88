"""Where clients get their tokens, and others the keys to check them."""

from typing import Any, Final

from fastapi import Request
from starlette.responses import Response

from service.access.door import Door, log_in
from service.access.oauth import OAuthRefusedError, answer, read_request
from service.access.schemas import TOKEN_FORM, JwksOut, OAuthErrorOut, TokenOut
from service.wire.address import address_of
from service.wire.limits import short_body
from service.wire.responses import Responses, example
from service.wire.routing import Router

router = Router(tags=["Access"])


def _refused(error: str, description: str) -> dict[str, Any]:
    value = {"error": error, "error_description": description}
    return {"application/json": {"examples": {error: {"summary": error, "value": value}}}}


_ERRORS: Final[Responses] = {
    400: {
        "model": OAuthErrorOut,
        "description": "The request is not as RFC 6749 wants it (§5.2).",
        "content": _refused("unsupported_grant_type", "Only client_credentials is supported."),
    },
    401: {
        "model": OAuthErrorOut,
        "description": "`invalid_client`: unknown, disabled, or another secret (RFC 6749 §5.2).",
        "content": _refused("invalid_client", "Client authentication failed."),
        "headers": {"WWW-Authenticate": {"$ref": "#/components/headers/WWW-Authenticate"}},
    },
    429: {
        "model": OAuthErrorOut,
        "description": "`slow_down`: too many wrong tries, or more tokens than a client needs. Wrong tries never shut "
        "out the right secret.",
        "content": _refused("slow_down", "Too many tries: wait."),
        "headers": {"Retry-After": {"$ref": "#/components/headers/Retry-After"}},
    },
}


@router.post(
    "/oauth/token",
    summary="Get an access token",
    response_model=TokenOut,
    responses=_ERRORS
    | example(200, {"access_token": "eyJhbGciOiJFZERTQSIs...", "token_type": "Bearer", "expires_in": 1800}),
    openapi_extra=TOKEN_FORM,
)
async def issue_token(request: Request) -> Response:
    """
    The client credentials grant of OAuth2 (RFC 6749 §4.4).

    Send the form with `client_id` and `client_secret`, or both in an `Authorization: Basic` header (§2.3.1).
    The token is a JWT signed with Ed25519; its keys are at `/.well-known/jwks.json`. Errors are RFC 6749's,
    not problem documents.
    """
    state = request.app.state
    door = Door(state.engine, state.vault, state.limiter, address_of(request), state.clock.source())
    try:
        shown = read_request(
            await short_body(request), request.headers.get("content-type"), request.headers.get("authorization")
        )
        client = await log_in(door, shown)
    except OAuthRefusedError as refused:
        request.state.problem = refused.error
        return refused.response()

    request.state.client_id = client.client_id
    token = await state.tokens.issue(client)
    lifetime = int(state.tokens.lifetime.total_seconds())
    given = {"access_token": token, "token_type": "Bearer", "expires_in": lifetime}
    return answer(given | ({"scope": " ".join(sorted(client.scopes))} if client.scopes else {}))


@router.get(
    "/.well-known/jwks.json",
    summary="Keys to check access tokens with",
    response_model=JwksOut,
    responses=example(
        200,
        {
            "keys": [
                {
                    "kty": "OKP",
                    "crv": "Ed25519",
                    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                    "kid": "5f8c1d2e9b7a4c3d8e6f0a1b2c3d4e5f",
                    "use": "sig",
                    "alg": "EdDSA",
                }
            ]
        },
    ),
)
async def list_signing_keys(request: Request) -> dict[str, Any]:
    """The public halves of the signing keys, as a JSON Web Key Set (RFC 7517)."""
    keys: dict[str, Any] = await request.app.state.tokens.jwks()
    return keys
