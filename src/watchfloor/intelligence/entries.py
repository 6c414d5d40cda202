"""Verbs on allow and block entries and indicators."""

from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.connectors.selectors import tenant_facts as configured
from watchfloor.intelligence.contracts import Effect, Imported, Kind, LabelKind, Life
from watchfloor.intelligence.facts import changed
from watchfloor.intelligence.lasting import Lasts, end_of, lives_of, refuse_end, told
from watchfloor.intelligence.models import Entry, Label
from watchfloor.intelligence.news import note_news, removed
from watchfloor.intelligence.values import entry_value, guess_kind, refuse_wide
from watchfloor.kernel.errors import BadInput, Conflict, NotFound

audit_verb("entry.add", "{actor} added the entry {target}")
audit_verb("entry.change", "{actor} changed how long the entry {target} lasts")
audit_verb("entry.remove", "{actor} removed the entry {target}")
audit_verb("entry.review", "{actor} reviewed the entry {target} and kept it")
audit_verb("entry.import", "{actor} imported indicators from {target}")

CONFIDENCES = ("", "Low", "Medium", "High")
MOST_LINES = 50_000
REVIEW = timedelta(days=14)
"""After so long somebody is to look again at what was allowed directly, or before its end when that is sooner."""
SHORTEST_REASON = 10
ENDED_KEPT = timedelta(days=90)
CHUNK = 500


def add_entry(
    *,
    by: Actor,
    kind: Kind,
    effect: Effect,
    value: str,
    now: datetime,
    life: Lasts | None = None,
    note: str = "",
    source: str = "",
    confidence: str = "",
    email: str = "",
) -> str:
    """Add one entry and return its name. `email` is the mail it was made from.

    Senders, domains, URLs and files may be allowed from an email marked as a false positive, or directly (LM-19): then `note`
    says why, the entry ends, and a review falls due before that. Raises BadInput for what is no such value, Conflict when there
    is one already.
    """
    stored = entry_value(kind, value)
    lasts = life or lives_of(kind, effect)[0]
    with audited(
        by=by,
        permission=Permission.DETECTION_TUNE,
        verb="entry.add",
        target_type="entry",
        target=f"{effect} {kind}:{stored}",
        reason=note,
    ) as result:
        direct = is_direct(kind, effect, email)
        refuse_end(kind, effect, lasts, now=now)
        _refuse(kind, effect, stored, note=note, direct=direct)
        entry = Entry(
            kind=kind,
            effect=effect,
            value=stored,
            note=note.strip(),
            source=source.strip()[:200],
            confidence=confidence,
            email=email,
            added_by=by.name,
            added_at=now,
        )
        _last(entry, lasts, now)
        if direct and entry.expires_at is not None:
            entry.review_at = min(now + REVIEW, entry.expires_at - timedelta(hours=12))
        try:
            with transaction.atomic():
                _make_room(entry, now)
                entry.save()
                changed(now=now)
        except IntegrityError:  # somebody else was as quick
            raise Conflict(f"there is an entry {entry} already", place="value") from None
        result["after"] = {"life": told(lasts), "email": email, "direct": direct}
    return str(entry)


def is_direct(kind: Kind, effect: Effect, email: str) -> bool:
    """Whether an entry allows what no verdict on an email was found wrong about."""
    return effect is Effect.ALLOW and kind not in (Kind.IP, Kind.SPOOF) and not _was_wrong(email)


def _refuse(kind: Kind, effect: Effect, value: str, *, note: str, direct: bool) -> None:
    if effect is Effect.INDICATOR and kind is Kind.SPOOF:
        raise BadInput("a spoofed pair is blocked or allowed; it is no indicator", place="effect")
    if effect is Effect.TRUST and kind not in (Kind.SENDER, Kind.DOMAIN):
        raise BadInput("trust an address or a domain: who sends may be taken for somebody else", place="effect")
    if direct and len(note.strip()) < SHORTEST_REASON:
        raise BadInput(
            "say why this is allowed, in a sentence: nothing that it covers is held against a mail any more",
            place="note",
        )
    refuse_wide(kind, value, own_domains=configured().own_domains, allows=effect in (Effect.ALLOW, Effect.TRUST))


def _was_wrong(email: str) -> bool:
    """Whether the newest label of an email says that its verdict was a false positive."""
    label = Label.objects.filter(network_message_id=email).order_by("-id").first() if email else None
    return label is not None and label.kind == LabelKind.FALSE_POSITIVE


def _last(entry: Entry, lasts: Lasts, now: datetime) -> None:
    entry.expires_at, entry.idle_days = end_of(lasts, used=entry.last_used_at or now, now=now)


def _make_room(entry: Entry, now: datetime) -> None:
    """An entry that has ended makes way for a new one of the same value."""
    known = Entry.objects.filter(kind=entry.kind, value=entry.value, effect=entry.effect).first()
    if known is None:
        return
    if known.expires_at is None or known.expires_at > now:
        raise Conflict(f"there is an entry {known} already", place="value")
    known.delete()


def _entry(id: int) -> Entry:
    found = Entry.objects.filter(pk=id).first()
    if found is None:
        raise NotFound("there is no such entry; somebody may have removed it")
    return found


def change_life(*, by: Actor, id: int, life: Lasts, now: datetime) -> str:
    """Let an entry last from now (or its last use) as long as `life` says, or to the end of the day it names."""
    entry = _entry(id)
    with _changing(by, entry) as result:
        refuse_end(Kind(entry.kind), Effect(entry.effect), life, now=now)
        _last(entry, life, now)
        _save_end(entry, now)
        result["after"] = {"life": told(life)}
    return str(entry)


