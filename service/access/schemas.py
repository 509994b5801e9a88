"""What the token endpoint says, in the shapes of RFC 6749 and RFC 7517."""

from typing import Any, Final, Literal

from pydantic import BaseModel, Field


class TokenOut(BaseModel):
    """An access token (RFC 6749 §5.1)."""

    access_token: str = Field(description="Send it as `Authorization: Bearer <access_token>`.")
    token_type: Literal["Bearer"]
    expires_in: int = Field(description="Seconds until it expires; get a new one a little before.")
    scope: str | None = Field(default=None, description="What it may be used for; left out: all that the role may do.")


class OAuthErrorOut(BaseModel):
    """An error of the token endpoint (RFC 6749 §5.2)."""

    error: Literal["invalid_request", "invalid_client", "unsupported_grant_type", "invalid_scope", "slow_down"]
    error_description: str


class JwkOut(BaseModel):
    """A public key (RFC 7517, RFC 8037)."""

    kty: str
    crv: str
    x: str
    kid: str
    use: str
    alg: str


class JwksOut(BaseModel):
    """The public keys by which tokens can be checked."""

    keys: list[JwkOut]


TOKEN_FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["grant_type"],
                    "properties": {
                        "grant_type": {"type": "string", "enum": ["client_credentials"]},
                        "client_id": {"type": "string", "examples": ["demo-hospital"]},
                        "client_secret": {"type": "string", "format": "password"},
                        "scope": {
                            "type": "string",
                            "description": "Fewer scopes than the client has, between spaces: `settlements:read`.",
                        },
                    },
                },
                "examples": {
                    "hospital": {
                        "summary": "A hospital's information system",
                        "value": {
                            "grant_type": "client_credentials",
                            "client_id": "demo-hospital",
                            "client_secret": "the secret it was given",
                        },
                    }
                },
            }
        },
    }
}
"""The form, for OpenAPI: it is read by hand, because its errors are RFC 6749's."""
