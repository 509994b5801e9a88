"""Write a decision's sentences: each step's, each finding's, and the few that tell the whole."""

from collections.abc import Iterable
from typing import Any, Final

from service.explanation.wording import LANGUAGES, Language, Wording, wording
from service.money import ratio_of
from service.policy.model import Pack
from service.settlement.model import Award, Finding, Settlement, Step

Said = dict[str, str]
"""One sentence in each language: {"zh": ..., "en": ...}."""


class Renderer:
    """Writes the sentences of decisions made under one pack, in one version of the wording."""

    def __init__(self, pack: Pack, version: Wording | None = None) -> None:
        self._wording = version or wording()
        self._layers = {lang: {one.id: one.name.in_language(lang) for one in pack.layers} for lang in LANGUAGES}
        self._names = {lang: self._wording.names[lang].also(self._layers[lang]) for lang in LANGUAGES}

    def step(self, step: Step) -> Said:
        """What a step did, or why it did nothing."""
        values = {**step.values, "amount": step.amount}
        templates = self._wording.steps[step.rule, step.applied]
        return {lang: templates[lang].write(values, self._names[lang]) for lang in LANGUAGES}

    def finding(self, finding: Finding) -> Said:
        templates = self._wording.findings[finding.code]
        return {lang: templates[lang].write(finding.values, self._names[lang]) for lang in LANGUAGES}

    def whole(self, settlement: Settlement, *, held: bool, bears: int = 0) -> dict[str, list[str]]:
        """
        The explanation of a settlement: the bill, each layer in turn, what is left, and what is due when.

        `bears` is what the hospital bears because a payer refused it (fen).
        """
        return {lang: list(self._whole(settlement, held, bears, lang)) for lang in LANGUAGES}

    def reversal(self, flipped: Settlement, reason: str) -> dict[str, list[str]]:
        """The explanation of a reversal, whose amounts are those of its original with the sign turned."""
        values = {"total": -flipped.amounts.total, "paid_total": -flipped.split.paid_total, "reason": reason}
        return {lang: [self._say("reversal", lang, **values)] for lang in LANGUAGES}

    def _whole(self, settlement: Settlement, held: bool, bears: int, lang: Language) -> Iterable[str]:
        amounts, split = settlement.amounts, settlement.split
        yield self._say("total", lang, total=amounts.total, in_scope=amounts.in_scope)
        for award in settlement.awards:
            yield from self._layer(award, lang, held=held)
        ratio = ratio_of(split.paid_total, amounts.total)
        yield self._say("patient", lang, paid_total=split.paid_total, patient_pays=split.patient_pays, paid_ratio=ratio)
        if bears:
            yield self._say("bears", lang, bears=bears)
        if held:
            yield self._say("held", lang)
        yield self._say("due", lang, due=split.due_at_discharge)
        if split.owed_to_patient:
            yield self._say("later", lang, later=split.owed_to_patient)
        if split.expected_aid:
            yield self._say("expected", lang, expected=split.expected_aid)

    def _layer(self, award: Award, lang: Language, *, held: bool) -> Iterable[str]:
        layer = self._layers[lang].get(award.layer, award.layer)
        if not award.paid:
            yield self._say("nothing", lang, layer=layer, reason=self.step(_why_nothing(award))[lang])
            return
        for share in award.shares:
            way = share.pay_to
            if award.rule == "other" and not award.decided:
                way = "credited" if share.pay_to == "hospital" else "beside"
            elif award.expected:
                way = "expected"
            elif held and not award.decided:
                way = "held"
            if share.amount:
                yield self._say("layer", lang, layer=layer, paid=share.amount, way=way)

    def _say(self, key: str, lang: Language, **values: Any) -> str:
        return self._wording.summary[key][lang].write(values, self._names[lang])


_MADE: Final[dict[str, tuple[Pack, Renderer]]] = {}


def renderer_of(pack: Pack) -> Renderer:
    """The renderer of a pack, in the wording of today. A process knows few packs, and makes one for each."""
    known = _MADE.get(pack.hash)
    if known is None or known[0] is not pack:
        known = _MADE[pack.hash] = (pack, Renderer(pack))
    return known[1]


def _why_nothing(award: Award) -> Step:
    """
    The step that says why a layer pays nothing: nothing to work on, a cap that cut it, or the last that came to
    nothing.
    """
    no_base = [step for step in award.steps if step.rule.endswith(".base") and not step.applied]
    cut = [step for step in award.steps if step.rule.startswith("cap.") and step.applied]
    came_to_nothing = [step for step in award.steps if not step.applied and not step.rule.startswith("cap.")]
    return (no_base or cut or came_to_nothing or award.steps)[-1]
