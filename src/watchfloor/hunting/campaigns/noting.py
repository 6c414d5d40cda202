"""Keeping the list of campaigns: what the lake found to be phish or malware is noted here with a name that people can say."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from watchfloor.hunting.models import KnownCampaign
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import CampaignOfMail, Condition, Measure, Operator, Query

MAIL = "EmailEvents"
CLUSTER = "EmailClusterId"
LATE = timedelta(seconds=1)
AT_ONCE = 200
"""Campaigns described in one question; a flood of new ones takes several turns."""
DESCRIBED = (
    Measure("subject", "newest", "Subject"),
    Measure("family", "last", "ThreatNames"),
    Measure("brand", "last", "ImpersonatedDomain"),
    Measure("person", "last", "ImpersonatedUser"),
    Measure("intent", "last", "ThreatClassification"),
)


def note_campaigns(*, now: datetime) -> int:
    """Bring the list up to date; returns how many campaigns are new or changed."""
    found = {one.ids[0]: one for one in lake.judged_campaigns()}
    known = KnownCampaign.objects.in_bulk()
    _forget(known, found)
    changed = [one for one in found.values() if _differs(known.get(one.ids[0]), one)][:AT_ONCE]
    if not changed:
        return 0
    fresh = [one for one in changed if one.ids[0] not in known or one.mails >= 2 * known[one.ids[0]].described]
    said = _described(fresh)
    for one in changed:
        row = known.get(one.ids[0]) or KnownCampaign(pk=one.ids[0])
        _write(row, one, said.get(one.ids[0]))
        row.save()
    return len(changed)


def _differs(row: KnownCampaign | None, one: CampaignOfMail) -> bool:
    return row is None or _state(row) != (list(one.ids), one.mails, one.last_at, one.first_at, one.threat, one.words)


def _state(row: KnownCampaign) -> tuple[Any, ...]:
    return row.ids, row.mails, row.last_at, row.first_at, row.threat, row.words


def _forget(known: Mapping[int, KnownCampaign], found: Mapping[int, CampaignOfMail]) -> None:
    """Drop those that turned out harmless or another campaign; those the lake no longer remembers stay."""
    missing = [pk for pk in known if pk not in found]
    gone = [pk for pk, threat in lake.standing_of(missing).items() if not threat or threat == "Spam"] if missing else []
    if gone:
        KnownCampaign.objects.filter(pk__in=gone).delete()


def mails_of(ids: Sequence[int], start: datetime, end: datetime) -> Query:
    """All mails of these campaigns in [start, end)."""
    return Query(MAIL, start, end, required=(Condition(CLUSTER, Operator.EQUAL_ANY, tuple(map(str, ids))),))


def _described(campaigns: Sequence[CampaignOfMail]) -> dict[int, Mapping[str, Any]]:
    """Subject and what subtypes are made of, by campaign: one question."""
    if not campaigns:
        return {}
    ids = [name for one in campaigns for name in one.ids]
    start = min(one.first_at for one in campaigns)
    end = max(one.last_at for one in campaigns) + LATE
    same = {name: one.ids[0] for one in campaigns for name in one.ids[1:]}
    rows = lake.summed(mails_of(ids, start, end), by=(CLUSTER,), measures=DESCRIBED, same=same)
    return {row[CLUSTER]: row for row in rows}


def _write(row: KnownCampaign, one: CampaignOfMail, said: Mapping[str, Any] | None) -> None:
    row.ids, row.mails, row.threat, row.words = list(one.ids), one.mails, one.threat, one.words
    row.first_at, row.last_at, row.judged_by = one.first_at, one.last_at, one.judged_by
    if said is not None:
        row.subject = str(said["subject"] or "")
        row.subtype = subtype_of(one.threat, said)
        row.described = one.mails
    row.name = name_of(row)


def subtype_of(threat: str, said: Mapping[str, Any]) -> str:
    """The malware family, or the brand or person a phish pretends to be, else what it wants; "" when nothing tells."""
    first = "family" if threat == "Malware" else "brand"
    for key in (first, "brand", "person", "family", "intent"):
        text = str(said[key] or "").split(", ")[0].replace("%2c", ",").replace("%25", "%")
        if text and text != "None":
            return text[:200]
    return ""


def name_of(row: KnownCampaign) -> str:
    """“Phish · microsoft.com · 3f9a2c”: the last part, from the campaign's id, stays when the others become known better."""
    mark = f"{row.pk & 0xFFFFFF:06x}"
    return " · ".join(part for part in (row.threat, row.subtype, mark) if part)[:200]
