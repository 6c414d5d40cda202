"""Mails in a fresh lake, as ingest would leave them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.ids import uuid7
from watchfloor.lake.models import Campaign
from watchfloor.lake.services import append

Mail = Callable[..., str]


@pytest.fixture
def mail(db) -> Mail:
    """Puts one mail into the lake and gives its NetworkMessageId: `urls` and `files` (name, SHA-256) besides columns by name."""
    count = 0

    def put(
        *,
        to: tuple[str, ...] = ("ann@corp.example",),
        age: timedelta = timedelta(hours=1),
        urls: tuple[str, ...] = (),
        files: tuple[tuple[str, str], ...] = (),
        **columns: Any,
    ) -> str:
        nonlocal count
        count += 1
        at = utc_now() - age
        key = str(uuid7(at=at))
        sender = columns.pop("SenderFromAddress", "mallory@evil.example")
        common = {
            "Timestamp": at,
            "NetworkMessageId": key,
            "SenderFromAddress": sender,
            "SenderFromDomain": sender.rpartition("@")[2],
            "DeliveryAction": columns.pop("DeliveryAction", "Delivered"),
            "DeliveryLocation": columns.pop("DeliveryLocation", "Inbox/folder"),
            "ThreatTypes": columns.pop("ThreatTypes", []),
            "Subject": columns.pop("Subject", f"Mail {count}"),
        }
        columns.setdefault("LatestDeliveryLocation", common["DeliveryLocation"])
        own = {"AttachmentCount": len(files), "UrlCount": len(urls), "EmailDirection": "Inbound", **columns}
        append("EmailEvents", [{**common, **own, "RecipientEmailAddress": one} for one in to])
        append(
            "EmailUrlInfo",
            [
                {
                    **common,
                    "RecipientEmailAddress": one,
                    "Url": url,
                    "UrlDomain": url.split("/")[2],
                    "UrlLocation": "Body",
                }
                for url in urls
                for one in to
            ],
        )
        common.pop("ThreatTypes")
        append(
            "EmailAttachmentInfo",
            [
                {**common, "RecipientEmailAddress": one, "FileName": name, "SHA256": sha256, "FileSize": 10}
                for name, sha256 in files
                for one in to
            ],
        )
        return key

    return put


@pytest.fixture
def attack(mail: Mail) -> Callable[..., list[str]]:
    """Puts a campaign into the lake as judging leaves it: its mails, and what it is taken for. Gives their NetworkMessageIds."""

    def put(
        cluster: int,
        *,
        threat: str = "Phish",
        to: tuple[str, ...] = ("ann@corp.example", "bob@corp.example", "cid@corp.example"),
        brand: str = "",
        family: str = "",
        subject: str = "Your password ends",
        age: timedelta = timedelta(hours=2),
        **columns: Any,
    ) -> list[str]:
        shared = {"EmailClusterId": cluster, "ImpersonatedDomain": brand, "ThreatNames": [family] if family else []}
        found = [
            mail(to=(one,), age=age, Subject=subject, ThreatTypes=[threat] if threat else [], **{**shared, **columns})
            for one in to
        ]
        at = utc_now() - age
        counts = {threat.lower(): len(to)} if threat else {}
        Campaign.objects.create(
            pk=cluster,
            first_at=at - timedelta(minutes=1),
            last_at=at + timedelta(minutes=1),
            last_seen=at.date(),
            mails=len(to),
            threat=threat,
            judged_by="members" if threat else "",
            judged_at=at if threat else None,
            words=f"{len(to)} of its {len(to)} mails were judged {threat} or worse" if threat else "",
            **counts,
        )
        return found

    return put
