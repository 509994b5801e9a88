"""The patient's pages. No script is needed, and none is sent."""

from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID, uuid4

from fastapi import Depends, Request
from starlette.datastructures import FormData
from starlette.responses import FileResponse, Response

from service.access.idempotency import Attempt
from service.access.refusals import Unauthenticated
from service.db import Tx
from service.errors import Refusal
from service.inquiry import accesses, claims, left, session, year
from service.inquiry.guard import Inquirer, PatientGuard
from service.inquiry.routes import AskedYear, enter
from service.inquiry.schemas import SessionIn
from service.money import yuan
from service.objections import actions as objecting
from service.objections.schemas import FilingIn, ObjectionOut
from service.paper.handed_in import taken
from service.slip.words import AMOUNTS, WAYS
from service.text import Text
from service.web import forms, page, waterfall
from service.web.page import COOKIE, ROOT, PageRoute, address, redirect, render
from service.web.waterfall import Share
from service.web.words import WORDS, decided_anew, numbered, replaced
from service.wire.pages import Paging
from service.wire.routing import Router
from service.wire.types import Id

router = Router(prefix=ROOT, route_class=PageRoute, include_in_schema=False)

_STYLE: Final = Path(__file__).parent / "style.css"
_KEPT: Final = {"Cache-Control": "public, max-age=3600"}


class PageGuard(PatientGuard):
    """Lets in whoever has the cookie of an open session."""

    async def before_body(self, request: Request) -> None:
        self.admit(request, request.cookies.get(COOKIE, ""))


Visitor = Annotated[Inquirer, Depends(PageGuard())]


@router.get("/style.css")
async def style() -> Response:
    """How the pages look."""
    return FileResponse(_STYLE, media_type="text/css", headers=_KEPT)


@router.get("")
async def show_entrance(request: Request) -> Response:
    """The entrance, with the code filled in where the QR code of a slip led here."""
    code = request.query_params.get("code", "")
    shown = code if code.isascii() and code.replace(" ", "").isdigit() else ""
    return _entrance(request, shown, problem=WORDS["expired"] if "expired" in request.query_params else None)


@router.get("/")
async def lead_to_entrance(request: Request) -> Response:
    """The entrance as some type it, with a stroke at its end."""
    code = request.query_params.get("code")
    return redirect(address(request, **({"code": code} if code else {})))


@router.post("")
async def come_in(request: Request) -> Response:
    """Open a session, and go on to the claims."""
    form = await forms.few(request)
    code = form.get("code", "")
    try:
        asked = forms.checked(SessionIn, {"query_code": code, "id_last6": form.get("last_six", "")})
        token = await enter(request, asked.query_code, asked.id_last6)
    except Refusal as refused:
        request.state.problem = refused.code
        details = [each.detail for each in refused.errors] or [refused.detail]
        response = _entrance(request, code, problem=details[0], status=refused.status)
        response.headers.update({name: value for name, value in refused.headers.items() if name == "Retry-After"})
        return response
    return page.with_session(request, redirect(address(request, "/claims")), token)


def _entrance(request: Request, code: str, *, problem: Text | None, status: int = 200) -> Response:
    return render(request, "enter.html", status=status, code=code, problem=problem)


@router.post("/leave")
async def leave(request: Request, tx: Tx) -> Response:
    """End the session, in this browser and for whoever else has its token."""
    await forms.few(request)
    state, token = request.app.state, request.cookies.get(COOKIE, "")
    with suppress(Unauthenticated):
        # Only what is a session is remembered as one that was left.
        session.read(state.vault, token, at=state.clock.source())
        await left.leave(tx, state.vault, token, at=state.clock.source())
    response = redirect(address(request))
    response.delete_cookie(COOKIE, path=ROOT, httponly=True, samesite="strict")
    return response


@router.get("/claims")
async def show_claims(request: Request, visitor: Visitor) -> Response:
    """All settlements of the person."""
    paging = Paging(cursor=request.query_params.get("cursor"))
    after = paging.after(UUID)
    found = await claims.listed(visitor, after=after[0] if after else None, rows=paging.limit + 1)
    shown, following = paging.cut(found, lambda each: (each.id,))
    return render(request, "claims.html", claims=shown, following=following, version=decided_anew)


@router.get("/claims/{claim_id}")
async def show_claim(request: Request, claim_id: Id, visitor: Visitor) -> Response:
    """One settlement: how the bill was shared, what happened so far, and why."""
    answer = await claims.read(visitor, claim_id)
    record = answer.claim.record
    total = record.settlement.amounts.total
    bars = waterfall.bars(total, _shares(answer))
    return render(
        request,
        "claim.html",
        claim=answer.claim,
        answer=answer,
        amounts=record.settlement.amounts._asdict(),
        split=record.settlement.split,
        bars=bars,
        width=waterfall.WIDTH,
        height=waterfall.height(bars),
        version=decided_anew,
        replaced=replaced,
        numbered=numbered,
        names=AMOUNTS,
        ways=WAYS,
        sentences=[Text(*pair) for pair in zip(*answer.explanation.values(), strict=True)],
        objections=[ObjectionOut.of(each, visitor.today) for each in answer.objections],
    )


