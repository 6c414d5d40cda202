"""Which campaign each mail of a batch belongs to, and what is remembered of it.

Judging looks only; the register, inside the ingest transaction, names and remembers. However many mails a batch has, it is
three reads and a handful of writes; a campaign keeps at most sixteen representatives, however many mails it has.
"""

import struct
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from watchfloor.inspection.contracts import Evidence, Inspection, TenantFacts
from watchfloor.inspection.services import NUMBERS, Groups, Placement, Representative, file_keys, keys_of
from watchfloor.lake.campaign_verdicts import RANKS, counts_as, evidence_of, reconsider, taken_for
from watchfloor.lake.findings import Read
from watchfloor.lake.models import (
    Campaign,
    CampaignBand,
    CampaignMember,
    CampaignRepresentative,
    Email,
)
from watchfloor.lake.standing import author_of, bad_authors, known

WINDOW = timedelta(days=90)
_FORGOTTEN_AT_ONCE = 2_000
_ASKED_AT_ONCE = 5_000
GROW = """
UPDATE lake_campaign SET
    mails = mails + %s, spam = spam + %s, phish = phish + %s, malware = malware + %s, representatives = representatives + %s,
    first_at = CASE WHEN first_at < %s THEN first_at ELSE %s END, last_at = CASE WHEN last_at > %s THEN last_at ELSE %s END,
    last_seen = %s
WHERE id = %s
"""
"""Adds to what stands there, since people's verdicts change the same row; a model update each would double the cost of storing."""


@dataclass(frozen=True, slots=True)
class _Noted:
    """One new email of the batch."""

    email: Email
    inspection: Inspection
    placement: Placement


