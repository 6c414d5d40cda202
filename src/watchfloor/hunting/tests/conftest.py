"""Mails in a fresh lake, as ingest would leave them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.ids import uuid7
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
