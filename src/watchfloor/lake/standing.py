"""Whose mail a campaign's verdict does not reach: strangers copy the text of honest senders and attach their files.

Our own people, and senders who prove who they are and wrote here harmlessly before, answer for their own mail only: a campaign
speaks against such a sender once a mail of the same sender, proved as well, was found bad in it.
"""

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from watchfloor.inspection.contracts import Inspection
from watchfloor.lake.history import KNOWN_TIMES, times_met
from watchfloor.lake.models import Campaign, CampaignMember, Email

_MOST_BAD = 200
"""Members found bad whose senders are looked at, the newest first."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who a mail is from, in lower case. `ours` are our own people; `proved` says that nobody else can have written it."""

    address: str
    ours: bool
    proved: bool


def author_of(inspection: Inspection) -> Author:
    return _author(inspection.sender_address, inspection.direction, inspection.authentication.composite)


def authors_of(network_message_ids: Iterable[str]) -> dict[str, Author]:
    """The authors of stored emails, by id."""
    found = Email.objects.filter(pk__in=list(network_message_ids)).values_list("pk", "summary")
    return {pk: _stored(json.loads(zlib.decompress(summary))) for pk, summary in found}


def known(authors: Iterable[Author]) -> frozenset[Author]:
    """Those who are our own people, or proved and met often enough; one question."""
    wanted = {one for one in authors if one.ours or one.proved}
    met = times_met({one.address for one in wanted if not one.ours})
    return frozenset(one for one in wanted if one.ours or met.get(one.address, 0) >= KNOWN_TIMES)


def bad_authors(campaigns: Iterable[int]) -> frozenset[Author]:
    """Whose mail was itself found bad in these campaigns and what they joined, where the author is beyond doubt."""
    roots = set(campaigns)
    names = roots.union(Campaign.objects.filter(joined_to__in=roots).values_list("pk", flat=True)) if roots else roots
    members = CampaignMember.objects.filter(campaign__in=names).exclude(counted="").order_by("-at")
    authors = authors_of(members.values_list("pk", flat=True)[:_MOST_BAD])
    return frozenset(one for one in authors.values() if one.ours or one.proved)


def _stored(summary: Mapping[str, Any]) -> Author:
    proof = summary.get("authentication") or {}
    return _author(
        str(summary.get("sender_address") or ""), str(summary.get("direction") or ""), str(proof.get("composite") or "")
    )


def _author(address: str, direction: str, composite: str) -> Author:
    return Author(address.lower()[:320], direction in ("Outbound", "Intra-org"), composite == "pass")
