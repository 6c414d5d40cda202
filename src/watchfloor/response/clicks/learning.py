"""What mail tells of URLs after it was judged: kept so that a click finds it at once.

Read are the URLs of mail as it is stored, and verdicts that come later. Of a harmful mail every link is bad for who got that
mail; for everybody else only what no harmless mail of the last thirty days links to, or the logo of a bank would be bad too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from watchfloor.connectors.selectors import tenant_facts
from watchfloor.inspection.services import domains_above, take_apart
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, LateVerdict, Operator, Query
from watchfloor.response.clicks.deciding import url_key
from watchfloor.response.clicks.models import KnownBad
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import move_cursor

URLS, VERDICTS = "response.clicks.urls", "response.clicks.verdicts"
TABLE = "EmailUrlInfo"
HARMFUL = ("Malware", "Phish")
BACK = timedelta(days=30)
KEPT = timedelta(days=90)
BATCHES = 20
MOST_VERDICTS = 200
MOST_HOSTS = 500
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """One URL of one harmful mail."""

    url: str
    host: str
    mail: str
    threat: str


def learn(*, now: datetime) -> int:
    """Read on in both; returns how much was read."""
    return _from_rows(now=now) + _from_verdicts(now=now)


def _from_rows(*, now: datetime) -> int:
    position = cursor_position(URLS)
    batches = lake.since(position, tables=[TABLE], limit=BATCHES)
    if not batches:
        return 0
    told = _told(row for batch in batches for row in batch.rows)
    keys = _known_bad(told, now=now)
    with transaction.atomic():
        if cursor_position(URLS) != position:
            return 0
        _store(keys)
        move_cursor(URLS, position=batches[-1].position)
    return len(batches)


def _from_verdicts(*, now: datetime) -> int:
    position = cursor_position(VERDICTS)
    verdicts = lake.late_verdicts_after(position, limit=MOST_VERDICTS)
    if not verdicts:
        return 0
    last = {one.network_message_id: one for one in verdicts}
    harmful = {mail: threat for mail, one in last.items() if (threat := _threat(one.threat_types))}
    keys = _known_bad(_told(_rows_of(harmful, now=now), harmful), now=now)
    with transaction.atomic():
        if cursor_position(VERDICTS) != position:
            return 0
        KnownBad.objects.filter(mail__in=[mail for mail in last if mail not in harmful]).delete()
        _store(keys)
        move_cursor(VERDICTS, position=_end(verdicts))
    return len(verdicts)


def _end(verdicts: Sequence[LateVerdict]) -> int:
    return verdicts[-1].position


def _rows_of(mails: Iterable[str], *, now: datetime) -> Iterable[Row]:
    wanted = tuple(mails)
    if not wanted:
        return ()
    only = Condition("NetworkMessageId", Operator.EQUAL_ANY, wanted)
    return lake.all_rows(Query(TABLE, now - BACK, now + timedelta(days=1), (only,)), limit=20_000)


def _told(rows: Iterable[Row], harmful: dict[str, str] | None = None) -> list[Told]:
    """The URLs of harmful mails; `harmful` names the mails and their threats where the rows do not know yet."""
    found: dict[tuple[str, str], Told] = {}
    for row in rows:
        mail, url = row["NetworkMessageId"], row["Url"] or ""
        threat = harmful.get(mail, "") if harmful is not None else _threat(row["ThreatTypes"])
        if threat and url and row["UrlLocation"] != "Header":
            found[mail, url] = Told(url, (row["UrlDomain"] or "").lower(), mail, threat)
    return list(found.values())


def _threat(said: object) -> str:
    words = said if isinstance(said, str) else " ".join(map(str, said)) if isinstance(said, Iterable) else ""
    return next((threat for threat in HARMFUL if threat in words), "")


def _known_bad(told: Sequence[Told], *, now: datetime) -> list[KnownBad]:
    if not told:
        return []
    prints = lake.fingerprints_of({one.mail for one in told})
    urls, hosts = _harmless({one.host for one in told}, {one.mail for one in told}, now=now)
    own = tenant_facts().own_domains
    found: dict[tuple[str, str], KnownBad] = {}
    for one in told:
        keys = [f"mail:{prints[one.mail]}"] if one.mail in prints else []
        parts = take_apart(one.url)
        if parts and own.isdisjoint(domains_above(parts.host)):
            keys += [key] if (key := url_key(one.url, parts)) not in urls else []
            keys += [f"host:{parts.host}"] if parts.host not in hosts else []
        for key in keys:
            found[key, one.mail] = KnownBad(key=key, mail=one.mail, threat=one.threat, at=now)
    return list(found.values())


def _harmless(hosts: Iterable[str], but: set[str], *, now: datetime) -> tuple[set[str], set[str]]:
    """Keys of URLs, and hosts, to which harmless mail leads. Hosts beyond the limit count as harmless."""
    wanted = sorted(filter(None, hosts))
    urls: set[str] = set()
    seen = set(wanted[MOST_HOSTS:])
    if not wanted:
        return urls, seen
    only = Condition("UrlDomain", Operator.EQUAL_ANY, tuple(wanted[:MOST_HOSTS]))
    for row in lake.all_rows(Query(TABLE, now - BACK, now + timedelta(days=1), (only,)), limit=50_000):
        if _threat(row["ThreatTypes"]) or row["NetworkMessageId"] in but or row["UrlLocation"] == "Header":
            continue
        seen.add((row["UrlDomain"] or "").lower())
        if parts := take_apart(row["Url"] or ""):
            urls.add(url_key(row["Url"], parts))
    return urls, seen


def _store(keys: Sequence[KnownBad]) -> None:
    KnownBad.objects.bulk_create(keys, ignore_conflicts=True, batch_size=500)


def forget(*, now: datetime) -> int:
    """Drop what was learned 90 days ago."""
    gone, _ = KnownBad.objects.filter(at__lt=now - KEPT).delete()
    return gone
