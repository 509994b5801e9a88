"""Who is calling? Picks the way in by what the request shows, and checks it."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.access.vault import Vault
from service.db import EVERY_COUNTY, seeing, transaction_on
from service.errors import Text
from service.nhsa.auth import gateway, sm2, store, tif
from service.nhsa.model import Auth, Envelope, Institution
from service.nhsa.refusals import NotLetIn

REMEMBERED: Final = timedelta(seconds=30)
_MOST_REMEMBERED: Final = 10_000


class Doors:
    """
    Lets institutions in. What it read of an institution it remembers for half a minute, so that a settlement costs no
    more than through REST; a secret that is withdrawn works no longer than that.
    """

    def __init__(self, engine: AsyncEngine, vault: Vault) -> None:
        self._engine = engine
        self._vault = vault
        self._known: dict[tuple[str, str], tuple[datetime, object]] = {}

    async def let_in(
        self, headers: Mapping[str, str], envelope: Envelope, now: datetime, *, body_hash: bytes
    ) -> Institution:
        """The institution that calls. Raises NotLetIn."""
        if gateway.is_tried(headers):
            found = await self._secret(Auth.HMAC, gateway.account_of(headers, now), now)
            if found is None:
                raise gateway.unknown()
            gateway.check(headers, found[1])
            return await self._named(found[0], envelope, now)
        if tif.is_tried(headers):
            return await self._by_tif(headers, envelope, now, body_hash)
        return await self._without_headers(envelope, now)

    async def _by_tif(
        self, headers: Mapping[str, str], envelope: Envelope, now: datetime, body_hash: bytes
    ) -> Institution:
        account = tif.account_of(headers, now)
        found = await self._secret(Auth.TIF, account, now)
        if found is None:
            raise tif.unknown()
        tif.check(headers, found[1])
        with seeing(EVERY_COUNTY):
            await self._once(account, headers["x-tif-nonce"], body_hash, now)
        return await self._named(found[0], envelope, now)

    async def _once(self, account: str, nonce: str, body_hash: bytes, now: datetime) -> None:
        async with transaction_on(self._engine) as tx:
            if not await store.use_nonce(tx, account, nonce, body_hash, at=now, window=2 * tif.WINDOW):
                raise tif.replayed()

    async def _without_headers(self, envelope: Envelope, now: datetime) -> Institution:
        institution = await self._institution(envelope.fixmedins_code, now)
        if institution is None:
            raise _unknown(envelope.fixmedins_code)
        key = await self._secret(Auth.SM2, institution.fixmedins_code, now)
        if key is not None:
            sm2.check(envelope, key[1])
        elif not institution.open:
            raise NotLetIn(
                Text(
                    "该机构须签名调用：请在请求头中给出 _api_* 或 x-tif-* 签名。",
                    "This institution must sign: send the _api_* or x-tif-* headers.",
                )
            )
        return institution

    async def _named(self, fixmedins_code: str, envelope: Envelope, now: datetime) -> Institution:
        if envelope.fixmedins_code != fixmedins_code:
            raise NotLetIn(
                Text(
                    "报文中的 fixmedins_code 与所用密钥的机构不一致，请核对。",
                    "fixmedins_code is not the institution of this key: check both.",
                )
            )
        institution = await self._institution(fixmedins_code, now)
        if institution is None:
            raise _unknown(fixmedins_code)
        return institution

    async def _institution(self, fixmedins_code: str, now: datetime) -> Institution | None:
        found = await self._remembered(
            ("institution", fixmedins_code), now, lambda tx: store.institution(tx, fixmedins_code)
        )
        assert found is None or isinstance(found, Institution)
        return found

    async def _secret(self, auth: Auth, account: str, now: datetime) -> tuple[str, str] | None:
        found = await self._remembered((auth, account), now, lambda tx: store.secret(tx, self._vault, auth, account))
        assert found is None or isinstance(found, tuple)
        return found

    async def _remembered(
        self, key: tuple[str, str], now: datetime, read: Callable[[AsyncConnection], Awaitable[object]]
    ) -> object:
        until, found = self._known.get(key, (now, None))
        if now < until:
            return found
        # Who calls is not known yet, so neither is the county.
        with seeing(EVERY_COUNTY):
            async with transaction_on(self._engine) as tx:
                found = await read(tx)
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        # What is not there may be added any moment; strangers are asked about each time.
        if found is not None or key[0] == Auth.SM2:
            self._known[key] = (now + REMEMBERED, found)
        return found


def _unknown(fixmedins_code: str) -> NotLetIn:
    return NotLetIn(
        Text(
            f"机构编号 {fixmedins_code[:20]} 未开通本接口，请核对 fixmedins_code 或联系医保经办机构。",
            "This fixmedins_code is not open for the interface: check it, or ask the agency.",
        )
    )