def _shares(answer: claims.Answer) -> list[Share]:
    record = answer.claim.record
    shares = [Share(WORDS["total"], record.settlement.amounts.total, "total")]
    for part in answer.parts:
        if part.amount and part.way == "expected":
            shares.append(Share(_and(part.name, WORDS["not_approved"]), part.amount, "expected"))
        elif part.amount:
            shares.append(Share(part.name, part.amount, "payer"))
    if record.hospital_bears:
        shares.append(Share(WORDS["hospital_bears"], record.hospital_bears, "hospital"))
    return [*shares, Share(WORDS["mine"], record.settlement.split.patient_pays, "patient")]


def _and(name: Text, more: Text) -> Text:
    return Text(name.zh + more.zh, name.en + more.en)


@router.get("/claims/{claim_id}/objection")
async def show_objection_form(request: Request, claim_id: Id, visitor: Visitor) -> Response:
    """Where to say that an amount is wrong."""
    return _objection_form(request, await claims.find(visitor, claim_id), key=uuid4().hex)


@router.post("/claims/{claim_id}/objection")
async def send_objection(request: Request, claim_id: Id, visitor: Visitor) -> Response:
    """Object, with a paper if one was chosen. Sent twice, it is filed once."""
    claim, vault = await claims.find(visitor, claim_id), visitor.vault
    async with forms.sent(request) as form:
        forms.of_session(form, vault, request.cookies.get(COOKIE, ""))
        said = {name: forms.text_of(form, name).replace("\r\n", "\n") for name in ("reason", "contact")}
        key, paper = forms.key_of(form), forms.file_of(form, "paper")
        try:
            asked = forms.checked(FilingIn, said)
            if paper is not None:
                taken(paper.file)
        except Refusal as refused:
            request.state.problem = refused.code
            return _objection_form(request, claim, key=key, said=said, refused=refused)
        attempt = Attempt(f"page/{key}", vault.fingerprint_bytes("request", f"{claim_id}/{said}".encode()))
        await visitor.objections.once(attempt, lambda: _object(visitor, claim_id, asked, form), 201)
    return redirect(address(request, f"/claims/{claim_id}"))


async def _object(visitor: Inquirer, claim_id: UUID, asked: FilingIn, form: FormData) -> dict[str, str]:
    desk, paper = visitor.objections, forms.file_of(form, "paper")
    filed = await objecting.file(desk, claim_id, reason=asked.reason, contact=asked.contact)
    if paper is not None:
        await paper.seek(0)
        await objecting.hand_in(desk, filed.id, paper.file, paper.filename or "")
    return {"id": str(filed.id)}


def _objection_form(
    request: Request,
    claim: claims.Claim,
    *,
    key: str,
    said: dict[str, str] | None = None,
    refused: Refusal | None = None,
) -> Response:
    token = request.cookies.get(COOKIE, "")
    details = [each.detail for each in refused.errors] or [refused.detail] if refused is not None else []
    return render(
        request,
        "objection.html",
        status=refused.status if refused is not None else 200,
        claim=claim,
        key=key,
        mark=forms.mark(request.app.state.vault, token),
        said=said or {"reason": "", "contact": ""},
        problems=details,
    )


@router.get("/year")
async def show_year(request: Request, visitor: Visitor, asked: AskedYear = None) -> Response:
    """This year's totals, and how far it is to the next threshold; or another year's totals."""
    found = await year.read(visitor, asked)
    paid, names = found.totals.layers, found.layer_names
    in_order = [name for name in names if name in paid] + [name for name in paid if name not in names]
    layers = [(names.get(name, Text(name, name)), yuan(paid[name])) for name in in_order]
    running = found.year == visitor.today.year
    return render(request, "year.html", year=found, layers=layers, running=running)


@router.get("/accesses")
async def show_accesses(request: Request, visitor: Visitor) -> Response:
    """Who looked at the person's data."""
    paging = Paging(cursor=request.query_params.get("cursor"))
    after = paging.after(datetime, UUID)
    found = await accesses.read(visitor, after=(after[0], after[1]) if after else None, rows=paging.limit + 1)
    shown, following = paging.cut(found, lambda each: each[0])
    return render(request, "accesses.html", accesses=[looked for _, looked in shown], following=following)
