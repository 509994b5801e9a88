"""How a hospital's system signs: the headers of the two gateways (interface §1, A and B)."""

import base64
import hashlib
import hmac
import time

from tests.nhsa.his import His


def by_hmac(his: His, *, key: str = "secret-a", **other: str) -> dict[str, str]:
    return signed_by_hmac(f"AK-{his.code}", key, **other)


def signed_by_hmac(account: str, key: str, **other: str) -> dict[str, str]:
    """The headers with which a gateway client of this account and secret calls."""
    signed = {
        "_api_access_key": account,
        "_api_name": "api_1901",
        "_api_timestamp": str(int(time.time() * 1000)),
        "_api_version": "1.0.0",
    } | other
    text = "&".join(f"{name}={signed[name]}" for name in sorted(signed))
    signature = base64.b64encode(hmac.digest(key.encode(), text.encode(), "sha1")).decode()
    return signed | {"_api_signature": signature}


def by_tif(his: His, nonce: str, *, key: str = "secret-b", late: int = 0) -> dict[str, str]:
    stamp = str(int(time.time()) - late)
    signature = hashlib.sha256(f"{stamp}{key}{nonce}{stamp}".encode()).hexdigest()
    named = {"x-tif-paasid": f"PA-{his.code}", "x-tif-timestamp": stamp, "x-tif-nonce": nonce}
    return named | {"x-tif-signature": signature}
