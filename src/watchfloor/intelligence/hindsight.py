"""A new block entry or indicator looks back: stored mail that meets it gets a late verdict, for whoever purges after delivery.

One query per kind and round, for mail of the last two days, as zero-hour purge looks back; what was judged a threat already, or
whose sender is allowed, is left alone. A network of addresses (192.0.2.0/24) is for mail to come only.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from watchfloor.inspection.contracts import TenantFacts
from watchfloor.inspection.services import HIGH, THRESHOLD, WEIGHTS, domains_above, url_names
from watchfloor.intelligence.contracts import Effect, Kind
from watchfloor.intelligence.facts import facts_at, valid_at
from watchfloor.intelligence.models import Entry
from watchfloor.lake.contracts import Condition, LateVerdict, Operator, Query, TooLarge, TooSlow
from watchfloor.lake.selectors import all_rows
from watchfloor.lake.services import note_late_verdicts

log = logging.getLogger(__name__)

LOOK_BACK = timedelta(hours=48)
ENTRIES = 200
MOST_MAILS = 5000
"""Mails of one kind and round; an entry that meets more is a matter for a hunt."""
COLUMNS = {
    Kind.SENDER: ("EmailEvents.SenderFromAddress", "EmailEvents.SenderMailFromAddress"),
    Kind.DOMAIN: ("EmailEvents.SenderFromDomain",),
    Kind.IP: ("EmailEvents.SenderIP",),
    Kind.FILE: ("EmailAttachmentInfo.SHA256",),
    Kind.URL: ("EmailUrlInfo.UrlDomain",),
}
"""Spoofed pairs are for mail to come: what signed a mail is not among its columns."""
THREATS = {Kind.FILE: "Malware", Kind.IP: "Spam"}
"""What meeting an entry of a kind makes of a mail (TB-03); all others make it phish."""
SIGNALS = {
    Kind.SENDER: "sender",
    Kind.DOMAIN: "sender",
    Kind.URL: "url",
    Kind.FILE: "file",
    Kind.IP: "ip",
    Kind.SPOOF: "spoof",
}


def look_back(*, now: datetime) -> int:
    """Hold up to 200 new entries against stored mail; returns how many entries that were."""
    waiting = Entry.objects.filter(valid_at(now), looked_back_at=None).exclude(effect=Effect.ALLOW).order_by("id")
    entries = list(waiting[:ENTRIES])
    return _look_back(entries, now=now) if entries else 0


def _look_back(entries: Sequence[Entry], *, now: datetime) -> int:
    """Entries that ask too much at once are asked about in halves; one that does alone goes without, or all would wait for it."""
    try:
        late = _met_by(entries, now=now)
    except (TooSlow, TooLarge) as error:
        if len(entries) > 1:
            return _look_back(entries[: len(entries) // 2], now=now)
        log.warning("the entry %s could not be held against stored mail: %s", entries[0], error.message)
        late = {}
    with transaction.atomic():
        note_late_verdicts(list(late.values()))
        Entry.objects.filter(pk__in=[entry.pk for entry in entries]).update(looked_back_at=now)
    return len(entries)


def _met_by(entries: Sequence[Entry], *, now: datetime) -> dict[str, LateVerdict]:
    """The late verdict on each mail that meets one of the entries, by mail."""
    facts = facts_at(now)
    threshold = facts.threshold or THRESHOLD
    late: dict[str, LateVerdict] = {}
    for kind in COLUMNS:
        telling = [entry for entry in entries if entry.kind == kind and points_of(entry, facts) >= threshold]
        for one in _late(kind, telling, now=now):
            late.setdefault(one.network_message_id, one)
    return late


def points_of(entry: Entry, facts: TenantFacts) -> float:
    """What meeting the entry adds to a mail that comes in now; an entry shall not say more of mail that came before."""
    signal = signal_of(entry)
    return 0.0 if signal in facts.silenced else WEIGHTS[signal].points


def signal_of(entry: Entry) -> str:
    """The reason by which a new mail meets the entry."""
    if entry.effect == Effect.BLOCK:
        return "blocked_domain" if entry.kind == Kind.DOMAIN else f"blocked_{SIGNALS[Kind(entry.kind)]}"
    return f"indicator_{SIGNALS[Kind(entry.kind)]}"


def _late(kind: Kind, entries: Sequence[Entry], *, now: datetime) -> Iterable[LateVerdict]:
    if not entries:
        return
    by_value = {entry.value: entry for entry in entries}
    for row in _candidates(kind, by_value, now=now):
        if entry := _met(kind, by_value, row):
            threat = THREATS.get(kind, "Phish")
            words = f"{entry.added_by} added the entry {entry}" + (f": {entry.note}" if entry.note else "")
            sure = "High" if WEIGHTS[signal_of(entry)].points >= HIGH else "Normal"
            yield LateVerdict(now, row["NetworkMessageId"], (threat,), sure, "entry", words[:2000])


def _candidates(kind: Kind, values: Iterable[str], *, now: datetime) -> list[dict[str, Any]]:
    """Harmless mails of the last two days that may meet one of the values."""
    found = tuple(sorted({_key(kind, value) for value in values}))
    table = COLUMNS[kind][0].partition(".")[0]
    anywhere = kind in (Kind.DOMAIN, Kind.URL)  # a host below an entry's ends with it, so parts are compared first
    operator = Operator.CONTAINS_ANY if anywhere else Operator.EQUAL_ANY
    conditions = tuple(Condition(column.partition(".")[2], operator, found) for column in COLUMNS[kind])
    rows = all_rows(Query(table, now - LOOK_BACK, now, conditions, any_of=True), limit=MOST_MAILS)
    mails_threats = "EmailThreatTypes" if kind is Kind.FILE else "ThreatTypes"
    return [row for row in rows if not row[mails_threats] and row.get("OrgLevelAction") != "Allow"]


def _key(kind: Kind, value: str) -> str:
    """What of a value a column holds: of a URL its host."""
    return value.lstrip("*.~").partition("/")[0].rstrip("~") if kind is Kind.URL else value


def _met(kind: Kind, by_value: dict[str, Entry], row: dict[str, Any]) -> Entry | None:
    return next((by_value[name] for name in _names(kind, row) if name in by_value), None)


def _names(kind: Kind, row: dict[str, Any]) -> Iterable[str]:
    """The values under which an entry of this kind would be met by a row."""
    if kind is Kind.SENDER:
        return (row["SenderFromAddress"], row["SenderMailFromAddress"])
    if kind is Kind.DOMAIN:
        return domains_above(row["SenderFromDomain"])
    if kind is Kind.URL:
        names = url_names(row["Url"], row["UrlDomain"], whole_host=True)
        return (name.removeprefix("url:") for name in names)
    return (row["SHA256"],) if kind is Kind.FILE else (row["SenderIP"],)