def expire_entry(*, by: Actor, id: int, now: datetime) -> str:
    """End an entry now; it stays in the list as ended."""
    entry = _entry(id)
    with _changing(by, entry) as result:
        entry.expires_at, entry.idle_days = now, 0
        _save_end(entry, now)
        result["after"] = {"life": "ended"}
    return str(entry)


def _changing(by: Actor, entry: Entry) -> AbstractContextManager[dict[str, Any]]:
    before = {"expires_at": entry.expires_at.isoformat() if entry.expires_at else "never"}
    return audited(
        by=by,
        permission=Permission.DETECTION_TUNE,
        verb="entry.change",
        target_type="entry",
        target=str(entry),
        before=before,
    )


def _save_end(entry: Entry, now: datetime) -> None:
    with transaction.atomic():
        entry.save(update_fields=["expires_at", "idle_days"])
        changed(now=now)


def remove_entry(*, by: Actor, id: int, now: datetime) -> str:
    """Take an entry away."""
    entry = _entry(id)
    name = str(entry)
    with audited(
        by=by, permission=Permission.DETECTION_TUNE, verb="entry.remove", target_type="entry", target=name
    ) as result:
        with transaction.atomic():
            if entry.effect != Effect.INDICATOR and (entry.expires_at is None or entry.expires_at > now):
                note_news([removed(entry, by=by.name, at=now)])
            entry.delete()
            changed(now=now)
        result["before"] = {"note": entry.note, "added_by": entry.added_by}
    return name


def review_entry(*, by: Actor, id: int, now: datetime) -> str:
    """Say that an entry was looked at and is still needed; the next review falls due as long from now, before its end."""
    entry = _entry(id)
    with audited(
        by=by, permission=Permission.DETECTION_TUNE, verb="entry.review", target_type="entry", target=str(entry)
    ) as result:
        entry.reviewed_at, entry.reviewed_by = now, by.name
        later = now + REVIEW
        entry.review_at = later if entry.expires_at is None or later < entry.expires_at else None
        entry.save(update_fields=["review_at", "reviewed_at", "reviewed_by"])
        result["after"] = {"review_at": entry.review_at.isoformat() if entry.review_at else "none before its end"}
    return str(entry)


def import_indicators(
    *, by: Actor, text: str, source: str, now: datetime, confidence: str = "", life: Life = Life.DAYS_90
) -> Imported:
    """Add an indicator for each line: a value alone, or CSV of value, confidence, note. Lines starting with # are skipped.

    The kind is told from the value. Known ones stay as they are; wrong lines are reported and stop nothing.
    """
    if not source.strip():
        raise BadInput("say where the list comes from", place="source")
    with audited(
        by=by,
        permission=Permission.DETECTION_TUNE,
        verb="entry.import",
        target_type="indicators",
        target=source.strip(),
    ) as result:
        rows, refused = _rows_of(text, confidence=confidence)
        entries = {}
        for kind, value, sure, note in rows:
            entry = Entry(kind=kind, value=value, effect=Effect.INDICATOR, confidence=sure, note=note)
            entry.source, entry.added_by, entry.added_at = source.strip()[:200], by.name, now
            _last(entry, life, now)
            entries[kind, value] = entry
        with transaction.atomic():
            added = _store(list(entries.values()))
            changed(now=now)
        outcome = Imported(added, len(rows) - added, tuple(refused))
        result["after"] = {"added": outcome.added, "known": outcome.known, "refused": len(refused)}
    return outcome


def _rows_of(text: str, *, confidence: str) -> tuple[list[tuple[Kind, str, str, str]], list[tuple[int, str, str]]]:
    rows, refused, own = [], [], configured().own_domains
    lines = text.removeprefix("\ufeff").splitlines()
    if len(lines) > MOST_LINES:
        raise BadInput(f"a list has at most {MOST_LINES:,} lines; this one has {len(lines):,}", place="text")
    for number, line in enumerate(lines, 1):
        value, *rest = (cell.strip().strip('"') for cell in line.split(","))
        if not value or value.startswith("#") or value.lower() in ("value", "indicator", "ioc"):
            continue
        try:
            kind = guess_kind(_refanged(value))
            stored = entry_value(kind, _refanged(value))
            refuse_wide(kind, stored, own_domains=own)
            sure = rest[0].capitalize() if rest and rest[0].capitalize() in CONFIDENCES else confidence
            rows.append((kind, stored, sure, ", ".join(rest[1:])[:1000]))
        except BadInput as error:
            refused.append((number, value[:100], error.message))
    return rows, refused


def _refanged(value: str) -> str:
    """Reports write indicators so that nobody clicks them."""
    return (
        value.replace("[.]", ".")
        .replace("(.)", ".")
        .replace("hxxp", "http", 1)
        .replace("[:]", ":")
        .replace("[at]", "@")
    )


def _store(entries: list[Entry]) -> int:
    """Add those not known yet; how many that were."""
    added = 0
    for start in range(0, len(entries), CHUNK):
        chunk = entries[start : start + CHUNK]
        known = set(
            Entry.objects.filter(effect=Effect.INDICATOR, value__in=[one.value for one in chunk]).values_list(
                "kind", "value"
            )
        )
        fresh = [one for one in chunk if (one.kind, one.value) not in known]
        Entry.objects.bulk_create(fresh)
        added += len(fresh)
    return added


def forget_ended(*, now: datetime) -> int:
    """Drop entries that ended 90 days ago; until then the list shows them as ended."""
    gone, _ = Entry.objects.filter(expires_at__lt=now - ENDED_KEPT).delete()
    return gone
