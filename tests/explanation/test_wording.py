"""Whatever the kernel can decide can be said, in Chinese and in English."""

import re
from string import Formatter
from typing import Any

import pytest

from service.explanation.render import Renderer
from service.explanation.wording import sentences, wording
from service.policy.load import load_pack, shipped_packs
from service.policy.model import Pack
from service.settlement.model import Finding, Settlement, Step
from tests.cases.claims import HERE, Person, cases
from tests.explanation.steps_in_code import findings_written, steps_written

WRITTEN = steps_written()
RAW = sentences()
CHINESE = re.compile("[一-鿿]")
CASES = [*cases("reference.yaml"), *cases("families.yaml"), *cases("half_fen.yaml"), *cases("decided.yaml")]


def fields_of(text: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(text) if field is not None}


def test_the_kernel_writes_steps() -> None:
    assert len({step.rule for step in WRITTEN}) > 20


@pytest.mark.parametrize("step", WRITTEN, ids=lambda step: f"{step.where}-{step.rule}")
def test_every_step_has_a_sentence_for_each_way_it_can_go(step: Any) -> None:
    for applied in (True, False) if step.applied is None else (step.applied,):
        variants = RAW["steps"][step.rule]
        texts = variants["applied" if applied else "otherwise"]
        assert (step.rule, applied) in wording().steps
        assert CHINESE.search(texts["zh"])
        assert texts["en"].isascii()
        for text in texts.values():
            assert fields_of(text) <= step.values | {"amount"}, f"{step.where}: {text}"


def test_no_sentence_waits_for_a_step_that_nobody_writes() -> None:
    assert set(RAW["steps"]) == {step.rule for step in WRITTEN}


def test_a_version_is_kept_beside_the_next() -> None:
    assert wording(1).names["zh"].of("expected") == "待乡镇审批后支付"
    assert wording(1).names["zh"].of("held") == wording(2).names["zh"].of("held")
    assert "批准后才支付" in wording(2).summary["expected"]["zh"].write({"expected": 100}, wording(2).names["zh"])


def test_every_finding_has_a_sentence() -> None:
    found = findings_written()
    assert set(RAW["findings"]) == set(found)
    for code, texts in RAW["findings"].items():
        assert CHINESE.search(texts["zh"])
        assert texts["en"].isascii()
        for text in texts.values():
            assert fields_of(text) <= found[code], code


def test_every_name_is_in_both_languages() -> None:
    for code, names in RAW["names"].items():
        assert names["zh"].strip(), code
        assert names["en"].isascii(), code


@pytest.mark.parametrize("pack", shipped_packs().packs, ids=lambda pack: pack.id)
def test_every_class_of_aid_and_every_identity_has_a_name(pack: Pack) -> None:
    named = {one.id for layer in pack.layers for terms in layer.terms for one in getattr(terms.rule, "classes", ())}

    assert named <= RAW["names"].keys()


def settlements(case: dict[str, Any]) -> list[tuple[Pack, Settlement]]:
    """The settlements of a case, whether it is one visit or a year of them."""
    person = Person(frozenset(case.get("identities", ())))
    steps = case.get("visits") or [{"visit": case["visit"], "fee_lines": case["fee_lines"]}]
    own = load_pack(HERE / "packs" / case["pack"]) if case.get("pack") else None
    told = []
    for step in steps:
        claim = person.claim(step["visit"], step["fee_lines"])
        pack = own or shipped_packs().on("459901", claim.day)
        assert pack is not None
        told.append((pack, person.settle(claim, pack)))
    return told


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.get("id") or case["name"])
def test_every_worked_case_is_told_in_both_languages(case: dict[str, Any]) -> None:
    for pack, settlement in settlements(case):
        renderer = Renderer(pack)
        told = [renderer.step(step) for award in settlement.awards for step in award.steps]
        told += [renderer.finding(finding) for finding in settlement.findings]
        for held in (False, True):
            whole = renderer.whole(settlement, held=held)
            assert len(whole["zh"]) == len(whole["en"]) >= len(settlement.awards) + 3
            told += [{"zh": zh, "en": en} for zh, en in zip(whole["zh"], whole["en"], strict=True)]
        for said in told:
            assert CHINESE.search(said["zh"]), said
            assert not CHINESE.search(said["en"]), said
            assert "{" not in said["zh"] + said["en"]


def test_the_working_says_every_number_it_rests_on() -> None:
    (case,) = [case for case in cases("reference.yaml") if case["id"] == "ordinary-same-bill"]
    [(pack, settlement)] = settlements(case)
    basic = [Renderer(pack).step(step) for step in settlement.awards[0].steps]

    # The reference case: 12 100 in scope, deductible 300, 75 % of 11 800 = 8 850.
    told = " ".join(said["en"] for said in basic)
    for number in ("12100.00", "300.00", "11800.00", "75%", "8850.00"):
        assert number in told
        assert number in " ".join(said["zh"] for said in basic)


def test_a_code_without_a_name_is_said_as_it_is() -> None:
    pack = shipped_packs().packs[0]
    step = Step("aid.no_class", False, 0, values={"identities": ["somebody_new"]})

    assert "somebody_new" in Renderer(pack).step(step)["en"]


def test_a_layer_is_called_as_its_pack_calls_it() -> None:
    pack = shipped_packs().packs[0]
    base = Step("aid.base", True, 100, values={"parts": ["in_scope"], "less": ["basic"]})

    said = Renderer(pack).step(base)

    assert "基本医疗保险" in said["zh"]
    assert "Basic insurance" in said["en"]


def test_a_finding_is_written_from_its_values() -> None:
    finding = Finding("line.outside_stay", {"line_no": 7, "charged_on": "2018-05-31"})

    said = Renderer(shipped_packs().packs[0]).finding(finding)

    assert "7" in said["zh"]
    assert "2018-05-31" in said["en"]
