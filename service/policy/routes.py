"""Policy packs over HTTP: what is loaded, and whether a county's own would be."""

from typing import Annotated

from fastapi import Request

from service.access.guard import allow
from service.access.model import Caller, Role
from service.errors import Text
from service.policy.check import check_text
from service.policy.model import Packs
from service.policy.refusals import PolicyUnknown
from service.policy.schemas import PackIn, PackOut, PackSummaryOut, ReportOut
from service.wire.pages import Page, PageAsked
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Code

router = Router(prefix="/v1/policies", tags=["Policies"])

Anyone = Annotated[Caller, allow(*Role)]

_HEAD = {
    "id": "guangxi-county-2018",
    "hash": "sha256:dc27a993f0574bc10c74db6aeaf5f1e2442f6bc14cb6aed9b1de693928ac0379",
    "title": {
        "zh": "广西某县健康扶贫“一站式”结算政策（2018年起）",
        "en": "One-stop settlement of a Guangxi county, from 2018",
    },
    "county_codes": ["459901"],
    "valid_from": "2018-01-01",
    "valid_to": "2022-02-28",
}
_EXAMPLE = {
    **_HEAD,
    "says": ["1. 基本医疗保险 / Basic insurance, paid by 城乡居民基本医疗保险基金; advanced by the hospital"],
    "document": {"order": {"layers": ["basic", "serious", "aid", "other", "top_up"], "clauses": ["000 §四(四)1"]}},
}
_REFUSED = {
    "ok": False,
    "faults": [
        {
            "code": "pack.float",
            "file": "pack.yaml",
            "key": "layers.basic.terms[0].ratio[0].value",
            "says": "0.9 is not quoted, so YAML reads it as a float",
            "remedy": {"zh": '请给数值加引号，例如 "0.85"。', "en": 'Quote the value, for example "0.85".'},
        }
    ],
    "says": [],
}
_CHECK = {
    "requestBody": {
        "content": {
            "application/json": {
                "examples": {
                    "unquoted": {
                        "summary": "A ratio that YAML reads as a float",
                        "value": {"yaml": "layers:\n  basic:\n    terms:\n      - ratio: [{value: 0.9}]\n"},
                    }
                }
            }
        }
    }
}


@router.get("", summary="List policy packs", responses=example(200, {"items": [_HEAD], "next_cursor": None}))
async def list_policies(request: Request, caller: Anyone, paging: PageAsked) -> Page[PackSummaryOut]:
    """The packs that are loaded, as the county has amended them, in the order in which they came into force."""
    packs: Packs = request.app.state.packs
    after = paging.after(str, str) or ("", "")
    newest = [packs.newest(pack, caller.county_code) for pack in packs.in_order()]
    rows = [pack for pack in newest if (pack.valid_from.isoformat(), pack.id) > after]
    page, cursor = paging.cut(rows[: paging.limit + 1], lambda pack: (pack.valid_from.isoformat(), pack.id))
    return Page(items=[PackSummaryOut.of(pack) for pack in page], next_cursor=cursor)


@router.get("/{policy_id}", summary="Read a policy pack", responses=refusals(PolicyUnknown) | example(200, _EXAMPLE))
async def read_policy(request: Request, policy_id: Code, caller: Anyone) -> PackOut:
    """A pack's parameters with the clause that each one rests on, and what the pack says, as the county amended it."""
    packs: Packs = request.app.state.packs
    pack = packs.by_id(policy_id)
    if pack is None:
        raise PolicyUnknown(
            Text(f"没有政策包 {policy_id}，请核对名称。", f"There is no policy pack {policy_id}: check its name."),
            pointer="/policy_id",
        )
    return PackOut.of(packs.newest(pack, caller.county_code))


@router.post("/check", summary="Check a policy pack", responses=example(200, _REFUSED), openapi_extra=_CHECK)
async def check_policy(body: PackIn, caller: Annotated[Caller, allow(Role.AGENCY, Role.AUDITOR)]) -> ReportOut:
    """
    Whether a pack could be loaded: gaps, overlaps, ratios above 1, missing citations, cases that never apply.

    Nothing is stored. Each fault names its key and the remedy; without faults the answer says what the pack says.
    """
    del caller
    return ReportOut.of(check_text(body.yaml))