class Placing:
    """The campaigns that a batch of mails may belong to, read once."""

    def __init__(self, inspections: Sequence[Inspection]) -> None:
        self._seen_on: dict[int, date] = {}
        self._placed: dict[str, Placement] = {}
        self._noted: list[_Noted] = []
        self.mails = frozenset(one.fingerprint for one in inspections)
        self.names: set[int] = set()
        self._groups = self._load(inspections)

    def _load(self, inspections: Iterable[Inspection]) -> Groups:
        groups = Groups()
        signatures = {one.signature for one in inspections}
        keys = {key for signature in signatures for key in keys_of(signature)}
        keys.update(key for one in inspections for key in file_keys(one.attachments))
        bands = _bands(keys)
        if not bands:
            return groups
        known: dict[int, Representative] = {}
        wanted = sorted({representative for _, representative in bands})
        for pk, campaign, joined_to, signature, seen in _representatives(wanted):
            known[pk] = Representative(joined_to or campaign, bytes(signature), (), pk)
            self._seen_on[pk] = seen
        for key, pk in bands:
            if pk in known:
                groups.know(known[pk], key)
        self.names = {one.campaign for one in known.values()}
        for name, standing, by in Campaign.objects.filter(pk__in=self.names).values_list(
            "id", "representatives", "judged_by"
        ):
            groups.counts[name] = standing
            if by == "person":
                groups.settled.add(name)
        return groups

    def find(self, inspection: Inspection) -> Placement:
        """Where a mail would belong; nothing is remembered."""
        return self._groups.find(inspection.signature, file_keys(inspection.attachments))

    def keys_to(self, names: Container[int]) -> frozenset[int]:
        """The keys that lead to these campaigns."""
        leading = self._groups.of_key.items()
        return frozenset(key for key, known in leading if any(one.campaign in names for one in known))

    def named(self, inspection: Inspection) -> Inspection:
        """The mail with the name of its campaign."""
        placed = self._placed.get(inspection.fingerprint)
        if placed is None:
            placed = self._groups.place(inspection.signature, file_keys(inspection.attachments))
            self._placed[inspection.fingerprint] = placed
        return replace(inspection, cluster_id=placed.campaign)

    def note(self, email: Email, inspection: Inspection) -> None:
        """Remember with `store` that this new email is a member of the campaign it was named after."""
        placed = self._placed[inspection.fingerprint]
        if placed.campaign:
            self._noted.append(_Noted(email, inspection, placed))

    def store(self, *, today: date) -> None:
        """Write what is new: campaigns, representatives with their bands, members, counts, joins; then judge anew."""
        if not self._noted and not self._groups.added:
            return
        self._store_campaigns(today)
        self._store_representatives(today)
        self._store_members(today)
        self._touch(today)
        for old, new in self._groups.renamed.items():
            _join(old, new)
        reconsider({self._groups.renamed.get(one.placement.campaign, one.placement.campaign) for one in self._noted})

    def _store_campaigns(self, today: date) -> None:
        """New ones are created with their first counts, known ones grow."""
        mails: dict[int, list[_Noted]] = {}
        for one in self._noted:
            mails.setdefault(one.placement.campaign, []).append(one)
        standing = Counter(one.campaign for one in self._groups.added)
        known = set(Campaign.objects.filter(pk__in=mails).values_list("pk", flat=True))
        fresh, grown = [], []
        for name, noted in mails.items():
            counts = _counts(noted) | {"representatives": standing[name]}
            first, last = min(one.email.received_at for one in noted), max(one.email.last_at for one in noted)
            if name in known:
                grown.append(_growth(name, counts, first, last, today))
            else:
                fresh.append(Campaign(pk=name, first_at=first, last_at=last, last_seen=today, **counts))
        Campaign.objects.bulk_create(fresh)
        if grown:
            with connection.cursor() as cursor:
                cursor.executemany(GROW, grown)

    def _store_representatives(self, today: date) -> None:
        added = self._groups.added
        rows = CampaignRepresentative.objects.bulk_create(
            CampaignRepresentative(
                campaign_id=one.campaign, signature=one.signature, keys=packed(one.keys), last_seen=today
            )
            for one in added
        )
        for one, row in zip(added, rows, strict=True):
            one.id = row.pk
        pairs = [(key, one.id) for one in added for key in one.keys]
        if pairs:
            with connection.cursor() as cursor:
                # Sixteen rows a mail: a model object for each would cost more than the rest of the mail's storing.
                cursor.executemany("INSERT INTO lake_campaignband (key, representative) VALUES (%s, %s)", pairs)

    def _store_members(self, today: date) -> None:
        CampaignMember.objects.bulk_create(
            CampaignMember(
                network_message_id=one.email.pk,
                campaign=one.placement.campaign,
                representative=one.placement.nearest.id if one.placement.nearest else 0,
                signature=b"" if _said_already(one) else one.inspection.signature[:NUMBERS],
                at=one.email.received_at,
                noted_on=today,
                threat=taken_for(one.inspection.verdict),
                counted=counts_as(one.inspection.verdict),
                allowed=bool(one.inspection.verdict.allowed),
            )
            for one in self._noted
        )

    def _touch(self, today: date) -> None:
        """A representative that is still met is kept."""
        met = {one.placement.nearest.id for one in self._noted if one.placement.nearest}
        stale = {pk for pk in met if self._seen_on.get(pk, today) < today}
        if stale:
            CampaignRepresentative.objects.filter(pk__in=stale).update(last_seen=today)


def _bands(keys: Iterable[int]) -> list[tuple[int, int]]:
    """(key, representative) of what is known under these keys."""
    listed = ",".join(map(str, keys))
    if not listed:
        return []
    with connection.cursor() as cursor:
        # Thousands of whole numbers of our own making: bound one by one they would cost more than the search.
        cursor.execute(f"SELECT key, representative FROM lake_campaignband WHERE key IN ({listed})")  # noqa: S608
        return list(cursor.fetchall())


def _representatives(ids: Sequence[int]) -> Iterator[tuple[int, int, int | None, bytes | memoryview, date]]:
    """(id, campaign, what that joined, signature, last seen), in questions of bounded size."""
    for start in range(0, len(ids), _ASKED_AT_ONCE):
        yield from CampaignRepresentative.objects.filter(pk__in=ids[start : start + _ASKED_AT_ONCE]).values_list(
            "id", "campaign_id", "campaign__joined_to", "signature", "last_seen"
        )


def _counts(noted: Sequence[_Noted]) -> dict[str, int]:
    kinds = Counter(counts_as(one.inspection.verdict) for one in noted)
    return {"mails": len(noted), "spam": kinds["Spam"], "phish": kinds["Phish"], "malware": kinds["Malware"]}


def _growth(name: int, counts: Mapping[str, int], first: datetime, last: datetime, today: date) -> tuple[Any, ...]:
    """The parameters of GROW for one campaign."""
    adapt = connection.ops.adapt_datetimefield_value
    began, ended = adapt(first), adapt(last)
    return (*counts.values(), began, began, ended, ended, connection.ops.adapt_datefield_value(today), name)


