"""Say what a change made of a settlement: one paragraph in each language, for a patient and for an auditor."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from service.explanation.wording import LANGUAGES, Language, wording
from service.policy.model import Pack
from service.settlement.model import Settlement


@dataclass(frozen=True, slots=True)
class Version:
    """One version as it is compared: under which pack and identities it stands; amounts in fen."""

    pack: Pack
    identities: tuple[str, ...]
    settlement: Settlement
    to_collect: int


@dataclass(frozen=True, slots=True)
class Moved:
    """Why a version was made, and what payers now owe more to the hospital and to the patient (fen, may be < 0)."""

    cause: str
    note: str
    hospital: int
    patient: int


def explain(before: Version, after: Version, moved: Moved) -> dict[Language, str]:
    """Which fact changed, which layer moved by how much, and what that means for patient and hospital."""
    return {lang: _joined(_sentences(before, after, moved, lang), lang) for lang in LANGUAGES}


def _joined(sentences: Iterable[str], lang: Language) -> str:
    return ("" if lang == "zh" else " ").join(sentences)


def _sentences(before: Version, after: Version, moved: Moved, lang: Language) -> Iterable[str]:
    words = wording()
    layers = {one.id: one.name.in_language(lang) for pack in (before.pack, after.pack) for one in pack.layers}
    names = words.names[lang].also(layers)

    def say(key: str, **values: Any) -> str:
        return words.changes[key][lang].write(values, names)

    note = (f"（{moved.note}）" if lang == "zh" else f" ({moved.note})") if moved.note else ""
    yield say("cause", cause=words.causes[moved.cause][lang], note=note)
    yield from (say(key, before=old, after=new) for key, old, new in _facts(before, after) if old != new)
    if before.pack.id == after.pack.id and before.pack.hash != after.pack.hash:
        yield say("pack_text", before=before.pack.id)
    paid = _paid(before.settlement), _paid(after.settlement)
    changed = [layer for layer in dict.fromkeys([*paid[0], *paid[1]]) if paid[0].get(layer) != paid[1].get(layer)]
    for layer in changed:
        yield say("layer", layer=layers[layer], before=paid[0].get(layer, 0), after=paid[1].get(layer, 0))
    if not changed:
        yield say("nothing")
    old, new = before.settlement.split.patient_pays, after.settlement.split.patient_pays
    yield say("patient" if old != new else "patient_same", before=old, after=new)
    for payee, amount in (("patient", moved.patient), ("hospital", moved.hospital)):
        if amount:
            yield say(f"{'less_' if amount < 0 else ''}to_{payee}", amount=abs(amount))
    if after.to_collect > before.to_collect:
        yield say("to_collect", amount=after.to_collect)
    if (refund := before.settlement.split.due_at_discharge - after.settlement.split.due_at_discharge) > 0:
        yield say("refund", amount=refund)


def _facts(before: Version, after: Version) -> Iterable[tuple[str, Any, Any]]:
    yield "identities", sorted(before.identities), sorted(after.identities)
    yield "pack", before.pack.id, after.pack.id
    yield "total", before.settlement.amounts.total, after.settlement.amounts.total
    yield "scope", before.settlement.amounts.in_scope, after.settlement.amounts.in_scope


def _paid(settlement: Settlement) -> Mapping[str, int]:
    return {award.layer: award.paid for award in settlement.awards}
