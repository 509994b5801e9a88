"""Where a request comes from: the peer's address, or what our own proxies say of it."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from starlette.requests import Request

Address = IPv4Address | IPv6Address

_FORWARDED: Final = "x-forwarded-for"
_SUBSCRIBER_BITS: Final = 64


def address_of(request: Request) -> Address | None:
    """
    The caller's address; None where there is none to tell (a Unix socket).

    `X-Forwarded-For` counts only as far as proxies of our own (`trusted_proxies`) wrote it: read from its end, the
    first address that is not such a proxy's. Anybody can write what stands before that.
    """
    address = _read(request.client.host) if request.client else None
    proxies: Sequence[IPv4Network | IPv6Network] = request.app.state.settings.trusted_proxies
    hops = [hop.strip() for line in request.headers.getlist(_FORWARDED) for hop in line.split(",")]
    while address is not None and hops and any(address in proxy for proxy in proxies):
        before = _read(hops.pop())
        if before is None:
            return address
        address = before
    return address


def neighbourhood(address: Address | None) -> str:
    """What limits are counted by: an IPv4 address; of IPv6 the /64, of which a subscriber has every address."""
    if isinstance(address, IPv6Address):
        return str(ip_network((address, _SUBSCRIBER_BITS), strict=False))
    return str(address)


def _read(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
