"""An import that was handed in on the page: its files are kept first, then worked off part by part by the worker.

A part's rules, the import's counts and the end of the part are one transaction, so a kill at any moment repeats one part and
nothing else. Files with correlations come last, as they speak of rules of other files.
"""

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.selectors import actor_of, person_of
from watchfloor.access.services import audit_verb, audited, authorise
from watchfloor.hunting.models import SigmaEntry, SigmaImport, SigmaPart
from watchfloor.hunting.sigma.becoming import Became, become
from watchfloor.hunting.sigma.documents import read
from watchfloor.hunting.sigma.keeping import (
    SWITCH_ON,
    WAITING,
    forget_old_imports,
    may_read,
    store_entries,
    wanted_on,
)
from watchfloor.hunting.sigma.sources import File, bounded
from watchfloor.kernel.errors import BadInput, Forbidden, NotFound, WatchfloorError

audit_verb("sigma.hand_in", "{actor} handed in files of Sigma rules: {target}")
audit_verb("sigma.stop", "{actor} stopped the import of Sigma rules {target}")

FILES_A_PART = 50
DONE, FAILED, STOPPED = "done", "failed", "stopped"
WORDS_OF_RULES = (b"detection", b"correlation", b"filter")
LATER = (b"\ncorrelation:", b"\nfilter:")
"""What a file holds whose rules speak of others."""


def hand_in(
    *, files: Iterable[File], source: str, by: Actor, now: datetime, switch_on: str = "none", everything: bool = False
) -> SigmaImport:
    """Keep the files and return at once; `go_on` does the rest. Raises BadInput for files that cannot be taken at all."""
    if switch_on not in SWITCH_ON:
        raise BadInput(f"rules to switch on are one of {', '.join(SWITCH_ON)}", place="switch_on")
    with audited(
        by=by, permission=Permission.DETECTION_TUNE, verb="sigma.hand_in", target_type="sigma", target=source[:400]
    ) as result:
        taken = _last_the_later(bounded(files))
        if not any(word in data for _, data in taken for word in WORDS_OF_RULES):
            raise BadInput("no Sigma rule is among the files: YAML with a “detection” or a “correlation”", place=source)
        with transaction.atomic():
            forget_old_imports()
            made = SigmaImport.objects.create(
                at=now,
                by=by.name,
                by_id=by.id,
                source=source[:400],
                state=WAITING,
                files=len(taken),
                switch_on=switch_on,
                everything=everything,
            )
            SigmaPart.objects.bulk_create(
                (
                    SigmaPart(of=made, number=first, files=len(some), data=_packed(some))
                    for first in range(0, len(taken), FILES_A_PART)
                    if (some := taken[first : first + FILES_A_PART])
                ),
                batch_size=20,
            )
        result["after"] = {"files": len(taken)}
    return made


def hand_in_kept(*, by: Actor, now: datetime) -> SigmaImport:
    """Convert every kept rule anew from its text, as is right after an upgrade. Raises BadInput when none is kept."""
    return hand_in(files=_kept_files(), source="the rules that are kept", by=by, now=now, everything=True)


def stop(*, key: int, by: Actor, now: datetime) -> SigmaImport:
    """Leave out the files that still wait; rules that were kept stay. Raises NotFound."""
    found = SigmaImport.objects.filter(pk=key).first()
    if found is None:
        raise NotFound("there is no such import")
    permission = Permission.DETECTION_TUNE
    with (
        audited(by=by, permission=permission, verb="sigma.stop", target_type="sigma", target=found.source),
        transaction.atomic(),
    ):
        found = SigmaImport.objects.select_for_update().get(pk=key)
        if found.goes_on:
            _end(found, STOPPED, f"by {by.name}", now=now)
    return found


def go_on(*, now: datetime) -> int:
    """Work off the next part of the oldest import that waits; returns how many parts were done, one or none."""
    one = SigmaImport.objects.filter(state=WAITING).order_by("pk").first()
    if one is None:
        return 0
    part = one.parts.order_by("number").first()
    try:
        if part is not None:
            _take(one, part)
        else:
            _audit_end(one)
            _end(one, DONE, "", now=now)
    except WatchfloorError as error:
        _end(one, FAILED, error.message, now=now)
    return 1


def _take(one: SigmaImport, part: SigmaPart) -> None:
    """Convert first, which takes its time and holds nothing; then keep rules, counts and the part's end together."""
    by = _asker(one)
    authorise(by, Permission.DETECTION_TUNE)
    seen = dict(one.seen)
    became = become(read(_unpacked(part), seen=seen), by=by, now=one.at, everything=one.everything)
    on = _switched_on(became, one.switch_on, by)
    with transaction.atomic():
        kept = SigmaImport.objects.select_for_update().get(pk=one.pk)
        if not kept.goes_on or not SigmaPart.objects.filter(pk=part.pk).delete()[0]:
            return  # stopped meanwhile, or another worker was quicker
        store_entries(became)
        kept.new += len(became.new)
        kept.same += became.same
        kept.converted += became.converted
        kept.skipped += became.skipped
        kept.switched_on += on
        kept.changed += [[entry.pk, entry.title, words] for entry, words in became.changed]
        kept.refused += became.refused
        kept.done += part.files
        kept.seen = seen
        kept.save()


def _switched_on(became: Became, switch_on: str, by: Actor) -> int:
    """Turn on what is new and wanted. What looks at rows that `by` may not read stays off, and says so."""
    number = 0
    for entry in became.new:
        if not wanted_on(entry, switch_on):
            continue
        try:
            may_read([entry], by)
        except Forbidden as error:
            words = f"it is kept but not switched on: {error.message}"
            became.refused.append({"place": entry.place, "title": entry.title, "field": "", "words": words})
            continue
        entry.enabled, number = True, number + 1
    return number


def _asker(one: SigmaImport) -> Actor:
    """Who handed it in, with the rights they have by now."""
    person = person_of(Actor(one.by_id, one.by, frozenset()))
    if person is None or not person.is_active:
        return Actor(one.by_id, one.by, frozenset())
    return actor_of(person)


def _audit_end(one: SigmaImport) -> None:
    by = _asker(one)
    with audited(
        by=by, permission=Permission.DETECTION_TUNE, verb="sigma.import", target_type="sigma", target=one.source
    ) as result:
        result["after"] = {
            "new": one.new,
            "changed": len(one.changed),
            "same": one.same,
            "refused": len(one.refused),
            "switched_on": one.switched_on,
        }


def _end(one: SigmaImport, state: str, words: str, *, now: datetime) -> None:
    one.parts.all().delete()
    one.refresh_from_db()
    one.state, one.words, one.seen, one.ended_at = state, words, {}, now
    one.save()


def _last_the_later(files: Iterable[File]) -> list[File]:
    return sorted(files, key=lambda file: any(word in b"\n" + file[1] for word in LATER))


def _kept_files() -> list[File]:
    """Each under its place, numbered where two have the same."""
    taken: dict[str, int] = {}
    found = []
    for place, text in SigmaEntry.objects.order_by("pk").values_list("place", "text"):
        taken[place] = taken.get(place, 0) + 1
        found.append((place if taken[place] == 1 else f"{place} ({taken[place]})", text.encode()))
    return found


def _packed(files: Sequence[File]) -> bytes:
    return zlib.compress(json.dumps([[name, b64encode(data).decode()] for name, data in files]).encode(), 6)


def _unpacked(part: SigmaPart) -> Iterator[File]:
    files: list[Any] = json.loads(zlib.decompress(bytes(part.data)))
    return ((name, b64decode(data)) for name, data in files)