def _said_already(one: _Noted) -> bool:
    return one.placement.nearest is not None and one.placement.nearest.signature == one.inspection.signature


def _join(old: int, new: int) -> None:
    """Let `old` be an alias of `new`, with its counts and what it was judged; what was written under its name stays."""
    both = Campaign.objects.select_for_update().order_by("pk").in_bulk([old, new])
    gone, kept = both[old], both[new]
    for field in ("mails", "spam", "phish", "malware", "representatives"):
        setattr(kept, field, getattr(kept, field) + getattr(gone, field))
    kept.first_at, kept.last_at = min(kept.first_at, gone.first_at), max(kept.last_at, gone.last_at)
    if gone.judged_by and not kept.judged_by:
        for field in ("threat", "confidence", "judged_by", "judged_at", "words"):
            setattr(kept, field, getattr(gone, field))
    kept.to_spread = bool(kept.threat)
    kept.save()
    Campaign.objects.filter(joined_to=old).update(joined_to=new)
    Campaign.objects.filter(pk=old).update(joined_to=new, to_spread=False)


_just_read: list[Placing] = []


def placing_of(inspections: Sequence[Inspection]) -> Placing:
    """What judging read for these very mails a moment ago, else read now: one search of the index a batch, not two."""
    while _just_read:
        read = _just_read.pop()
        if read.mails.issuperset(one.fingerprint for one in inspections if one.signature or one.attachments):
            return read
    return Placing(inspections)


def campaign_evidence(mails: Sequence[Read], *, facts: TenantFacts) -> list[list[Evidence]]:
    """For each mail what its campaign says about it, at most one piece; a source of `lake.judging`."""
    placing = Placing([inspection for _, inspection in mails])
    _just_read[:] = [placing]
    judged = Campaign.objects.exclude(threat="").in_bulk(placing.names) if placing.names else {}
    if not judged:
        return [[] for _ in mails]
    keys = placing.keys_to(judged)
    placed = [placing.find(one) if not keys.isdisjoint(_keys(one)) else Placement() for _, one in mails]
    meeting = {author_of(one) for (_, one), place in zip(mails, placed, strict=True) if _met(place, judged)}
    trusted = known(meeting)
    spared = trusted - bad_authors(judged) if trusted else trusted
    return [
        [] if author_of(one) in spared else _evidence(place, judged)
        for (_, one), place in zip(mails, placed, strict=True)
    ]


def _keys(inspection: Inspection) -> tuple[int, ...]:
    return (*keys_of(inspection.signature), *file_keys(inspection.attachments))


def _met(placed: Placement, judged: Mapping[int, Campaign]) -> list[Campaign]:
    return [judged[name] for name in (placed.campaign, *placed.joins) if name in judged]


def _evidence(placed: Placement, judged: Mapping[int, Campaign]) -> list[Evidence]:
    met = _met(placed, judged)
    worst = max(met, key=lambda campaign: RANKS[campaign.threat], default=None)
    found = evidence_of(worst, likeness=placed.likeness) if worst else None
    return [found] if found else []


def packed(keys: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(keys)}q", *keys)


def unpacked(keys: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(keys) // 8}q", keys)


def forget(*, today: date) -> int:
    """Drop what was not met for ninety days, a bounded number at a time. Returns how many representatives went."""
    before = today - WINDOW
    old = list(
        CampaignRepresentative.objects.filter(last_seen__lt=before).values_list("id", "keys")[:_FORGOTTEN_AT_ONCE]
    )
    for pk, keys in old:
        CampaignBand.objects.filter(key__in=unpacked(bytes(keys)), representative=pk).delete()
    CampaignRepresentative.objects.filter(pk__in=[pk for pk, _ in old]).delete()
    members = CampaignMember.objects.filter(noted_on__lt=before).values_list("pk", flat=True)[:_FORGOTTEN_AT_ONCE]
    CampaignMember.objects.filter(pk__in=list(members)).delete()
    if not old:
        kept = Campaign.objects.filter(joined_to=None, last_seen__gte=before)
        gone = Campaign.objects.filter(last_seen__lt=before).exclude(joined_to__in=kept.values("pk"))
        Campaign.objects.filter(pk__in=list(gone.values_list("pk", flat=True)[:_FORGOTTEN_AT_ONCE])).delete()
    return len(old)
