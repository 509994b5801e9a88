"""Settings of the machine: addresses, keys, sizes. Never a number of the law (those live in policy packs)."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def _between_commas(value: Any) -> Any:
    return [each.strip() for each in value.split(",") if each.strip()] if isinstance(value, str) else value


Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_between_commas)]


class Settings(BaseSettings):
    """Read from the environment, each name with the prefix `ONESTOP_`."""

    model_config = SettingsConfigDict(env_prefix="ONESTOP_", extra="ignore")

    database_url: str | None = Field(
        default=None,
        description="Any PostgreSQL 15 or later, as postgresql://user:password@host:port/name. "
        "Unset: PostgreSQL is embedded, its data below `data_dir`.",
    )
    data_dir: Path = Field(
        default=Path(".data"), description="Where the embedded PostgreSQL and the demo keep their files."
    )
    packs_dir: Path | None = Field(
        default=None, description="A folder of policy packs of your own county, beside those that ship."
    )
    keys: SecretStr | None = Field(
        default=None,
        description="Keys for personal data at rest, 'id:base64[,id:base64...]', newest first, 32 bytes each. "
        "Or use `keys_file`.",
    )
    keys_file: Path | None = Field(default=None, description="A file with the same content as `keys`.")
    cipher: Literal["aes-gcm", "sm4-gcm"] = Field(
        default="aes-gcm", description="With what personal data is sealed from now on; both are read."
    )
    lookup_hash: Literal["sha256", "sm3"] = Field(
        default="sha256",
        description="By what persons are found again. Choose it before the first one is entered, for good.",
    )
    postgres_bin: Path | None = Field(
        default=None,
        description="The folder of pg_dump, pg_restore and pg_basebackup for `onestop backup`. Unset: Debian's of the "
        "server's version, or those of the embedded PostgreSQL.",
    )
    wal_archive: Path | None = Field(
        default=None,
        description="Where the embedded PostgreSQL keeps its log of changes: by it a base backup is brought to any "
        "later moment. Another PostgreSQL does that by itself.",
    )
    pool_size: int = Field(default=8, ge=1, description="Database connections of one server process.")
    pool_wait_seconds: float = Field(
        default=20.0, gt=0, description="How long a request waits for a connection: then 503."
    )
    requests_working: int = Field(default=16, ge=1, description="Requests that one server process works on at once.")
    requests_waiting: int = Field(
        default=128, ge=0, description="Requests that may wait in one server process for their turn: beyond, 503."
    )
    request_wait_seconds: float = Field(
        default=5.0, gt=0, description="How long a request waits for its turn: then 503, and nothing was done."
    )
    connections_open: int = Field(
        default=800, ge=1, description="Connections that one server process keeps open: one more gets 503."
    )
    head_seconds: float = Field(
        default=10.0, gt=0, description="How long a connection may take to send the head of a request: then 408."
    )
    read_seconds: float = Field(
        default=60.0, gt=0, description="How long a caller may leave an answer unread: then the connection ends."
    )
    lock_wait_seconds: float = Field(default=10.0, gt=0, description="How long a request waits for another one's lock.")
    seal_seconds: float = Field(
        default=60.0,
        ge=0,
        description="How often a server process seals what was written, and whether it does the verifications that are "
        "asked for. 0: not at all; run `onestop seal` from a timer.",
    )
    token_minutes: int = Field(default=30, ge=1, description="How long an access token lives.")
    max_body_bytes: int = Field(default=8_000_000, ge=1000, description="Largest request body accepted: beyond it 413.")
    max_file_bytes: int = Field(
        default=100_000_000, ge=1000, description="Largest uploaded file accepted: beyond, 413."
    )
    body_seconds: float = Field(
        default=30.0, gt=0, description="How long a request may take to send its body: then 408. Files: ten times that."
    )
    statement_seconds: float = Field(
        default=300.0,
        gt=0,
        description="How long a server process lets one statement of the database run: then 503, and nothing was done.",
    )
    silence_seconds: float = Field(
        default=5.0,
        gt=0,
        description="How long the database may owe an answer to a server process before it is asked, on a new "
        "connection, whether it is at work on it: where it is not, the connection is given up: 503.",
    )
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s/]+[^\s]*$",
        max_length=60,
        description="Where patients reach this service, such as https://yb.example.cn, for slips and text messages. "
        "Unset: the address under which the hospital calls.",
    )
    trusted_proxies: Networks = Field(
        default=(),
        description="Our own reverse proxies, whose X-Forwarded-For is believed: networks with commas (10.0.0.5/32).",
    )
    client_requests_per_second: int = Field(
        default=1000, ge=0, description="How fast one client may call one server process; 0: no limit."
    )
    traces_endpoint: str | None = Field(
        default=None, description="An OTLP collector's HTTP endpoint for traces; needs onestop[traces]. Unset: none."
    )
