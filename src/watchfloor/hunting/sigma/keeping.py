"""Verbs on Sigma rules: brought, switched, given another frequency, deleted; each needs the right to tune detections and is audited."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.hunting.custom.keeping import FREQUENCIES
from watchfloor.hunting.models import SigmaEntry, SigmaImport
from watchfloor.hunting.sigma.becoming import Became, become
from watchfloor.hunting.sigma.documents import read
from watchfloor.hunting.sigma.sources import File, bounded
from watchfloor.kernel.errors import BadInput, NotFound
from watchfloor.lake import selectors as lake

audit_verb("sigma.import", "{actor} imported Sigma rules from {target}")
audit_verb("sigma.switch", "{actor} switched Sigma rules: {target}")
audit_verb("sigma.schedule", "{actor} changed how often Sigma rules run: {target}")
audit_verb("sigma.delete", "{actor} deleted Sigma rules: {target}")

SWITCH_ON = {"none": "None of them", "high": "Those of level high and critical", "all": "All that convert"}
HIGH = {"high", "critical"}
WAITING = "waiting"
"""The state of an import that goes on."""
KEPT_IMPORTS = 200
MOST_TOLD = 500
"""Rules that an audit entry names."""


def bring(
    *, files: Iterable[File], source: str, by: Actor, now: datetime, switch_on: str = "none", everything: bool = False
) -> SigmaImport:
    """Keep every rule of these files, converted or with the reason why not; a rule that comes again changes what it made.

    `switch_on` (a key of SWITCH_ON) says which of the rules that are new run at once; a known one stays on or off. A rule that
    comes again as it was is left alone, unless `everything` asks to convert it anew. Raises BadInput for files that cannot be
    taken at all, Forbidden for rules to be switched on over tables that `by` may not read.
    """
    if switch_on not in SWITCH_ON:
        raise BadInput(f"rules to switch on are one of {', '.join(SWITCH_ON)}", place="switch_on")
    with audited(
        by=by, permission=Permission.DETECTION_TUNE, verb="sigma.import", target_type="sigma", target=source[:400]
    ) as result:
        brought = read(bounded(files))
        if not brought.documents and not brought.wrong:
            raise BadInput("no Sigma rule is among the files: YAML with a “detection” or a “correlation”", place=source)
        became = become(brought, by=by, now=now, everything=everything)
        on = [one for one in became.new if wanted_on(one, switch_on)]
        may_read(on, by)
        for one in on:
            one.enabled = True
        with transaction.atomic():
            told = _store(became, source=source, by=by, now=now)
        result["after"] = {
            "new": told.new,
            "changed": len(told.changed),
            "same": told.same,
            "refused": len(told.refused),
            "switched_on": told.switched_on,
        }
    return told


def wanted_on(one: SigmaEntry, switch_on: str) -> bool:
    return bool(one.kql) and (switch_on == "all" or (switch_on == "high" and one.level in HIGH))


def _store(became: Became, *, source: str, by: Actor, now: datetime) -> SigmaImport:
    store_entries(became)
    forget_old_imports()
    return SigmaImport.objects.create(
        at=now,
        by=by.name,
        source=source[:400],
        new=len(became.new),
        same=became.same,
        converted=became.converted,
        switched_on=sum(one.enabled for one in became.new),
        skipped=became.skipped,
        changed=[[one.pk, one.title, words] for one, words in became.changed],
        refused=became.refused,
    )


def store_entries(became: Became) -> None:
    """Write what is new and what changed."""
    SigmaEntry.objects.bulk_create(became.new, batch_size=100)
    if became.kept:
        SigmaEntry.objects.bulk_update(became.kept, became.fields, batch_size=50)


def forget_old_imports() -> None:
    """Make room for one more of those that are remembered; one that goes on stays."""
    old = SigmaImport.objects.exclude(state=WAITING).order_by("-id").values_list("pk", flat=True)[KEPT_IMPORTS - 1 :]
    SigmaImport.objects.filter(pk__in=list(old[:500])).delete()


def entry(key: int) -> SigmaEntry:
    """One rule. Raises NotFound."""
    found = SigmaEntry.objects.filter(pk=key).first()
    if found is None:
        raise NotFound("there is no such Sigma rule")
    return found


def chosen(keys: Sequence[int]) -> list[SigmaEntry]:
    """These rules, without their texts. Raises BadInput when there is none."""
    found = [
        one
        for place in range(0, len(keys), 500)
        for one in SigmaEntry.objects.filter(pk__in=keys[place : place + 500]).defer("text", "days", "description")
    ]
    if not found:
        raise BadInput("choose at least one rule", place="row")
    return found


def switch(*, keys: Sequence[int], enabled: bool, by: Actor, now: datetime) -> int:
    """Turn rules on (due at once) or off; returns how many changed. What has no query stays off. Raises Forbidden, BadInput."""
    rows = chosen(keys)
    with _audited(rows, verb="sigma.switch", by=by, before={"enabled": not enabled}) as result:
        changing = [one for one in rows if one.enabled != enabled and (one.kql or not enabled)]
        if enabled:
            may_read(changing, by)
        for part in _portions(changing):
            # Looked at anew from a day before, as after a rule's first switching on.
            fresh: dict[str, Any] = {"next_at": now, "good_until": None} if enabled else {}
            SigmaEntry.objects.filter(pk__in=part).update(enabled=enabled, **fresh)
        result["after"] = {"enabled": enabled, "rules": _told(changing)}
    return len(changing)


def schedule(*, keys: Sequence[int], every_minutes: int, by: Actor, now: datetime) -> int:
    """Run rules at another frequency, next at once; returns how many. Raises BadInput."""
    if every_minutes not in FREQUENCIES:
        raise BadInput("choose how often it runs", place="every_minutes")
    rows = chosen(keys)
    with _audited(rows, verb="sigma.schedule", by=by) as result:
        for part in _portions(rows):
            SigmaEntry.objects.filter(pk__in=part).update(every_minutes=every_minutes, next_at=now)
        result["after"] = {"every_minutes": every_minutes, "rules": _told(rows)}
    return len(rows)


def delete(*, keys: Sequence[int], by: Actor) -> int:
    """Delete rules; their alerts stay. Returns how many."""
    rows = chosen(keys)
    with _audited(rows, verb="sigma.delete", by=by, before={"rules": _told(rows)}):
        for part in _portions(rows):
            SigmaEntry.objects.filter(pk__in=part).delete()
    return len(rows)


def _audited(rows: Sequence[SigmaEntry], *, verb: str, by: Actor, before: Any = None) -> Any:
    target = rows[0].title if len(rows) == 1 else f"{len(rows):,} rules"
    return audited(
        by=by, permission=Permission.DETECTION_TUNE, verb=verb, target_type="sigma", target=target, before=before
    )


def _portions(rows: Sequence[SigmaEntry]) -> Iterable[list[int]]:
    keys = [one.pk for one in rows]
    return (keys[place : place + 500] for place in range(0, len(keys), 500))


def _told(rows: Sequence[SigmaEntry]) -> list[str]:
    more = [f"and {len(rows) - MOST_TOLD:,} more"] if len(rows) > MOST_TOLD else []
    return [f"{one.sigma_id} {one.title}"[:120] for one in rows[:MOST_TOLD]] + more


def may_read(rows: Sequence[SigmaEntry], by: Actor) -> None:
    """A rule runs for everybody, so whoever turns it on must have the right to its rows. Raises Forbidden."""
    catalogue = lake.KqlTables(by)
    for name in sorted({one.table for one in rows if one.table}):
        catalogue.table(name)
