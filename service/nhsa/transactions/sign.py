"""9001 签到 and 9002 签退: who sits at which desk."""

from typing import Final

from sqlalchemy import insert, select, update

from service.ids import new_id
from service.nhsa.desk import Desk, Done
from service.nhsa.model import long, short
from service.nhsa.refusals import not_found, out_of_order
from service.nhsa.tables import signins

SIGNING: Final = frozenset({"9001", "9002"})


async def refuse_signed_out(desk: Desk) -> None:
    """A sign-in number that is given must be open; it may be left out. Raises OutOfOrder."""
    given = desk.envelope.header.get("sign_no")
    if given is None:
        return
    sign_no, c = long(given), signins.c
    query = select(c.sign_no).where(
        c.county_code == desk.institution.county_code,
        c.sign_no == sign_no,
        c.fixmedins_code == desk.institution.fixmedins_code,
        c.signed_out_at.is_(None),
    )
    if sign_no is None or await desk.tx.scalar(query) is None:
        raise out_of_order("签到编号(sign_no)不存在或已签退，请重新签到(9001)。", "Sign in anew (9001).")


async def sign_in(desk: Desk) -> Done:
    """9001: a sign-in number for an operator."""
    asked = desk.input["signin"]
    sign_no = new_id(desk.now)
    await desk.tx.execute(
        insert(signins).values(
            county_code=desk.institution.county_code,
            sign_no=sign_no,
            fixmedins_code=desk.institution.fixmedins_code,
            opter_no=asked.get("opter_no", desk.caller.operator or ""),
            mac=asked.get("mac"),
            ip=asked.get("ip"),
            signed_in_at=desk.now,
        )
    )
    return Done({"signinoutb": {"sign_time": desk.today.isoformat(), "sign_no": short(sign_no)}}, subject=sign_no)


async def sign_out(desk: Desk) -> Done:
    """9002: the number is used no more."""
    sign_no = long(desk.input["signout"]["sign_no"])
    c = signins.c
    found = await desk.tx.execute(
        update(signins)
        .where(
            c.county_code == desk.institution.county_code,
            c.sign_no == sign_no,
            c.fixmedins_code == desk.institution.fixmedins_code,
            c.signed_out_at.is_(None),
        )
        .values(signed_out_at=desk.now)
        .returning(c.sign_no)
    )
    if sign_no is None or found.first() is None:
        raise not_found("签到编号不存在或已签退，无需再签退。", "There is no such open sign-in.")
    return Done({"sign_time": {"sign_time": desk.today.isoformat()}}, subject=sign_no)
