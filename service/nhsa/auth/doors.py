"""Who is calling? Picks the way in by what the request shows, and checks it."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.access.door import WRONG_OF_ADDRESS, WRONG_OF_CLIENT
from service.access.guard import is_within
from service.access.limits import Limiter
from service.access.pace import Pace
from service.access.tokens import Tokens
from service.access.vault import Vault
from service.db import EVERY_COUNTY, seeing, transaction_on
from service.errors import Text
from service.nhsa.auth import gateway, sm2, store, tif
from service.nhsa.model import Auth, Envelope, Institution
from service.nhsa.refusals import NotLetIn
from service.wire.address import Address, neighbourhood

REMEMBERED: Final = timedelta(seconds=30)
_MOST_REMEMBERED: Final = 10_000


class Doors:
    """
    Lets institutions in. What it read of an institution it remembers for half a minute, so that a settlement costs no
    more than through REST; a secret that is withdrawn works no longer than that.
    """

    def __init__(self, engine: AsyncEngine, vault: Vault, tokens: Tokens, pace: Pace, limiter: Limiter) -> None:
        self._engine = engine
        self._vault = vault
        self._tokens = tokens
        self._pace = pace
        self._limiter = limiter
        self._known: dict[tuple[str, str], tuple[datetime, object]] = {}
        self._shut: dict[tuple[str, str], datetime] = {}

    async def let_in(
        self,
        headers: Mapping[str, str],
        envelope: Envelope,
        now: datetime,
        *,
        address: Address | None,
        body_hash: bytes,
    ) -> Institution:
        """
        The institution that calls, on the terms of its client as REST has them: whether it is disabled, from where
        and how fast it may call. Raises NotLetIn, and TooManyRequests.
        """
        tried = (envelope.fixmedins_code, neighbourhood(address))
        if now < self._shut.get(tried, now):
            raise _too_often()
        try:
            institution = await self._proved(headers, envelope, now, body_hash)
            terms = await self._tokens.terms_of(institution.client_id)
            if terms.disabled or not is_within(terms, address):
                raise _unknown(institution.fixmedins_code)
        except NotLetIn:
            await self._count(tried, now)
            raise
        self._pace.step(institution.client_id)
        return institution

    async def _count(self, tried: tuple[str, str], now: datetime) -> None:
        """
        Count a wrong try, as REST counts wrong secrets; after too many this address is no longer judged for a while.

        Who is right is never counted, so that a settlement costs no more than through REST.
        """
        tries = (WRONG_OF_CLIENT.of(*tried), WRONG_OF_ADDRESS.of(tried[1]))
        with seeing(EVERY_COUNTY):
            wait = await self._limiter.take(*tries, at=now)
        if wait is not None:
            if len(self._shut) >= _MOST_REMEMBERED:
                self._shut.clear()
            self._shut[tried] = now + wait

    async def _proved(
        self, headers: Mapping[str, str], envelope: Envelope, now: datetime, body_hash: bytes
    ) -> Institution:
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
        # The same question under another msgid is another message.
        message = self._vault.fingerprint_bytes("nhsa nonce", envelope.msgid.encode() + b"\x00" + body_hash)
        nonce = headers["x-tif-nonce"]
        if not await store.use_nonce(self._engine, account, nonce, message, at=now, window=2 * tif.WINDOW):
            raise tif.replayed()
        return await self._named(found[0], envelope, now)

    async def _without_headers(self, envelope: Envelope, now: datetime) -> Institution:
        institution = await self._institution(envelope.fixmedins_code, now)
        if institution is None:
            raise _unknown(envelope.fixmedins_code)
        key = await self._secret(Auth.SM2, institution.fixmedins_code, now)
        if key is not None:
            sm2.check(envelope, key[1], now)
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


def _too_often() -> NotLetIn:
    return NotLetIn(
        Text(
            "签名错误次数过多，暂不受理；请核对密钥后 15 分钟再试。",
            "Too many wrong signatures: check the key and try again in 15 minutes.",
        )
    )


def _unknown(fixmedins_code: str) -> NotLetIn:
    return NotLetIn(
        Text(
            f"机构编号 {fixmedins_code[:20]} 未开通本接口，请核对 fixmedins_code 或联系医保经办机构。",
            "This fixmedins_code is not open for the interface: check it, or ask the agency.",
        )
    )
