"""What brought documents become: new entries, changed ones with words for what changed, refused ones with the reason."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from watchfloor.access.contracts import Actor
from watchfloor.hunting.models import SigmaEntry
from watchfloor.hunting.sigma.converting import convert
from watchfloor.hunting.sigma.documents import Brought, Document
from watchfloor.hunting.sigma.rules import Refused, SigmaRule

READ = (
    *("title", "author", "description", "level", "status", "tags", "techniques", "references", "false_positives"),
    *("product", "service", "category", "table", "kind", "entities", "seconds", "text", "kql", "place", "name"),
    *("refused", "refused_field"),
)
"""Fields that a rule's text decides."""
OWN = ("changed_at", "changed", "next_at", "last_state", "last_words")
SAID = ("title", "author", "level", "status")
"""Fields whose old and new value are told when a rule changes."""


@dataclass(slots=True)
class Became:
    """What to store: `kept` are entries that were there, of which `changed` says what is different now."""

    new: list[SigmaEntry] = field(default_factory=list)
    kept: list[SigmaEntry] = field(default_factory=list)
    changed: list[tuple[SigmaEntry, str]] = field(default_factory=list)
    refused: list[dict[str, str]] = field(default_factory=list)
    same: int = 0
    converted: int = 0
    skipped: int = 0
    fields: tuple[str, ...] = (*READ, *OWN)


def become(brought: Brought, *, by: Actor, now: datetime, everything: bool) -> Became:
    """Entries of the documents, nothing stored yet. What converted and comes as it was is converted anew only if `everything`."""
    known = _known([one.sigma_id for one in brought.documents.values()])
    became = Became(skipped=brought.skipped)
    asked = {
        place: one for place, one in brought.documents.items() if everything or _is_news(one, known.get(one.sigma_id))
    }
    became.same = len(brought.documents) - len(asked)
    untouched = [known[one.sigma_id] for place, one in brought.documents.items() if place not in asked]
    became.converted = sum(bool(one.kql) for one in untouched)
    rules, refused = _converted(asked, brought.documents)
    for place, document in asked.items():
        _take(document, rules.get(place) or refused.get(place), known.get(document.sigma_id), became, by=by, now=now)
    for one in brought.wrong:
        became.refused.append({"place": one.place, "title": one.title, "field": one.field, "words": one.words})
    return became


def _is_news(one: Document, known: SigmaEntry | None) -> bool:
    """What was refused is tried again: the product may have learnt."""
    return known is None or known.text != one.text or bool(known.refused)


def _known(ids: Sequence[str]) -> dict[str, SigmaEntry]:
    return {
        one.sigma_id: one
        for place in range(0, len(ids), 500)
        for one in SigmaEntry.objects.filter(sigma_id__in=ids[place : place + 500])
    }


def _converted(
    asked: Mapping[str, Document], all_of_them: Mapping[str, Document]
) -> tuple[dict[str, SigmaRule], dict[str, Refused]]:
    """By place. A correlation needs the rules it counts, from this import or from those kept before."""
    texts = {place: one.text for place, one in asked.items()}
    spoken = {name for one in asked.values() for name in one.speaks_of}
    by_name = {key: one for one in all_of_them.values() for key in (one.sigma_id, one.name) if key}
    for name in spoken:
        if name in by_name:
            texts.setdefault(by_name[name].place, by_name[name].text)
    texts |= _kept_texts(spoken - set(by_name))
    rules, refused = convert(texts)
    return {one.place: one for one in rules}, {one.place: one for one in refused}


def _kept_texts(names: Iterable[str]) -> dict[str, str]:
    wanted = sorted(names)[:500]
    found = SigmaEntry.objects.filter(sigma_id__in=wanted) | SigmaEntry.objects.filter(name__in=wanted)
    return {f"kept {one.sigma_id}": one.text for one in found}


def _take(
    document: Document,
    told: SigmaRule | Refused | None,
    known: SigmaEntry | None,
    became: Became,
    *,
    by: Actor,
    now: datetime,
) -> None:
    """`told` is None for a rule that only serves a correlation: kept, with no query of its own."""
    values = _values(document, told)
    if isinstance(told, Refused):
        became.refused.append(
            {"place": document.place, "title": document.title, "field": told.field, "words": told.words}
        )
    elif told is not None:
        became.converted += 1
    if known is None:
        became.new.append(
            SigmaEntry(
                sigma_id=document.sigma_id, **values, brought_by=by.name, brought_at=now, changed_at=now, next_at=now
            )
        )
        return
    words = "; ".join(_differences(known, values))
    for name, value in values.items():
        setattr(known, name, value)
    became.kept.append(known)
    if words:
        known.changed, known.changed_at, known.next_at = words, now, now
        known.last_state = known.last_words = ""
        became.changed.append((known, words))
    else:
        became.same += 1


def _values(document: Document, told: SigmaRule | Refused | None) -> dict[str, Any]:
    own: dict[str, Any] = {
        "text": document.text,
        "place": document.place[:500],
        "name": document.name,
        "title": document.title,
        "author": document.author,
        "level": document.level,
    }
    if not isinstance(told, SigmaRule):
        words, where = (told.words, told.field[:200]) if told else ("", "")
        return own | {"refused": words, "refused_field": where, "kql": ""}
    return own | {
        "author": told.author,
        "description": told.description,
        "level": told.level[:13],
        "status": told.status[:20],
        "tags": list(told.tags),
        "techniques": list(told.techniques),
        "references": list(told.references),
        "false_positives": list(told.false_positives),
        "product": told.logsource.product[:60],
        "service": told.logsource.service[:60],
        "category": told.logsource.category[:60],
        "table": told.table[:60],
        "kind": str(told.kind),
        "entities": [list(one) for one in told.entities],
        "seconds": told.seconds,
        "kql": told.kql,
        "refused": "",
        "refused_field": "",
    }


def _differences(known: SigmaEntry, values: Mapping[str, Any]) -> Iterable[str]:
    """What changed, in words; nothing when it is as it was."""
    for name in SAID:
        old, new = getattr(known, name), values.get(name, getattr(known, name))
        if old != new:
            yield f"{name} “{old}” is now “{new}”"
    if bool(known.refused) != bool(values["refused"]):
        yield f"it no longer converts: {values['refused']}" if values["refused"] else "it converts now"
    elif known.kql != values["kql"]:
        yield "what it looks for changed"
    elif known.refused != values["refused"]:
        yield f"it is refused for another reason: {values['refused']}"
    elif known.text != values["text"]:
        yield "its words changed"
